/// The numbers of a call, fixed when its batch is claimed and the same when it is repeated.
///
/// Only the provider's adapter knows their use: fields that its calls require, or a key by which
/// the provider recognises a repeat.
package struct CallNumbers: Sendable, Hashable {
    /// Rises from claim to claim.
    package let sequence: UInt32
    /// Drawn at random.
    package let random: UInt32

    package init(sequence: UInt32, random: UInt32) {
        self.sequence = sequence
        self.random = random
    }
}
