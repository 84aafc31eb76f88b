/// Checks and parses the bytes of a file with tokens.
///
/// A token is sent in a header, so it is ASCII. With a byte order mark or another encoding a token
/// would look right and be refused.
package enum SecretText {
    /// Why the bytes aren't lines of plain text, with the remedy; nil if they are.
    package static func fault(in bytes: [UInt8], of name: String) -> Finding? {
        let problem: String
        if marks.contains(where: { bytes.starts(with: $0) }) {
            problem = "begins with a byte order mark (BOM)"
        } else if bytes.contains(0) {
            problem = "holds a NUL byte"
        } else if bytes.contains(where: { $0 > 0x7E }) {
            problem = "holds bytes that are not ASCII"
        } else if zip(bytes, bytes.dropFirst() + [0x0A]).contains(where: isStray) {
            problem = "holds control characters"
        } else {
            return nil
        }
        return Finding(
            problem: "\(name) \(problem)",
            remedy: "save it as plain ASCII text, its lines ended by LF or CRLF"
        )
    }

    /// The fields of each line, separated by blanks and tabs.
    package static func lines(of bytes: [UInt8]) -> [[String]] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.split(whereSeparator: isBlank).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The only word of the bytes; nil if there are none or more.
    package static func onlyWord(of bytes: [UInt8]) -> Secret? {
        let words = lines(of: bytes).joined()
        return words.count == 1 ? words.first.map { Secret($0) } : nil
    }

    /// The byte order marks of UTF-8, and of UTF-16 in both orders.
    private static let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]]

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// Whether a byte is a control character other than a tab or a line's end.
    private static func isStray(_ byte: UInt8, before next: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\t"), UInt8(ascii: "\n"): false
        case UInt8(ascii: "\r"): next != UInt8(ascii: "\n")
        default: byte < 0x20 || byte == 0x7F
        }
    }
}
