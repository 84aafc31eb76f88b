/// The bytes of a file that holds tokens, before anyone looks for one.
///
/// A token goes out in a header, so all of it is ASCII. An editor's mark or another encoding would
/// make a token of what looks right and opens nothing.
package enum SecretText {
    /// What keeps the bytes from being lines of plain text, with the remedy; nil if nothing does.
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

    /// The fields of each line: what stands between blanks and tabs.
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

    /// UTF-8's, and UTF-16's in both orders of bytes.
    private static let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]]

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// Whether a byte is a control character that ends no line and sets no field apart.
    private static func isStray(_ byte: UInt8, before next: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\t"), UInt8(ascii: "\n"): false
        case UInt8(ascii: "\r"): next != UInt8(ascii: "\n")
        default: byte < 0x20 || byte == 0x7F
        }
    }
}
