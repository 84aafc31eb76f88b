/// FNV-1a over bytes, 64 bits: the memory of who was accepted holds these instead of names.
///
/// Of a million accounts two share one with a chance of 3 in 100 million, which is little enough
/// for a count in a report. The standard library's hasher has another seed in every process.
struct Fingerprint: Sendable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    init() {}

    /// Goes on from a fingerprint made before.
    init(_ value: UInt64) {
        self.value = value
        end()
    }

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        end()
    }

    /// What follows must not read like the end of what was added.
    private mutating func end() {
        value = (value ^ 0xFF) &* 0x100_0000_01B3
    }
}
