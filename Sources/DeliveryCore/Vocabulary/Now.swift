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

    /// The whole second of the wall clock nearest to an instant, for people: two answers hardly ever
    /// differ, though the two clocks are never read at quite the same time.
    package func second(at instant: Instant) -> Timestamp {
        let milliseconds = timestamp(at: instant).milliseconds
        return Timestamp(milliseconds: (milliseconds + 500) / 1_000 * 1_000)
    }
}
