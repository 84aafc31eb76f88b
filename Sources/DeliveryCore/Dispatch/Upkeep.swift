/// When the queue is rid of campaigns that nobody needs any more.
package struct Upkeep: Sendable, Hashable {
    /// How long campaigns that are over, and drafts that nobody touches, are kept; nil for ever.
    package var retention: Duration?
    /// How often the queue is swept, from the start on; nil for only when something was deleted.
    package var interval: Duration?

    package init(retention: Duration? = nil, interval: Duration? = nil) {
        self.retention = retention
        self.interval = interval
    }
}
