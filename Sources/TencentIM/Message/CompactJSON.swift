/// Valid JSON without what a packet needn't carry, and otherwise byte for byte as written.
///
/// White space between tokens goes. A `\uXXXX` escape of a visible character beyond ASCII becomes
/// UTF-8, since packets are limited and six or twelve bytes would become two to four. Every other
/// escape stays as it was spelt, and so do numbers and the order of members.
enum CompactJSON {
    static func compacted(_ json: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        var position = json.startIndex
        var isInString = false
        while position < json.endIndex {
            let byte = json[position]
            if isInString, byte == UInt8(ascii: "\\") {
                position = copyEscape(in: json, at: position, to: &result)
                continue
            }
            if byte == UInt8(ascii: "\"") { isInString.toggle() }
            if isInString || !isSpace(byte) { result.append(byte) }
            position += 1
        }
        return result
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Copies the escape at a position, as UTF-8 where that is shorter and visible; where it ends.
    private static func copyEscape(
        in json: ArraySlice<UInt8>,
        at start: Int,
        to result: inout [UInt8]
    ) -> Int {
        guard let first = unit(in: json, at: start) else {
            let end = min(start + 2, json.endIndex)
            result += json[start..<end]
            return end
        }
        var end = start + 6
        var value = first
        if (0xD800..<0xDC00).contains(first), let second = unit(in: json, at: end),
            (0xDC00..<0xE000).contains(second)
        {
            value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
            end += 6
        }
        if let scalar = Unicode.Scalar(value), isVisible(scalar) {
            result += Array(String(scalar).utf8)
        } else {
            result += json[start..<end]
        }
        return end
    }

    /// The code unit of a `\uXXXX` at a position, nil if there is none.
    private static func unit(in json: ArraySlice<UInt8>, at start: Int) -> UInt32? {
        guard start + 6 <= json.endIndex, json[start] == UInt8(ascii: "\\"),
            json[start + 1] == UInt8(ascii: "u")
        else { return nil }
        return UInt32(String(decoding: json[start + 2..<start + 6], as: UTF8.self), radix: 16)
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0xA0 else { return false }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: false
        case .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
