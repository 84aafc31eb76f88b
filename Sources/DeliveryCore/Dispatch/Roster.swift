/// The campaigns that the dispatcher knows, and an index of what they wait for.
///
/// An event concerns a few campaigns of maybe many thousands, so only those are looked at: whoever
/// was changed through the subscript since the last look, and those for whom a time has come.
struct Roster: Sendable {
    private var lines: [Campaign.ID: Dispatcher.Line] = [:]
    /// Changed since the last look; maybe named several times.
    private var changed: [Campaign.ID] = []
    private(set) var board = Board()
    /// The wall clock at the last look.
    private var readAt = Timestamp(milliseconds: .min)
    /// How often a campaign was looked at, all in all: the measure of what an event costs.
    private(set) var lookCount = 0

    var count: Int { lines.count }

    /// What is kept of a campaign; whoever changes it has it looked at again.
    subscript(id: Campaign.ID) -> Dispatcher.Line? {
        get { lines[id] }
        _modify {
            if changed.last != id { changed.append(id) }
            yield &lines[id]
        }
    }

    /// What is kept of a campaign, its ledger without what has been let go by now.
    ///
    /// That only ever makes room, so where the campaign stands is as it was.
    mutating func line(_ id: Campaign.ID, at now: Instant) -> Dispatcher.Line? {
        lines[id]?.ledger.advance(to: now)
        return lines[id]
    }

    /// Has every campaign looked at again: what holds for all of them has changed.
    mutating func changeAll() {
        // In no particular order, which doesn't matter: the index is sorted.
        changed.append(contentsOf: lines.keys)
    }

    /// Brings the index up to the present.
    mutating func look(_ limits: Limits, _ shares: inout FairShares, now: Now) {
        // The wall clock was set back: what was due may not be any more.
        if now.timestamp < readAt { changeAll() }
        readAt = now.timestamp
        for id in changed { look(at: id, limits, &shares, now: now) }
        changed.removeAll(keepingCapacity: true)
        for place in board.dues.prefix(while: { $0.key <= now.timestamp }) {
            look(at: place.id, limits, &shares, now: now)
        }
        for place in board.strays.prefix(while: { $0.key <= now.timestamp }) {
            look(at: place.id, limits, &shares, now: now)
        }
        for place in board.caps.prefix(while: { $0.key <= now.instant }) {
            look(at: place.id, limits, &shares, now: now)
        }
    }

    private mutating func look(
        at id: Campaign.ID,
        _ limits: Limits,
        _ shares: inout FairShares,
        now: Now
    ) {
        lookCount += 1
        let line = line(id, at: now.instant)
        board.put(id, line?.standing(limits, now: now) ?? .none, &shares)
    }

    /// Whether the index is what a look at every campaign would make it; for tests.
    func isUpToDate(_ limits: Limits, _ shares: FairShares, now: Now) -> Bool {
        var roster = Roster()
        var seated = FairShares()
        roster.lines = lines
        roster.changeAll()
        roster.look(limits, &seated, now: now)
        return board == roster.board && shares.reseated == shares
            && shares.candidates == seated.candidates
    }
}
