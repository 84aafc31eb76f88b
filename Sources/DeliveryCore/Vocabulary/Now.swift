/// Both clocks, read once for an event.
package struct Now: Hashable, Sendable {
    package var instant: Instant
    package var timestamp: Timestamp

    package init(instant: Instant, timestamp: Timestamp) {
        self.instant = instant
        self.timestamp = timestamp
    }
}
