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
    /// What the campaigns of each class want of the quota.
    private(set) var claims: [Priority: Claimants] = [:]

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
        if let claim = old.claim { claims[claim.priority]?.remove(cap: claim.cap) }
        if let claim = new.claim {
            claims[claim.priority, default: Claimants()].add(cap: claim.cap)
        }
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
            && lhs.working == rhs.working
            && Priority.allCases.allSatisfy {
                lhs.claims[$0, default: Claimants()] == rhs.claims[$0, default: Claimants()]
            }
    }

    /// What a campaign wants of the quota; nil if it wants nothing now.
    func claim(of id: Campaign.ID) -> Standing.Claim? { standings[id]?.claim }
}
