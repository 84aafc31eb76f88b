/// A claimed batch that waits to be sent, without its accounts.
package struct OpenBatch: Sendable, Hashable {
    package let id: Batch.ID
    package let campaign: Campaign.ID
    package let count: Int
    /// Calls of this batch that spent an attempt.
    package let attempts: Int
    /// Whether an earlier call may have been accepted, so that it is repeated unchanged; otherwise
    /// held.
    package let maybeAccepted: Bool
    /// Not sent before this time.
    package let dueAt: Timestamp
    /// Whether it is half of a batch refused as a whole for its recipients, all of whom exist.
    package let isHalf: Bool
    /// Refusals that an outage excused; known in memory alone.
    var excusedRefusals = 0
    /// Whether its accounts are looked up before its next call; known in memory alone.
    var awaitsCheck = false

    package init(
        id: Batch.ID,
        campaign: Campaign.ID,
        count: Int,
        attempts: Int,
        maybeAccepted: Bool,
        dueAt: Timestamp,
        isHalf: Bool
    ) {
        self.id = id
        self.campaign = campaign
        self.count = count
        self.attempts = attempts
        self.maybeAccepted = maybeAccepted
        self.dueAt = dueAt
        self.isHalf = isHalf
    }
}
