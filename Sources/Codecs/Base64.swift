/// Base64 (RFC 4648) in the three spellings that are met here.
package enum Base64 {
    /// Which characters stand for the last two values and for the padding.
    package enum Alphabet: Sendable, Hashable, CaseIterable {
        /// `+` and `/`, padded with `=`.
        case standard
        /// `-` and `_` without padding, for what stands in a URL.
        case url
        /// `*` and `-`, padded with `_`, as Tencent spells a UserSig.
        case userSig

        /// The last two digits, and the padding if there is any.
        fileprivate var tail: [UInt8] {
            switch self {
            case .standard: Array("+/=".utf8)
            case .url: Array("-_".utf8)
            case .userSig: Array("*-_".utf8)
            }
        }

        fileprivate var padding: UInt8? { tail.dropFirst(2).first }
    }

    private static let common = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8
    )

    package static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .standard) -> String {
        let digits = common + alphabet.tail.prefix(2)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
            let aligned = bits << UInt32(8 * (3 - group.count))
            for place in 0...group.count {
                text.append(digits[Int(aligned >> UInt32(18 - 6 * place) & 63)])
            }
            if let padding = alphabet.padding {
                text.append(contentsOf: repeatElement(padding, count: 3 - group.count))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that a text stands for; nil where it has another character or a wrong length.
    ///
    /// The alphabet of URLs is taken strictly: no bit is set that stands for nothing. A client may
    /// not spell one value in two ways.
    package static func decode(
        _ text: some Sequence<UInt8>,
        _ alphabet: Alphabet = .standard
    ) -> [UInt8]? {
        var characters = Array(text)
        if let padding = alphabet.padding {
            guard characters.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where characters.last == padding { characters.removeLast() }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3 + 2)
        let digits = common + alphabet.tail.prefix(2)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in characters {
            guard let value = digits.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
        }
        guard bitCount < 6 else { return nil }
        let isCanonical = bits & (1 << bitCount - 1) == 0
        return isCanonical || alphabet != .url ? bytes : nil
    }
}
