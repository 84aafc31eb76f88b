package import DeliveryCore

/// Metrics as text for a scrape.
package protocol MetricsText: Sendable {
    /// The text's `Content-Type`.
    var contentType: String { get }

    func text() async -> [UInt8]
}

/// Metrics that are always empty.
package struct NoMetrics: MetricsText {
    package let contentType = "text/plain; charset=utf-8"

    package init() {}

    package func text() async -> [UInt8] { [] }
}

/// Figures about the whole queue, whose cost doesn't grow with the recipients.
package protocol QueueFigures: Sendable {
    /// Reads campaigns that may have work, never recipients.
    func standing() async throws(QueueError) -> QueueStanding

    /// Recipients that took each of the final statuses since the process began; a retry subtracts
    /// none.
    var ended: Counts { get }

    /// The bytes of the write-ahead log; nil if there is none.
    var logSize: Int? { get }
}

/// The queue's totals.
package struct QueueStanding: Sendable, Hashable {
    /// How many campaigns are in each state; a missing state has none.
    package var campaigns: [Campaign.State: Int]
    /// Recipients without a final status, of scheduled, running, paused and halted campaigns.
    package var recipients: Int
    /// When the first running campaign with waiting recipients was started, or reopened by a retry;
    /// nil if no recipient waits.
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
