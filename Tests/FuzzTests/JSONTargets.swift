import DeliveryCore
import Foundation
import JSON
import Testing

/// Every parser of the program against what a seed makes of valid inputs.
///
/// One target after the other: a trap is told by its seed, and only one can be known to be at work.
@Suite(.serialized) struct FuzzTests {}

extension FuzzTests {
    private static let documents = Mutator([
        #"{"a":1,"b":[true,false,null],"c":{"d":"e\n\u00e9\ud83d\ude00"}}"#,
        #"[0,-0,1.5,-2e10,1E+2,123456789012345678901234567890]"#,
        #""天 \"\\\/\b\f\n\r\t""#, " [ { } , [ ] , \"\" ]\n", "12", "null",
        #"{"":"","a":{"a":{"a":[[[[]]]]}}}"#,
    ])

    @Test func `JSON is taken and refused as Foundation does, and means the same`() async throws {
        try await fuzz("JSON", inputs: 6_000) { trial in
            let input =
                trial.chance(2)
                ? Self.documents.document(&trial) : Self.documents.input(&trial)
            trial.input = input
            let foundation = Foreign.parse(input)
            do throws(JSON.SyntaxError) {
                let json = try JSON(parsing: input)
                Self.checkTaken(json, input, &trial)
                if let foundation {
                    trial.expect(
                        Foreign.isSame(json, foundation),
                        "Foundation reads \(foundation)"
                    )
                } else {
                    trial.expect(
                        Foreign.isBeyond(json),
                        "Foundation refuses this"
                    )
                }
            } catch {
                trial.expect(
                    (0...input.count).contains(error.offset),
                    "the fault lies at \(error.offset) of \(input.count)"
                )
                trial.expect(
                    foundation == nil || Foreign.isLenient(input, error),
                    "Foundation takes this, we say \(error)"
                )
            }
        }
    }

    @Test func `a value reads back however it is spelt`() async throws {
        try await fuzz("JSON spelling") { trial in
            let value = Value(&trial, depth: 0)
            var spelt: [UInt8] = []
            value.spell(into: &spelt, &trial)
            trial.input = spelt
            do {
                trial.expect(value == Value(try JSON(parsing: spelt)), "it reads differently")
            } catch {
                trial.expect(false, "it is refused: \(error)")
            }
        }
    }

    private static func checkTaken(_ json: JSON, _ input: [UInt8], _ trial: inout Trial) {
        var text = JSONText()
        write(json, &text)
        do {
            let again = try JSON(parsing: text.bytes)
            trial.expect(Value(again) == Value(json), "written and read again it differs")
            var second = JSONText()
            write(again, &second)
            trial.expect(second.bytes == text.bytes, "it is written differently each time")
        } catch {
            trial.expect(false, "what was written of it is refused: \(error)")
        }
        for part in parts(of: json) {
            do {
                let own = try JSON(parsing: Array(input[part.range]))
                trial.expect(Value(own) == Value(part), "a part's range is another's")
                trial.expect(own.range == 0..<part.range.count, "a part's range is too wide")
            } catch {
                trial.expect(false, "a part's range is no value: \(error)")
            }
        }
    }

    private static func parts(of json: JSON) -> [JSON] {
        let inner = json.elements ?? json.members?.map(\.value) ?? []
        // A few of each level: every part of every part would be parsed once for each level.
        return [json] + inner.prefix(3)
    }

    private static func write(_ json: JSON, _ text: inout JSONText) {
        switch json.kind {
        case .null: text.null()
        case .bool(let value): text.bool(value)
        case .number(let number): text.raw(number.utf8)
        case .string(let bytes): text.string(bytes)
        case .array(let elements):
            text.array(of: elements) { write($1, &$0) }
        case .object(let members):
            text.object {
                for member in members {
                    $0.field(named: member.name) { write(member.value, &$0) }
                }
            }
        }
    }
}

