/// Base64 in its usual alphabet, and in the one that UserSigs have in a URL.
enum Base64 {
    enum Alphabet {
        case usual
        /// `*`, `-` and `_` for `+`, `/` and `=`.
        case userSig
    }

    static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .usual) -> String {
        let digits = digits(alphabet)
        let padding: UInt8 = alphabet == .usual ? 0x3D : 0x5F
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let digit = digits[Int(bits >> UInt32(18 - 6 * place) & 63)]
                text.append(place <= group.count ? digit : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes, nil if the text has another character or a wrong length.
    static func decode(_ text: some StringProtocol, _ alphabet: Alphabet = .usual) -> [UInt8]? {
        let digits = digits(alphabet)
        let padding: UInt8 = alphabet == .usual ? 0x3D : 0x5F
        var characters = Array(text.utf8)
        guard characters.count % 4 == 0 else { return nil }
        var paddingCount = 0
        while characters.last == padding, paddingCount < 2 {
            characters.removeLast()
            paddingCount += 1
        }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for character in characters {
            guard let digit = digits.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(digit)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }
        return bytes
    }

    private static func digits(_ alphabet: Alphabet) -> [UInt8] {
        let common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return Array((common + (alphabet == .usual ? "+/" : "*-")).utf8)
    }
}
