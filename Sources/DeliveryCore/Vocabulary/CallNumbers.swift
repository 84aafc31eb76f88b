/// The numbers of a call, fixed when it is claimed and the same when it is repeated.
///
/// What they are good for is known to the provider's adapter alone: fields that its calls want, or a
/// key by which the provider finds a call again.
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