/// A JSON value without its place, to compare and to spell.
indirect enum Value: Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string([UInt8])
    case array([Value])
    case object([Member])

    struct Member: Hashable {
        let name: [UInt8]
        let value: Value
    }

    init(_ json: JSON) {
        self =
            switch json.kind {
            case .null: .null
            case .bool(let value): .bool(value)
            case .number(let text): .number(text)
            case .string(let bytes): .string(bytes)
            case .array(let elements): .array(elements.map(Value.init))
            case .object(let members):
                .object(members.map { Member(name: Array($0.name.utf8), value: Value($0.value)) })
            }
    }

    init(_ trial: inout Trial, depth: Int) {
        switch trial.number(0...(depth < 6 ? 8 : 5)) {
        case 0: self = .null
        case 1: self = .bool(trial.chance(2))
        case 2, 3:
            self = .number(
                trial.pick(["0", "-0", "7", "-12", "1.50", "1e5", "2E-7", "9223372036854775808"])
            )
        case 4, 5: self = .string(Self.text(&trial))
        case 6:
            self = .array((0..<trial.number(0...4)).map { _ in Value(&trial, depth: depth + 1) })
        default:
            var names: Set<[UInt8]> = []
            self = .object(
                (0..<trial.number(0...4)).compactMap { _ in
                    let name = Self.text(&trial)
                    guard names.insert(name).inserted else { return nil }
                    return Member(name: name, value: Value(&trial, depth: depth + 1))
                }
            )
        }
    }

    private static let scalars = Array(
        "ab\"\\/ \u{0}\u{1F}\n\t\u{7F}\u{85}é\u{301}\u{212A}天\u{2028}\u{E000}\u{FFFF}😀\u{10FFFF}"
            .unicodeScalars
    )

    private static func text(_ trial: inout Trial) -> [UInt8] {
        (0..<trial.number(0...6)).flatMap { _ in Array(String(trial.pick(scalars)).utf8) }
    }

    /// Writes the value with white space and escapes as chance will have it.
    func spell(into bytes: inout [UInt8], _ trial: inout Trial) {
        Self.space(&bytes, &trial)
        switch self {
        case .null: bytes += Array("null".utf8)
        case .bool(let value): bytes += Array("\(value)".utf8)
        case .number(let text): bytes += Array(text.utf8)
        case .string(let text): Self.spell(text, into: &bytes, &trial)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.spell(into: &bytes, &trial)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.space(&bytes, &trial)
                Self.spell(member.name, into: &bytes, &trial)
                Self.space(&bytes, &trial)
                bytes.append(UInt8(ascii: ":"))
                member.value.spell(into: &bytes, &trial)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        Self.space(&bytes, &trial)
    }

    private static func space(_ bytes: inout [UInt8], _ trial: inout Trial) {
        if trial.chance(4) { bytes.append(trial.pick([0x20, 0x09, 0x0A, 0x0D])) }
    }

    private static func spell(_ text: [UInt8], into bytes: inout [UInt8], _ trial: inout Trial) {
        bytes.append(0x22)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard mustEscape || trial.chance(4) else {
                bytes += Array(String(scalar).utf8)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16, uppercase: trial.chance(2))
                let zeros = String(repeating: "0", count: 4 - digits.count)
                bytes += Array("\\u\(zeros)\(digits)".utf8)
            }
        }
        bytes.append(0x22)
    }
}

/// Foundation's reading of JSON, and where it is known to differ from ours.
enum Foreign {
    static func parse(_ bytes: [UInt8]) -> Any? {
        do {
            return try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        } catch {
            return nil
        }
    }

    /// What Foundation takes and we refuse on purpose.
    static func isLenient(_ input: [UInt8], _ error: JSON.SyntaxError) -> Bool {
        error.problem == "a member is named twice"
            || error.problem.hasPrefix("arrays and objects nest deeper")
            // It guesses UTF-16 and UTF-32 by zeros among the first bytes, and skips a mark.
            || input.prefix(4).contains(0) || input.starts(with: [0xEF, 0xBB, 0xBF])
            || input.starts(with: [0xFE, 0xFF]) || input.starts(with: [0xFF, 0xFE])
            // It takes a comma behind the last element or member.
            || "]}".utf8.contains(input[error.offset..<input.count].first ?? 0)
                && input[..<error.offset].last { $0 > 0x20 } == UInt8(ascii: ",")
    }

    /// What we take and Foundation can't hold: numbers outside the range of a double.
    static func isBeyond(_ json: JSON) -> Bool {
        if case .number(let text) = json.kind {
            guard let value = Double(text) else { return false }
            return value.isInfinite || value == 0 || abs(value) < 1e-300
        }
        return (json.elements ?? json.members?.map(\.value) ?? []).contains { isBeyond($0) }
    }

    static func isSame(_ json: JSON, _ other: Any) -> Bool {
        switch json.kind {
        case .null: return other is NSNull
        case .bool(let value): return (other as? NSNumber)?.boolValue == value
        case .number(let text):
            // It reads many digits as a decimal, whose last ones go.
            guard let value = Double(text), let number = other as? NSNumber else { return false }
            return abs(number.doubleValue - value) <= abs(value) * 1e-14
        case .string(let bytes):
            return (other as? String).map { isSame(Array($0.utf8), bytes) } ?? false
        case .array(let elements):
            guard let others = other as? [Any], others.count == elements.count else { return false }
            return zip(elements, others).allSatisfy { isSame($0, $1) }
        case .object(let members):
            // Swift's dictionary merges names that only differ in their normal form, and
            // those of which it lost a mark.
            guard let others = other as? [String: Any], others.count <= members.count else {
                return false
            }
            return others.count < members.count
                || members.allSatisfy { member in
                    let other =
                        others[member.name]
                        ?? others.first { isSame(Array($0.key.utf8), Array(member.name.utf8)) }?
                        .value
                    return other.map { isSame(member.value, $0) } ?? false
                }
        }
    }

    /// Byte order marks are lost to it at the start of a text and behind an escape.
    private static func isSame(_ text: [UInt8], _ ours: [UInt8]) -> Bool {
        let unmarked = { (bytes: [UInt8]) in
            String(decoding: bytes, as: UTF8.self).unicodeScalars.filter { $0 != "\u{FEFF}" }
        }
        return text == ours || unmarked(text).elementsEqual(unmarked(ours))
    }
}
