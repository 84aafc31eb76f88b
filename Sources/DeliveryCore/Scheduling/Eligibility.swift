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
    /// When its own cap has room for what it would send.
    var roomAt: Instant?
    /// What it has to send now, if its own cap has room for it.
    var offer: Offer?
    /// The recipients it has left; over the limit for notices all are the same.
    var backlog = 0
    /// What it wants of the quota, if it runs and has recipients to claim.
    var demand: Demand?
    /// Whether it runs and anything is left for it to send.
    var hasWork = false

    struct Demand: Sendable, Equatable {
        let priority: Priority
        /// The most it may take of a minute; nil for all.
        let cap: Int?
    }

    /// Of a campaign that isn't known, has ended or is damaged.
    static let none = Eligibility()

    /// Takes in when a retry or an open batch falls due.
    mutating func wait(for due: Timestamp, _ limits: Limits, now: Now) {
        guard due > now.timestamp else { return }
        // A time too far ahead counts as due, until it no longer lies too far ahead.
        let isDue = limits.isDue(due, now)
        let until = isDue ? due.advanced(by: .zero - limits.longestWait) : due
        dueAt = min(dueAt ?? until, until)
    }
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

    /// Whether it is time to look a recipient up again.
    ///
    /// None waits longer than the settling time or the backoff's cap, as with `isDue`.
    func isSettled(_ time: Timestamp, _ now: Timestamp) -> Bool {
        time <= now || time > now.advanced(by: max(settleTime, longestWait))
    }
}
