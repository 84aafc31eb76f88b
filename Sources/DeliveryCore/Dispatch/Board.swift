/// Where the campaigns stand, sorted by what planning asks.
struct Board: Sendable, Equatable {
    private var standings: [Campaign.ID: Standing] = [:]
    private(set) var expiries = SortedIndex<Place<Timestamp>>()
    private(set) var starts = SortedIndex<Place<Timestamp>>()
    /// When retries and open batches fall due that aren't yet.
    private(set) var dues = SortedIndex<Place<Timestamp>>()
    /// When campaigns that wait for room under their own cap have it.
    private(set) var caps = SortedIndex<Place<Instant>>()
    /// When retries and open batches that are due, since the clock was set back, no longer are.
    private(set) var strays = SortedIndex<Place<Timestamp>>()
    /// Campaigns that run and have anything left to send, by creation.
    private(set) var working = SortedIndex<Place<Int>>()
    /// How many campaigns run and have recipients never addressed.
    private(set) var freshCount = 0
    /// How many campaigns of each class run and have recipients to claim.
    private(set) var claims: [Priority: Int] = [:]

    /// Takes in where a campaign stands now.
    mutating func put(_ id: Campaign.ID, _ new: Standing, _ shares: inout FairShares) {
        let old = standings[id] ?? .none
        guard new != old else { return }
        standings[id] = new == .none ? nil : new
        let order = new == .none ? old.order : new.order
        expiries.move(id, order, from: old.expiresAt, to: new.expiresAt)
        starts.move(id, order, from: old.startsAt, to: new.startsAt)
        dues.move(id, order, from: old.dueAt, to: new.dueAt)
        caps.move(id, order, from: old.roomAt, to: new.roomAt)
        freshCount += (new.hasFresh ? 1 : 0) - (old.hasFresh ? 1 : 0)
        if let priority = old.claims { claims[priority, default: 0] -= 1 }
        if let priority = new.claims { claims[priority, default: 0] += 1 }
        strays.move(id, order, from: old.strayUntil, to: new.strayUntil)
        working.move(id, order, from: old.isWorking ? 0 : nil, to: new.isWorking ? 0 : nil)
        guard new.ready != old.ready else { return }
        if let ready = new.ready {
            let candidate = FairShares.Candidate(id: id, priority: ready.priority)
            shares.enter(candidate, order: order, size: ready.size)
        } else {
            shares.leave(id)
        }
    }

    static func == (lhs: Board, rhs: Board) -> Bool {
        lhs.standings == rhs.standings && lhs.expiries == rhs.expiries && lhs.starts == rhs.starts
            && lhs.dues == rhs.dues && lhs.caps == rhs.caps && lhs.strays == rhs.strays
            && lhs.working == rhs.working && lhs.freshCount == rhs.freshCount
            && Priority.allCases.allSatisfy {
                lhs.claims[$0, default: 0] == rhs.claims[$0, default: 0]
            }
    }
}
