package import Platform

/// Remembers that the first endpoint couldn't be reached, so that not every call waits for it.
///
/// An endpoint whose packets vanish costs a call a third of its timeout before the backup's turn.
package struct EndpointMemory: Sendable {
    /// How long calls go to the backup first; then one call tries the first endpoint again.
    package static let rest: Duration = .seconds(30)

    private var avoidedUntil: ContinuousClock.Instant?

    package init() {}

    /// The endpoints of a call that goes now, in the order to try.
    package mutating func order(
        _ first: WebAddress,
        _ backup: WebAddress?,
        now: ContinuousClock.Instant
    ) -> [WebAddress] {
        guard let backup else { return [first] }
        guard let avoidedUntil else { return [first, backup] }
        guard avoidedUntil <= now else { return [backup, first] }
        // For this call alone: those that go meanwhile don't wait for what it finds.
        self.avoidedUntil = now.advanced(by: Self.rest)
        return [first, backup]
    }

    /// The first endpoint couldn't be reached.
    package mutating func missed(now: ContinuousClock.Instant) {
        avoidedUntil = now.advanced(by: Self.rest)
    }

    /// The first endpoint was reached.
    package mutating func reached() {
        avoidedUntil = nil
    }
}
