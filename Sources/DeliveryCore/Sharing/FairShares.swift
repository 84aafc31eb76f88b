/// Says whose turn it is: classes share 16 : 4 : 1 in recipients, campaigns of a class equally.
///
/// Start-time fair queueing, twice: among the classes that have work, then among the campaigns of
/// the class. Each has a virtual time that grows by the recipients served over the weight, and the
/// least is next. Whoever comes, or comes back, starts at the present virtual time: there is no
/// credit for having been away.
package struct FairShares: Sendable, Equatable {
    /// Recipients cost a class 16/weight each, so that virtual time stays whole.
    private static let unit = 16

    private var tiers: [Priority: Tier] = [:]
    private var classClock = 0
    /// The virtual time of every campaign that was served.
    private var members: [Campaign.ID: Int] = [:]
    /// Those that have work now.
    private var seats: [Campaign.ID: Seat] = [:]

    package init() {}

    /// A campaign that has work now.
    package struct Candidate: Sendable, Hashable {
        package let id: Campaign.ID
        package let priority: Priority

        package init(id: Campaign.ID, priority: Priority) {
            self.id = id
            self.priority = priority
        }
    }

    private struct Seat: Sendable, Equatable {
        let candidate: Candidate
        let order: Int64
        let size: Int
        var time: Int
    }

    /// A campaign has so much work now; `order` breaks ties.
    package mutating func enter(_ candidate: Candidate, order: Int64, size: Int) {
        leave(candidate.id)
        let time = members[candidate.id, default: 0]
        sit(Seat(candidate: candidate, order: order, size: size, time: time))
    }

    /// A campaign has no work now, or may do none.
    package mutating func leave(_ id: Campaign.ID) {
        guard let seat = seats.removeValue(forKey: id) else { return }
        tiers[seat.candidate.priority]?.remove(
            id,
            order: seat.order,
            size: seat.size,
            time: seat.time
        )
    }

    private mutating func sit(_ seat: Seat) {
        seats[seat.candidate.id] = seat
        tiers[seat.candidate.priority, default: Tier()].insert(
            seat.candidate.id,
            order: seat.order,
            size: seat.size,
            time: seat.time
        )
    }

    /// The candidate whose turn it is; of equals the one created first.
    ///
    /// It stays the same until it is served, so a large batch that waits for room isn't overtaken
    /// for ever.
    package mutating func next() -> Candidate? {
        guard let turn = turn(upTo: .max) else { return nil }
        classClock = max(classClock, turn.classTime)
        tiers[turn.candidate.priority]?.advance(to: turn.time)
        return turn.candidate
    }

    /// Who would be next among those with no more work than this and without one candidate; the
    /// clocks of the turns stay as they are.
    package mutating func next(upTo size: Int, without other: Candidate) -> Candidate? {
        guard let seat = seats[other.id] else { return turn(upTo: size)?.candidate }
        leave(other.id)
        defer { sit(seat) }
        return turn(upTo: size)?.candidate
    }

    /// A candidate was served so many recipients; a negative count takes some back.
    package mutating func served(_ candidate: Candidate, count: Int) {
        let priority = candidate.priority
        let classTime = max(tiers[priority, default: Tier()].time, classClock)
        tiers[priority, default: Tier()].time =
            classTime + count * Self.unit / priority.weight
        let clock = tiers[priority, default: Tier()].clock
        put(candidate.id, at: max(members[candidate.id, default: 0], clock) + count)
    }

    package mutating func forget(_ id: Campaign.ID) {
        put(id, at: nil)
    }

    private mutating func put(_ id: Campaign.ID, at time: Int?) {
        members[id] = time
        guard var seat = seats[id] else { return }
        leave(id)
        seat.time = time ?? 0
        sit(seat)
    }

    private func turn(
        upTo size: Int
    ) -> (candidate: Candidate, classTime: Int, time: Int)? {
        var best: (priority: Priority, class: Place<Int>, first: Place<Int>)?
        for priority in Priority.allCases {
            guard let tier = tiers[priority],
                let first = tier.first(upTo: size),
                let eldest = tier.eldest(upTo: size)
            else { continue }
            let time = max(tier.time, classClock)
            // Of classes at the same time, the one of the campaign created first.
            let place = Place(key: time, order: eldest.order, id: eldest.id)
            if let best, best.class < place { continue }
            best = (priority, place, first)
        }
        return best.map { best in
            let candidate = Candidate(id: best.first.id, priority: best.priority)
            return (candidate, best.class.key, best.first.key)
        }
    }

    /// Who has work now; for tests.
    package var candidates: Set<Candidate> { Set(seats.values.map(\.candidate)) }

    /// The same with everyone's place found anew; for tests.
    package var reseated: FairShares {
        var shares = self
        let seats = shares.seats.values
        for seat in seats { shares.leave(seat.candidate.id) }
        for seat in seats { shares.enter(seat.candidate, order: seat.order, size: seat.size) }
        return shares
    }
}
