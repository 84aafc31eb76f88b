extension Campaign {
    /// A UUID of version 7 (RFC 9562): its text sorts by the time of creation.
    package struct ID: Hashable, Comparable, Sendable, CustomStringConvertible {
        package let high: UInt64
        package let low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        /// A new id of this time, with 74 random bits.
        package init(at time: Timestamp, using random: inout some RandomNumberGenerator) {
            let milliseconds = UInt64(clamping: time.milliseconds) & 0xFFFF_FFFF_FFFF
            high = milliseconds << 16 | 0x7000 | random.next() & 0x0FFF
            low = 0x8000_0000_0000_0000 | random.next() & 0x3FFF_FFFF_FFFF_FFFF
        }

        /// Reads the 36 characters of `description`, nothing else; nil if they are none.
        package init?(_ text: some StringProtocol) {
            let bytes = Array(text.utf8)
            guard bytes.count == 36 else { return nil }
            var digits: (UInt64, UInt64) = (0, 0)
            var count = 0
            for (index, byte) in bytes.enumerated() {
                if [8, 13, 18, 23].contains(index) {
                    guard byte == UInt8(ascii: "-") else { return nil }
                    continue
                }
                let digit: UInt8
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
                case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
                default: return nil
                }
                if count < 16 {
                    digits.0 = digits.0 << 4 | UInt64(digit)
                } else {
                    digits.1 = digits.1 << 4 | UInt64(digit)
                }
                count += 1
            }
            (high, low) = digits
        }

        package var description: String {
            let digits = Array("0123456789abcdef".utf8)
            var text: [UInt8] = []
            text.reserveCapacity(36)
            for index in 0..<32 {
                if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
                let half = index < 16 ? high : low
                text.append(digits[Int(half >> UInt64(60 - 4 * (index % 16)) & 0xF)])
            }
            return String(decoding: text, as: UTF8.self)
        }

        package static func < (lhs: ID, rhs: ID) -> Bool {
            (lhs.high, lhs.low) < (rhs.high, rhs.low)
        }
    }
}
