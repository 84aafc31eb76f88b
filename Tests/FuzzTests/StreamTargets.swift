import Compression
import DeliveryCore
import HTTPAPI
import JSON
import TencentIM
import TestSupport
import Testing

// Streams of recipients, and what is written so that they can be read again.
extension FuzzTests {
    private static let lines = Mutator(
        [
            "bonnie\nrong\n天\n", "\u{FEFF}a\r\nb\r\n\r\n c \n", "one", "",
            String(repeating: "x", count: 4_095) + "\n" + String(repeating: "y", count: 4_097),
            "a\n" + String(repeating: "z", count: 10_000) + "\nb\n",
        ],
        tokens: ["\n", "\r", "\r\n", "\n\n", "\u{FEFF}"]
    )

    private static let rows = Mutator(
        [
            "\"bonnie\"\n{\"account\":\"rong\"}\n",
            "\u{FEFF}{\"a\":1,\"account\":\"\\u5929\"}\r\n\"x\"",
            "\"a\\\"b\"\n\"\"\n[]\n{}\n\"c\"\n",
            "{\"account\":\"" + String(repeating: "a", count: 5_000),
        ],
        tokens: ["\n", "\r\n", "\"account\"", "{\"account\":\"z\"}\n"]
    )

    private static let tables = Mutator(
        [
            "account,code\r\nbonnie,1\r\n\"ro\"\"ng\",\"2\r\n3\"\r\n", "code,account\n1,a\n2,b\n",
            "\u{FEFF}\"account\"\n\"x,y\"\n", "a,b\n\n\"c\n", "a\"b,\"c\"d\ne\n",
        ],
        tokens: ["\"", "\"\"", ",", "\r\n", "\n", "account", "\"account\"", "\u{FEFF}"]
    )

    /// What reading a stream came to.
    private struct Reading: Equatable {
        var run: AccountRun
        var invalid: InvalidLines

        init(
            _ pieces: [ArraySlice<UInt8>],
            with reader: some AccountReader,
            _ trial: inout Trial
        ) {
            var reader = reader
            for piece in pieces {
                unsafe piece.withUnsafeBytes { unsafe reader.read($0) }
                let held = Self.held(by: reader)
                trial.expect(held <= 4_096, "\(held) bytes are kept of a line")
            }
            reader.finish()
            run = reader.run
            invalid = reader.invalid
        }

        var accounts: [[UInt8]] { run.map(\.bytes) }

        /// The bytes of unfinished input in the reader's own buffers.
        private static func held(by reader: some AccountReader) -> Int {
            let mirror = Mirror(reflecting: reader)
            if let rest = mirror.descendant("rest") as? [UInt8] { return rest.count }
            return (mirror.descendant("field", "bytes") as? [UInt8])?.count ?? .max
        }
    }

    /// Reads whole and in pieces, which must come to the same.
    private static func read(
        _ input: [UInt8],
        with reader: some AccountReader,
        _ trial: inout Trial
    ) -> Reading {
        let whole = Reading([input[...]], with: reader, &trial)
        let pieces = trial.pieces(of: input)
        let cut = Reading(pieces, with: reader, &trial)
        trial.expect(whole == cut, "cut as \(pieces.map(\.count)) it reads differently")
        for index in 0..<whole.run.count {
            trial.expect(
                UserIDs().fault(in: whole.run[index].bytes) == nil,
                "taken for an account: \(escaped(whole.run[index].bytes))"
            )
        }
        return whole
    }

    @Test func `lines are cut as a plain reading cuts them, wherever the pieces end`() async throws
    {
        try await fuzz("lines", inputs: 1_000) { trial in
            let input = Self.lines.input(&trial)
            trial.input = input
            let reading = Self.read(
                input,
                with: AccountLines(form: .text, rules: UserIDs()),
                &trial
            )
            var accounts: [[UInt8]] = []
            var bad = 0
            for line in Self.plainLines(input) where !line.isEmpty {
                if UserIDs().fault(in: line) == nil {
                    accounts.append(Array(line))
                } else {
                    bad += 1
                }
            }
            trial.expect(reading.accounts == accounts, "other accounts")
            trial.expect(reading.invalid.count == bad, "\(bad) bad lines")
        }
    }

