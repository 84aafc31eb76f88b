package import DeliveryCore

/// The key of an accepted call, `MsgSeq_MsgRandom_seconds`.
package enum MessageKey {
    /// The numbers of the call that a key names; nil if it has another form.
    ///
    /// What follows them isn't judged: it is the provider's.
    package static func numbers(in key: String) -> CallNumbers? {
        let parts = key.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count >= 2, let sequence = number(parts[0]), let random = number(parts[1])
        else { return nil }
        return CallNumbers(sequence: sequence, random: random)
    }

    /// Digits alone; `UInt32` also takes a sign.
    private static func number(_ text: Substring) -> UInt32? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt32(text) : nil
    }
}
