import Compression
import DeliveryCore
import HTTPAPI
import TencentIM
import TestSupport
import Testing

/// What a stream came to: the accounts in their order, and the numbers of bad lines.
private struct Outcome: Equatable {
    var accounts: [String]
    var invalid: [Int: String]
}

/// Reads a stream in pieces that end at these places.
private func read(
    _ bytes: [UInt8],
    cutAt cuts: [Int] = [],
    as form: AccountLines.Form = .text
) -> Outcome {
    read(bytes, cutAt: cuts, with: AccountLines(form: form, rules: UserIDs()))
}

private func read(
    _ bytes: [UInt8],
    cutAt cuts: [Int] = [],
    with reader: some AccountReader
) -> Outcome {
    var lines = reader
    var from = 0
    for cut in cuts.sorted() + [bytes.count] where cut >= from {
        unsafe bytes[from..<cut].withUnsafeBytes { unsafe lines.read($0) }
        from = cut
    }
    lines.finish()
    let run = lines.run
    return Outcome(
        accounts: run.map(\.text),
        invalid: Dictionary(
            uniqueKeysWithValues: lines.invalid.examples.map { ($0.line, $0.reason) }
        )
    )
}

@Suite struct `Account lines` {
    @Test(arguments: [
        ("a\nb\n", ["a", "b"]), ("a\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]),
        ("\u{FEFF}a\nb", ["a", "b"]), ("\n\n a \n\r\n", [" a "]), ("", []), ("\u{FEFF}", []),
        ("天\n", ["天"]), ("a\r", ["a"]), ("\u{FEFF}\r\na", ["a"]),
    ])
    func `are cut and nothing else is trimmed`(text: String, accounts: [String]) {
        #expect(read(Array(text.utf8)) == Outcome(accounts: accounts, invalid: [:]))
    }

    @Test func `that are no accounts are counted with their numbers and reasons`() {
        let text = "ok\n\u{1}\n" + String(repeating: "x", count: 33) + "\na\r\r\nb\u{FEFF}\n"
        var bytes = Array(text.utf8)
        bytes += [0xFF, 0x0A]
        let outcome = read(bytes)
        #expect(outcome.accounts == ["ok", "b\u{FEFF}"])
        #expect(outcome.invalid.keys.sorted() == [2, 3, 4, 6])
        #expect(outcome.invalid[3] == "an account has at most 32 bytes, this one has 33")
        #expect(outcome.invalid[6] == "an account is UTF-8 text, these bytes are not")
    }

    @Test func `hold any printable character at any place, and no control character`() {
        for (byte, place) in (UInt8.min...UInt8.max).flatMap({ byte in (0..<19).map { (byte, $0) } }
        ) {
            var line = [UInt8](repeating: 0x61, count: 19)
            line[place] = byte
            // Its end cuts a line in two or is left out.
            guard byte != 0x0A, !(byte == 0x0D && place == 18) else { continue }
            let isPrintable = (0x20..<0x7F).contains(byte)
            let outcome = read(line + [0x0A])
            #expect(outcome.accounts.count == (isPrintable ? 1 : 0), "\(byte) at \(place)")
        }
    }

    @Test func `of any length cost no memory and end where they end`() {
        var lines = AccountLines(form: .text, rules: UserIDs())
        let piece = [UInt8](repeating: 0x78, count: 65_536)
        for _ in 0..<256 { unsafe piece.withUnsafeBytes { unsafe lines.read($0) } }
        let end = Array("\nnext\n".utf8)
        unsafe end.withUnsafeBytes { unsafe lines.read($0) }
        lines.finish()
        #expect(lines.invalid.count == 1)
        #expect(lines.invalid.examples.first?.reason.hasSuffix("has 16777216") == true)
        #expect(lines.run.count == 1)
    }

    @Test func `keep ten examples and count all`() {
        var lines = AccountLines(form: .text, rules: UserIDs())
        let bytes = Array(String(repeating: "\u{1}\n", count: 25).utf8)
        unsafe bytes.withUnsafeBytes { unsafe lines.read($0) }
        #expect(lines.invalid.count == 25)
        #expect(lines.invalid.examples.map(\.line) == Array(1...10))
    }

    @Test(arguments: [
        (#""a""#, "a"), (#"{"account":"b"}"#, "b"), (#" {"status":"sent","account":"c"} "#, "c"),
        (#""\u5929\"""#, "天\""), (#""天""#, "天"), (#""""#, nil), ("1", nil), (#"{"x":"a"}"#, nil),
        ("[\"a\"]", nil), ("\"a", nil), (#""a" "b""#, nil), (#"{"account":1}"#, nil),
        (#""a\n""#, nil), ("\"a\u{1}\"", nil), ("nonsense", nil),
    ])
    func `of JSON are strings or objects with an account`(line: String, account: String?) {
        let outcome = read(Array(line.utf8), as: .ndjson)
        #expect(outcome.accounts == (account.map { [$0] } ?? []))
        #expect(outcome.invalid.count == (account == nil ? 1 : 0))
    }

    @Test(arguments: 0..<60)
    func `are the same however the stream is cut`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed) &* 7_919)
        let parts: [[UInt8]] = [
            Array("account".utf8), Array("\n".utf8), Array("\r\n".utf8), [0xEF, 0xBB, 0xBF],
            Array("天地".utf8), [0xFF], [0x0D], Array("\"x\"".utf8), Array("\\".utf8),
            Array(String(repeating: "y", count: 40).utf8), Array("{\"account\":\"z\"}\n".utf8),
            Array(String(repeating: "w", count: 5_000).utf8), Array("\n".utf8), [0x0A],
        ]
        let bytes = (0..<40).flatMap { _ in parts[Int.random(in: parts.indices, using: &random)] }
        let form: AccountLines.Form = seed.isMultiple(of: 2) ? .text : .ndjson
        let whole = read(bytes, as: form)
        for _ in 0..<10 {
            let count = Int.random(in: 1...20, using: &random)
            let cuts = (0..<count).map { _ in Int.random(in: 0...bytes.count, using: &random) }
            #expect(read(bytes, cutAt: cuts, as: form) == whole)
        }
        let start = Array(bytes.prefix(600))
        #expect(read(start, cutAt: Array(start.indices), as: form) == read(start, as: form))
    }
}

@Suite struct `Account tables` {
    @Test(arguments: [
        ("a,1\nb,2\n", ["a", "b"]), ("a\r\nb", ["a", "b"]), ("name,account\nx,a\ny,b", ["a", "b"]),
        ("\u{FEFF}account,name\r\na,x\r\n", ["a"]), ("\u{FEFF}\"name\",\"account\"\nx,a", ["a"]),
        ("Account\na", ["Account", "a"]), ("account \na", ["account ", "a"]),
        ("\n\r\nname,account\n\nx,a\n\n", ["a"]), ("a\naccount\n", ["a", "account"]),
        ("\"a,b\"\n\"c\"\"d\",x\n", ["a,b", "c\"d"]), ("a\"b\n", ["a\"b"]), (" a ,x\n", [" a "]),
        ("note,account\n\"two\nlines\",a\n,b\n", ["a", "b"]), ("", []), ("account\n", []),
        ("\u{FEFF}", []), ("account,account\na,b\n", ["a"]), ("\"a\"\r\nb\r", ["a", "b"]),
    ])
    func `name accounts in one column`(text: String, accounts: [String]) {
        #expect(
            read(Array(text.utf8), with: AccountTable(rules: UserIDs()))
                == Outcome(accounts: accounts, invalid: [:])
        )
    }

    @Test func `say which rows name none, by the line on which they begin`() {
        let text = """
            note,account
            "one
            two",\(String(repeating: "x", count: 33))
            short
            ok,a
            "x"y,b
            ,
            "",c
            x,"a
            b"
            x,d\r\rz
            "open,e
            f
            """
        let outcome = read(Array(text.utf8), with: AccountTable(rules: UserIDs()))
        #expect(outcome.accounts == ["a", "c"])
        #expect(
            outcome.invalid == [
                2: "an account has at most 32 bytes, this one has 33",
                4: "the row has no column 2",
                6: "text follows a closing quote; inside quotes they are doubled",
                7: "an account has 1 to 32 bytes, this one is empty",
                9: "an account holds no control characters",
                11: "an account holds no control characters",
                12: "a quote opens in this row and never closes",
            ]
        )
    }