    @Test func `NDJSON gives what its lines say, wherever the pieces end`() async throws {
        try await fuzz("NDJSON", inputs: 1_000) { trial in
            let input = Self.rows.input(&trial)
            trial.input = input
            let reading = Self.read(
                input,
                with: AccountLines(form: .ndjson, rules: UserIDs()),
                &trial
            )
            var accounts: [[UInt8]] = []
            var bad = 0
            for line in Self.plainLines(input) where !line.isEmpty {
                let parsed = Foreign.parse(Array(line))
                let text = (parsed as? [String: Any])?["account"] ?? parsed
                let bytes = (text as? String).map { Array($0.utf8) }
                if let bytes, line.count <= 4_096, UserIDs().fault(in: bytes) == nil {
                    accounts.append(bytes)
                } else {
                    bad += 1
                }
            }
            let isOurs = reading.accounts == accounts && reading.invalid.count == bad
            trial.expect(isOurs || Self.isArguable(input), "other accounts: \(accounts)")
        }
    }

    /// Whether Foundation may differ from us in a line: see `Foreign.isLenient`.
    private static func isArguable(_ input: [UInt8]) -> Bool {
        plainLines(input).contains { line in
            let bytes = Array(line)
            if bytes.count >= 4_090 { return true }
            if bytes.indices.contains(where: { bytes[$0...].starts(with: [0xEF, 0xBB, 0xBF]) }) {
                return true
            }
            do throws(JSON.SyntaxError) {
                let json = try JSON(parsing: bytes)
                return Foreign.parse(bytes) == nil && Foreign.isBeyond(json)
            } catch {
                return Foreign.parse(bytes) == nil || Foreign.isLenient(bytes, error)
            }
        }
    }

    /// The lines without a mark at the start and one CR at their ends.
    private static func plainLines(_ input: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines = input.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines[0].starts(with: [0xEF, 0xBB, 0xBF]) { lines[0] = lines[0].dropFirst(3) }
        return lines.map { $0.last == 0x0D ? $0.dropLast() : $0 }
    }

    @Test func `a table reads the same wherever the pieces end`() async throws {
        try await fuzz("CSV", inputs: 1_000) { trial in
            let input = Self.tables.input(&trial)
            trial.input = input
            _ = Self.read(input, with: AccountTable(rules: UserIDs()), &trial)
        }
    }

    @Test func `a table's accounts are read whatever surrounds them`() async throws {
        try await fuzz("tables", inputs: 500) { trial in
            let columns = trial.number(1...4)
            let column = trial.number(0...columns - 1)
            let count = trial.number(0...6)
            var table = (0..<count).map { _ in (0..<columns).map { _ in Self.field(&trial) } }
            let accounts = table.map { $0[column] }
            var header = Array(repeating: Array("other".utf8), count: columns)
            header[column] = Array("account".utf8)
            table.insert(header, at: 0)
            let input = Self.written(table, &trial)
            trial.input = input
            let reading = Self.read(input, with: AccountTable(rules: UserIDs()), &trial)
            let good = accounts.filter { UserIDs().fault(in: $0) == nil }
            trial.expect(reading.accounts == good, "other accounts")
            trial.expect(reading.invalid.count == count - good.count, "other bad rows")
            trial.expect(Sheet.parse(input) == table, "an ordinary reader reads something else")
        }
    }

    private static let letters: [[UInt8]] = [
        "a", "b", "\"", ",", " ", "天", "\n", "\r", "\r\n", "'", "account", "\u{FEFF}", "\u{301}",
    ].map { Array($0.utf8) }

    private static func field(_ trial: inout Trial) -> [UInt8] {
        // Not empty: a row of one empty field would be a blank line.
        (0..<trial.number(1...8)).flatMap { _ in trial.pick(letters) }
    }

