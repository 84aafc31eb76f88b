/// Hexadecimal digits of bytes.
package enum Hexadecimal {
    private static let lower = Array("0123456789abcdef".utf8)
    private static let upper = Array("0123456789ABCDEF".utf8)

    /// Two digits for each byte.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { digits(of: $0) }, as: UTF8.self)
    }

    package static func digits(of byte: UInt8, isUpper: Bool = false) -> [UInt8] {
        let digits = isUpper ? upper : lower
        return [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
    }

    /// What a digit stands for, in either case; nil for another character.
    package static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