    @Test func `keep their header behind a row that can't be read`() {
        let outcome = read(
            Array("\"x\"y\nname,account\nx,a\n".utf8),
            with: AccountTable(rules: UserIDs())
        )
        #expect(outcome.accounts == ["a"])
        #expect(outcome.invalid.keys.sorted() == [1])
    }

    @Test(arguments: 0..<40)
    func `are the same however the stream is cut`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed) &* 104_729)
        let parts: [[UInt8]] = [
            Array("account".utf8), [0x0A], [0x0D, 0x0A], [0x0D], [0xEF, 0xBB, 0xBF], [0xEF], [0x2C],
            [0x22], [0x22, 0x22], Array("天".utf8), Array("x,y\n".utf8), Array("\"q\",".utf8),
            Array(String(repeating: "w", count: 31).utf8),
        ]
        let bytes = (0..<60).flatMap { _ in parts[Int.random(in: parts.indices, using: &random)] }
        let whole = read(bytes, with: AccountTable(rules: UserIDs()))
        for _ in 0..<10 {
            let cuts = (0..<9).map { _ in Int.random(in: 0...bytes.count, using: &random) }
            #expect(read(bytes, cutAt: cuts, with: AccountTable(rules: UserIDs())) == whole)
        }
        #expect(
            read(bytes, cutAt: Array(bytes.indices), with: AccountTable(rules: UserIDs())) == whole
        )
    }
}

