/// The 16 bytes of a UUID, the most significant one first, and its two halves.
package enum UUIDBytes {
    package static func encode(high: UInt64, low: UInt64) -> [UInt8] {
        [high, low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
        }
    }

    /// The halves; nil unless there are 16 bytes.
    package static func decode(_ bytes: some Collection<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard bytes.count == 16 else { return nil }
        return (number(bytes.prefix(8)), number(bytes.dropFirst(8)))
    }

    private static func number(_ half: some Sequence<UInt8>) -> UInt64 {
        half.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
