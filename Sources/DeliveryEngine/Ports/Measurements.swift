package import DeliveryCore

/// What there is to measure, as text for whoever scrapes it.
package protocol MetricsText: Sendable {
    /// What `Content-Type` says of the text.
    var contentType: String { get }

    func text() async -> [UInt8]
}

/// Measures nothing.
package struct NoMetrics: MetricsText {
    package let contentType = "text/plain; charset=utf-8"

    package init() {}

    package func text() async -> [UInt8] { [] }
}

/// The queue as metrics see it: figures about all of it that are cheap however much it holds.
package protocol QueueFigures: Sendable {
    /// Looks at the campaigns that may have work, never at recipients.
    func standing() async throws(QueueError) -> QueueStanding

    /// Recipients that took each of the final statuses since the process began; a retry of theirs
    /// takes nothing back.
    var ended: Counts { get }

    /// The bytes of the write-ahead log; nil if there is none.
    var logSize: Int? { get }
}

/// Where the queue stands as a whole.
package struct QueueStanding: Sendable, Hashable {
    /// How many campaigns are in each state; one that isn't there has none.
    package var campaigns: [Campaign.State: Int]
    /// Recipients that aren't final, of campaigns that are scheduled, running, paused or halted.
    package var recipients: Int
    /// Since when recipients of a running campaign have waited: when the first of them was
    /// started, or opened again by a retry; nil if nobody waits.
    package var waitingSince: Timestamp?

    package init(
        campaigns: [Campaign.State: Int] = [:],
        recipients: Int = 0,
        waitingSince: Timestamp? = nil
    ) {
        self.campaigns = campaigns
        self.recipients = recipients
        self.waitingSince = waitingSince
    }
}