@Suite struct `Gzip inflation` {
    /// Inflates pieces of this size, and answers the longest output at once, too.
    private func inflate(
        _ bytes: [UInt8],
        pieces: Int = 1_000
    ) throws -> (bytes: [UInt8], longest: Int) {
        let inflation = try GzipInflation(pieceSize: 4_096)
        var output: [UInt8] = []
        var longest = 0
        var position = 0
        while position < bytes.count {
            let piece = bytes[position..<min(bytes.count, position + pieces)]
            inflation.feed(piece)
            position += piece.count
            while try unsafe inflation.next({
                unsafe output.append(contentsOf: $0)
                longest = max(longest, $0.count)
            }) {}
        }
        try inflation.finish()
        return (output, longest)
    }

    private let text = Array(String(repeating: "account-17\n", count: 20_000).utf8)

    @Test(arguments: [1, 7, 1_000, 1_000_000])
    func `reads several members, cut anywhere, a bounded piece at a time`(pieces: Int) throws {
        let members = gzip(text) + gzip([]) + gzip(Array("end\n".utf8))
        let (bytes, longest) = try inflate(members, pieces: pieces)
        #expect(bytes == text + Array("end\n".utf8))
        #expect(longest <= 4_096)
    }

    @Test func `takes nothing at all as an empty stream`() throws {
        #expect(try inflate([]).bytes.isEmpty)
    }

    @Test(arguments: [1, 5, 12, 30])
    func `refuses a member that breaks off`(missing: Int) {
        let whole = gzip(Array("bonnie\nrong\n".utf8))
        #expect(throws: GzipInflation.Fault.self) {
            try inflate(Array(whole.dropLast(min(missing, whole.count - 1))))
        }
    }

    @Test func `refuses what is no gzip, behind a member too`() {
        #expect(throws: GzipInflation.Fault.self) { try inflate(Array("bonnie\n".utf8)) }
        #expect(throws: GzipInflation.Fault.self) {
            try inflate(gzip(text) + Array("garbage".utf8))
        }
    }
}

@Suite struct `Intake budget` {
    @Test func `is one stream's nearly alone and shared by several`() {
        let budget = IntakeBudget(limit: 32 << 20)
        #expect(budget.open())
        #expect(budget.share == 32 << 20)
        #expect(budget.resize(from: 0, to: 30 << 20))
        #expect(budget.open())
        #expect(budget.share == 16 << 20)
        #expect(!budget.resize(from: 0, to: 8 << 20))
        #expect(budget.resize(from: 0, to: IntakeBudget.minimum))
        #expect(budget.resize(from: 30 << 20, to: 1 << 20))
        #expect(budget.resize(from: IntakeBudget.minimum, to: 8 << 20))
        #expect(budget.used == 9 << 20)
    }
}