    /// A table as our own export writes it, or with more quotes and other line ends.
    private static func written(_ table: [[[UInt8]]], _ trial: inout Trial) -> [UInt8] {
        let end: [UInt8] = trial.chance(2) ? [0x0D, 0x0A] : [0x0A]
        var bytes: [UInt8] = []
        for (number, row) in table.enumerated() {
            for (index, field) in row.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                // A mark at the very start is none of the field's, so it stays behind a quote.
                if trial.chance(3) || number == 0 {
                    bytes += [0x22] + field.flatMap { $0 == 0x22 ? [$0, $0] : [$0] } + [0x22]
                } else {
                    appendCSVField(field, to: &bytes)
                }
            }
            bytes += number == table.count - 1 && trial.chance(3) ? [] : end
        }
        return bytes
    }

    @Test func `gzip inflates to the same wherever the pieces end, and damage never passes`()
        async throws
    {
        let texts = ["", "bonnie\nrong\n", String(repeating: "account\n", count: 2_000)]
        let members = texts.map { gzip(Array($0.utf8)) }
        let mutator = Mutator(bytes: members + [members[1] + members[2], members[0] + members[1]])
        try await fuzz("gzip", inputs: 500) { trial in
            let input = mutator.input(&trial)
            trial.input = input
            let size = trial.pick([1, 7, 100, 65_536])
            let whole = inflate([input[...]], pieceSize: size, &trial)
            let pieces = trial.pieces(of: input)
            let cut = inflate(pieces, pieceSize: size, &trial)
            trial.expect(whole == cut, "cut as \(pieces.map(\.count)) it inflates differently")
        }
    }

    @Test func `what is inflated is what was deflated`() async throws {
        try await fuzz("deflated", inputs: 300) { trial in
            let texts = (0..<trial.number(1...4)).map { _ in
                (0..<trial.number(0...50)).flatMap { _ in trial.pick(Self.letters) }
            }
            let input = texts.flatMap(gzip)
            trial.input = input
            let inflated = inflate(
                trial.pieces(of: input),
                pieceSize: trial.number(1...200),
                &trial
            )
            trial.expect(inflated == texts.flatMap { $0 }, "it is something else")
        }
    }
}

/// Inflates pieces; nil if they are no whole gzip stream.
private func inflate(
    _ pieces: [ArraySlice<UInt8>],
    pieceSize: Int,
    _ trial: inout Trial
) -> [UInt8]? {
    var output: [UInt8] = []
    var largest = 0
    do {
        let inflation = try GzipInflation(pieceSize: pieceSize)
        for piece in pieces {
            inflation.feed(piece)
            while unsafe try inflation.next({ bytes in
                largest = max(largest, bytes.count)
                unsafe output.append(contentsOf: bytes)
            }) {}
        }
        try inflation.finish()
    } catch {
        return nil
    }
    trial.expect(largest <= pieceSize, "a piece of \(largest) bytes")
    return output
}

/// A reader of CSV of the tests' own, for well-formed text.
enum Sheet {
    static func parse(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var rows: [[[UInt8]]] = []
        var row: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            var field: [UInt8] = []
            if bytes[position] == 0x22 {
                position += 1
                while position < bytes.count {
                    if bytes[position] == 0x22 {
                        position += 1
                        guard position < bytes.count, bytes[position] == 0x22 else { break }
                    }
                    field.append(bytes[position])
                    position += 1
                }
            } else {
                while position < bytes.count, ![0x2C, 0x0A, 0x0D].contains(bytes[position]) {
                    field.append(bytes[position])
                    position += 1
                }
            }
            row.append(field)
            if position < bytes.count, bytes[position] == 0x2C {
                position += 1
                if position < bytes.count { continue }
                row.append([])
            }
            if position < bytes.count, bytes[position] == 0x0D { position += 1 }
            if position < bytes.count, bytes[position] == 0x0A { position += 1 }
            rows.append(row)
            row = []
        }
        return rows
    }
}
