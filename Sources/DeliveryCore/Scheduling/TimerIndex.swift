/// What campaigns wait for on one clock, the soonest first.
struct TimerIndex<Time: Comparable & Hashable & Sendable>: Sendable, Equatable {
    private var timers = SortedIndex<Ranked<Key>>()

    /// What becomes of a campaign when its time has come.
    enum Reason: UInt8, Sendable, Hashable {
        case expiry
        case start
        /// Something it has to send falls due, or no longer counts as due.
        case due
        /// Its own cap has room again.
        case room
        /// Its sending hours open, and it has something to send.
        case opening
        case closing
    }

    struct Key: Comparable, Hashable, Sendable {
        let time: Time
        let reason: Reason

        static func < (lhs: Key, rhs: Key) -> Bool {
            if lhs.time != rhs.time { return lhs.time < rhs.time }
            return lhs.reason.rawValue < rhs.reason.rawValue
        }
    }

    /// Moves a campaign's timer from one time to another; nil is none.
    mutating func move(
        _ reason: Reason,
        of id: Campaign.ID,
        _ order: Int64,
        from old: Time?,
        to new: Time?
    ) {
        guard old != new else { return }
        if let old {
            timers.remove(Ranked(key: Key(time: old, reason: reason), order: order, id: id))
        }
        if let new {
            timers.insert(Ranked(key: Key(time: new, reason: reason), order: order, id: id))
        }
    }

    /// The timers whose time has come, the soonest first.
    func due(at now: Time) -> [Ranked<Key>] {
        timers.prefix { $0.key.time <= now }
    }

    /// Whether a timer with a reason has come that wasn't looked at.
    func isDue(_ reason: Reason, at now: Time) -> Bool {
        due(at: now).contains { $0.key.reason == reason }
    }

    /// The soonest time that hasn't come, of those with a reason.
    func next(_ reason: Reason, after now: Time) -> Time? {
        timers.first { $0.key.time > now && $0.key.reason == reason }?.key.time
    }

    /// The soonest time that hasn't come.
    func next(after now: Time) -> Time? {
        timers.first { $0.key.time > now }?.key.time
    }
}
