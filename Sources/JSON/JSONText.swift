/// Writes compact JSON, in the order it is told.
///
/// Text is UTF-8 and only what must be escaped is. The writer puts the commas; whoever calls it
/// closes what was opened.
package struct JSONText: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    package var string: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Takes out what was written, for a document that leaves in pieces.
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// A member's name; its value follows.
    package mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func null() { raw("null".utf8) }
    package mutating func bool(_ value: Bool) { raw((value ? "true" : "false").utf8) }
    package mutating func number(_ value: some BinaryInteger) { raw(String(value).utf8) }

    package mutating func string(_ text: String) {
        comma()
        Self.appendString(text.utf8, to: &bytes)
    }

    /// A string of UTF-8 bytes.
    package mutating func string(_ utf8: [UInt8]) {
        comma()
        Self.appendString(utf8, to: &bytes)
    }

    /// A value that is JSON already.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        comma()
        bytes.append(contentsOf: json)
    }

    /// Appends a string of UTF-8 bytes with its quotes.
    package static func appendString(
        _ utf8: some Sequence<UInt8>,
        to bytes: inout [UInt8]
    ) {
        bytes.append(UInt8(ascii: "\""))
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case 0x0D: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            case 0x09: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: (digits.count < 2 ? "\\u000" : "\\u00").utf8)
                bytes.append(contentsOf: digits.utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
