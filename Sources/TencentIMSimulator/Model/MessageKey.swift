/// The name of one call's message, the same for all its recipients: `MsgSeq_MsgRandom_seconds`.
package struct MessageKey: Sendable, Hashable {
    package let sequence: UInt32
    package let random: UInt32
    /// The provider's wall clock when it accepted the call.
    package let seconds: Int64

    package init(sequence: UInt32, random: UInt32, seconds: Int64) {
        self.sequence = sequence
        self.random = random
        self.seconds = seconds
    }

    /// Reads a key as the provider wrote it; nil for any other spelling.
    package init?(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 3, let sequence = UInt32(parts[0]), let random = UInt32(parts[1]),
            let seconds = Int64(parts[2])
        else { return nil }
        self.init(sequence: sequence, random: random, seconds: seconds)
        guard Array(text.utf8) == bytes else { return nil }
    }

    package var text: String { "\(sequence)_\(random)_\(seconds)" }
}
