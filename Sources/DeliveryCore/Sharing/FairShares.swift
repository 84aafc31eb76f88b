/// Says whose turn it is: classes share 16 : 4 : 1 in recipients, campaigns of a class equally.
///
/// Start-time fair queueing, twice: among the classes that have work, then among the campaigns of
/// the class. Each has a virtual time that grows by the recipients served over the weight, and the
/// least is next. Whoever comes, or comes back, starts at the present virtual time: there is no
/// credit for having been away.
package struct FairShares: Sendable, Hashable {
    /// Recipients cost a class 16/weight each, so that virtual time stays whole.
    private static let unit = 16

    private var classes: [Priority: Int] = [:]
    private var classClock = 0
    private var members: [Campaign.ID: Int] = [:]
    private var memberClocks: [Priority: Int] = [:]

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

    /// The candidate whose turn it is; of equals the one named first.
    ///
    /// It stays the same until it is served, so a large batch that waits for room isn't overtaken
    /// for ever.
    package mutating func next(among candidates: [Candidate]) -> Candidate? {
        var best: (candidate: Candidate, classTime: Int, time: Int)?
        for candidate in candidates {
            let (classTime, time) = times(of: candidate)
            guard let leader = best else {
                best = (candidate, classTime, time)
                continue
            }
            let isSameClass = leader.candidate.priority == candidate.priority
            if isSameClass ? time < leader.time : classTime < leader.classTime {
                best = (candidate, classTime, time)
            }
        }
        guard let best else { return nil }
        classClock = max(classClock, best.classTime)
        memberClocks[best.candidate.priority] = max(
            memberClocks[best.candidate.priority, default: 0],
            best.time
        )
        return best.candidate
    }

    /// A candidate was served so many recipients; a negative count takes some back.
    package mutating func served(_ candidate: Candidate, count: Int) {
        let (classTime, time) = times(of: candidate)
        classes[candidate.priority] = classTime + count * Self.unit / candidate.priority.weight
        members[candidate.id] = time + count
    }

    package mutating func forget(_ id: Campaign.ID) {
        members[id] = nil
    }

    private func times(of candidate: Candidate) -> (classTime: Int, time: Int) {
        (
            max(classes[candidate.priority, default: 0], classClock),
            max(members[candidate.id, default: 0], memberClocks[candidate.priority, default: 0])
        )
    }
}
