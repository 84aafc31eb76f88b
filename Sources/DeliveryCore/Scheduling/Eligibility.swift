/// What planning needs to know of a campaign, as it is until something happens to the campaign or
/// one of these times comes.
struct Eligibility: Sendable, Equatable {
    /// The order of creation.
    var order: Int64 = 0
    var expiresAt: Timestamp?
    /// When it starts, if it is scheduled.
    var startsAt: Timestamp?
    /// When the next of its retries and open batches falls due, or no longer counts as due.
    var dueAt: Timestamp?
    /// Whether it has recipients to send to, and its sending hours are closed.
    var isClosed = false
    /// When they open; nil if that is never.
    var opensAt: Timestamp?
    /// When its sending hours close, if they are open and it has recipients to send to.
    var closesAt: Timestamp?
    /// When its own cap has room for what it would send.
    var roomAt: Instant?
    /// What it has to send now, if its own cap has room for it.
    var offer: Offer?
    /// The recipients it has left; over the limit for notices all are the same.
    var backlog = 0
    /// What it wants of the quota, if it runs within its hours and has recipients to claim.
    var demand: Demand?
    /// Whether it runs within its hours and anything is left for it to send.
    var hasWork = false

    struct Demand: Sendable, Equatable {
        let priority: Priority
        /// The most it may take of a minute; nil for all.
        let cap: Int?
    }

    /// Of a campaign that isn't known, has ended or is damaged.
    static let none = Eligibility()
}

extension Limits {
    /// The longest time that any recipient is told to wait.
    var longestWait: Duration { retry.cap + WakeUps.longestSleep }

    /// Whether a time of the wall clock has come.
    ///
    /// No recipient is told to wait longer than the backoff's cap: a time beyond it was written down
    /// before the clock was set back, and may be a year away.
    func isDue(_ time: Timestamp, _ now: Now) -> Bool {
        time <= now.timestamp || time > now.timestamp.advanced(by: longestWait)
    }

    /// When a time of the wall clock comes, or no longer counts as come; nil if it is past.
    func wait(for due: Timestamp, _ now: Now) -> Timestamp? {
        guard due > now.timestamp else { return nil }
        // A time too far ahead counts as due, until it no longer lies too far ahead.
        return isDue(due, now) ? due.advanced(by: .zero - longestWait) : due
    }

    /// Whether it is time to look a recipient up again.
    ///
    /// None waits longer than the settling time or the backoff's cap, as with `isDue`.
    func isSettled(_ time: Timestamp, _ now: Timestamp) -> Bool {
        time <= now || time > now.advanced(by: max(settleTime, longestWait))
    }
}
