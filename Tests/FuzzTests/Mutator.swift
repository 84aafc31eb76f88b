import DeliveryCore
import JSON

/// Makes inputs out of valid ones: what a parser refuses at the first byte teaches nothing.
struct Mutator {
    let corpus: [[UInt8]]
    let tokens: [[UInt8]]

    init(_ corpus: [String], tokens: [String] = []) {
        self.init(bytes: corpus.map { Array($0.utf8) }, tokens: tokens)
    }

    init(bytes corpus: [[UInt8]], tokens: [String] = []) {
        self.corpus = corpus
        self.tokens = tokens.map { Array($0.utf8) } + Self.oddities
    }

    /// What parsers are known to stumble over: limits of numbers, halves of characters, depth.
    private static let oddities: [[UInt8]] =
        [
            "0", "-0", "-1", "1", "00", "+1", "1.0", "1e3", "0.1", "1e308", "1e999", "1E-999",
            "255", "256", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
            "9007199254740993", "9223372036854775807", "9223372036854775808",
            "-9223372036854775808", "18446744073709551616", "NaN", "Infinity", "nan", "null", "~",
            "true", "false", "[]", "{}", "\"\"", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0000",
            "\\u212a", "\\u00e9", "\\u007f", "\\u0085", "\\u2028", "\\\\", "\\\"", "\\/", "\\b",
            "\"", "'", ",", ":", ";", "&", "=", "%", "%00", "%ff", "%+f", "%2", "#", "?", "/", "-",
            "_", "*", "+", " ", "\t", "\n", "\r", "\r\n", "\u{0}", "\u{1}", "\u{7F}", "\u{85}",
            "\u{2028}", "\u{FEFF}", "\u{212A}", "\u{FFFD}", "\u{301}", "é", "e\u{301}", "天", "😀",
            "\u{202E}", "\u{10FFFF}",
        ].map { Array($0.utf8) } + [
            [0x80], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xE5, 0xA4],
            [0xEF, 0xBB], [0x1F, 0x8B], [0xFE, 0xFF],
        ]
        + [63, 64, 65, 300].flatMap { depth -> [[UInt8]] in
            [
                Array(repeating: 0x5B, count: depth),
                Array(repeating: 0x5B, count: depth) + Array(repeating: 0x5D, count: depth),
            ]
        }

    /// An input: one of the corpus, edited a few times; now and then as it is.
    func input(_ trial: inout Trial) -> [UInt8] {
        var bytes = trial.pick(corpus)
        if trial.chance(24) { return bytes }
        for _ in 0..<trial.pick([1, 1, 1, 2, 2, 3, 5]) { edit(&bytes, &trial) }
        return bytes
    }

    /// The same for JSON: often whole values are exchanged, so that the result is JSON again.
    func document(_ trial: inout Trial) -> [UInt8] {
        var bytes = trial.pick(corpus)
        for _ in 0..<trial.pick([0, 1, 1, 1, 2, 2, 3]) { exchange(&bytes, &trial) }
        for _ in 0..<trial.pick([0, 0, 0, 1, 1, 2]) { edit(&bytes, &trial) }
        return bytes
    }

    private func edit(_ bytes: inout [UInt8], _ trial: inout Trial) {
        let place = trial.number(0...bytes.count)
        let end = min(bytes.count, place + trial.pick([0, 1, 1, 2, 4, 16, 200]))
        switch trial.number(0...10) {
        case 0 where place < bytes.count:
            bytes[place] ^= 1 << UInt8(trial.number(0...7))
        case 1 where place < bytes.count:
            bytes[place] = UInt8(trial.number(0...255))
        case 2:
            bytes.removeSubrange(place..<end)
        case 3:
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: trial.number(0...bytes.count))
        case 4:
            bytes.removeSubrange(place...)
        case 5:
            let other = trial.pick(corpus)
            bytes = Array(bytes[..<place] + other[trial.number(0...other.count)...])
        case 6:
            let byte = bytes.isEmpty ? 0x61 : bytes[min(place, bytes.count - 1)]
            let count = trial.pick([2, 31, 32, 33, 200, 5_000])
            bytes.insert(contentsOf: Array(repeating: byte, count: count), at: place)
        case 7:
            replaceNumber(in: &bytes, from: place, &trial)
        default:
            bytes.replaceSubrange(
                place..<(trial.chance(2) ? place : end),
                with: trial.pick(tokens)
            )
        }
    }

    /// Puts a token where the next run of digits stands.
    private func replaceNumber(in bytes: inout [UInt8], from place: Int, _ trial: inout Trial) {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: trial.pick(tokens))
    }

    /// Puts another value, or nothing, in the place of a value of a JSON document.
    private func exchange(_ bytes: inout [UInt8], _ trial: inout Trial) {
        guard let values = Self.values(of: bytes), !values.isEmpty else { return }
        let range = trial.pick(values)
        switch trial.number(0...5) {
        case 0:
            // With the comma behind it, so that an element or the next member's name goes too.
            let end = min(bytes.count, range.upperBound + 1)
            bytes.removeSubrange(range.lowerBound..<end)
        case 1:
            let copy = [UInt8(ascii: ",")] + bytes[range]
            bytes.insert(contentsOf: copy, at: range.upperBound)
        case 2:
            let text = trial.pick(tokens)
            bytes.replaceSubrange(range, with: [0x22] + text + [0x22])
        case 3:
            bytes.replaceSubrange(range, with: trial.pick(tokens))
        default:
            let other = trial.pick(corpus)
            let others = Self.values(of: other) ?? [0..<other.count]
            bytes.replaceSubrange(range, with: other[trial.pick(others)])
        }
    }

    private static func values(of bytes: [UInt8]) -> [Range<Int>]? {
        do {
            return ranges(try JSON(parsing: bytes))
        } catch {
            return nil
        }
    }

    private static func ranges(_ json: JSON) -> [Range<Int>] {
        let inner = json.elements ?? json.members?.map(\.value) ?? []
        return [json.range] + inner.flatMap(ranges)
    }
}
