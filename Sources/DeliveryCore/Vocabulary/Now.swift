/// Both clocks, read once for an event.
package struct Now: Hashable, Sendable {
    package var instant: Instant
    package var timestamp: Timestamp

    package init(instant: Instant, timestamp: Timestamp) {
        self.instant = instant
        self.timestamp = timestamp
    }

    /// What the wall clock reads at an instant, unless it is set meanwhile.
    package func timestamp(at instant: Instant) -> Timestamp {
        timestamp.advanced(by: self.instant.duration(to: instant))
    }
}
