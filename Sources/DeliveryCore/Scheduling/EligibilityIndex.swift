/// Which campaigns wait for which time, have something to send, and want how much of the quota.
struct EligibilityIndex: Sendable, Equatable {
    private var entries: [Campaign.ID: Eligibility] = [:]
    /// Timers of the wall clock.
    private(set) var times = TimerIndex<Timestamp>()
    /// Timers of the monotonic clock.
    private(set) var instants = TimerIndex<Instant>()
    /// Campaigns that run and have anything left to send, by creation.
    private(set) var working = SortedIndex<Ranked<Int>>()
    /// How many campaigns wait for their sending hours.
    private(set) var closedCount = 0
    private var demands: [Priority: ClassDemand] = [:]
    /// Campaigns that have something to send now, by whose turn it is.
    var shares = FairShares()

    /// Takes in what is known of a campaign.
    mutating func put(_ new: Eligibility, of id: Campaign.ID) {
        let old = entries[id] ?? .none
        guard new != old else { return }
        entries[id] = new == .none ? nil : new
        let order = new == .none ? old.order : new.order
        times.move(.expiry, of: id, order, from: old.expiresAt, to: new.expiresAt)
        times.move(.start, of: id, order, from: old.startsAt, to: new.startsAt)
        times.move(.due, of: id, order, from: old.dueAt, to: new.dueAt)
        times.move(.opening, of: id, order, from: old.opensAt, to: new.opensAt)
        times.move(.closing, of: id, order, from: old.closesAt, to: new.closesAt)
        instants.move(.room, of: id, order, from: old.roomAt, to: new.roomAt)
        closedCount += (new.isClosed ? 1 : 0) - (old.isClosed ? 1 : 0)
        if old.demand != new.demand { changeDemand(from: old.demand, to: new.demand) }
        if old.hasWork != new.hasWork {
            let rank = Ranked(key: 0, order: order, id: id)
            if new.hasWork { working.insert(rank) } else { working.remove(rank) }
        }
        guard new.offer?.flow != old.offer?.flow || new.backlog != old.backlog else { return }
        if let offer = new.offer {
            shares.enter(offer.flow, order: order, size: new.backlog)
        } else {
            shares.leave(id)
        }
    }

    private mutating func changeDemand(from old: Eligibility.Demand?, to new: Eligibility.Demand?) {
        if let old { demands[old.priority]?.remove(cap: old.cap) }
        if let new { demands[new.priority, default: ClassDemand()].add(cap: new.cap) }
    }

    /// What a campaign has to send now.
    func offer(of id: Campaign.ID) -> Offer? { entries[id]?.offer }

    /// Changes of state that have fallen due by the clock, no more than `limit` and the longest due
    /// first, by creation.
    func transitions(
        at now: Timestamp,
        limit: Int
    ) -> [(id: Campaign.ID, transition: Campaign.Transition)] {
        let due = times.due(at: now).lazy.compactMap { timer in
            switch timer.key.reason {
            case .expiry: (timer, Campaign.Transition.expire)
            // A campaign whose expiry has come too, if not in this commit, never starts.
            case .start where entries[timer.id]?.expiresAt.map { $0 > now } ?? true:
                (timer, .begin)
            case .start, .due, .room, .opening, .closing: nil
            }
        }
        let found = due.prefix(limit).sorted { ($0.0.order, $0.0.id) < ($1.0.order, $1.0.id) }
        return found.map { ($0.0.id, $0.1) }
    }

    /// The share of a quota that a campaign with these settings has among all that want of it,
    /// whether or not it is among them yet.
    func share(of id: Campaign.ID, _ settings: Campaign.Settings, quota: Int) -> Double {
        var demands = demands
        if entries[id]?.demand == nil {
            demands[settings.priority, default: ClassDemand()].add(cap: settings.messagesPerMinute)
        }
        let share = ClassDemand.share(of: settings.priority, in: demands, quota: Double(quota))
        return min(share, Double(settings.messagesPerMinute ?? .max))
    }

    static func == (lhs: EligibilityIndex, rhs: EligibilityIndex) -> Bool {
        lhs.entries == rhs.entries && lhs.times == rhs.times && lhs.instants == rhs.instants
            && lhs.closedCount == rhs.closedCount && lhs.working == rhs.working
            && lhs.shares.flows == rhs.shares.flows
            && Priority.allCases.allSatisfy {
                lhs.demands[$0, default: ClassDemand()] == rhs.demands[$0, default: ClassDemand()]
            }
    }
}
