/// Says whose turn it is: classes share 16 : 4 : 1 in recipients, campaigns of a class equally.
///
/// Start-time fair queueing, twice: among the classes that are backlogged, then among the flows of
/// the class, each a campaign's. Each has a virtual start time that grows by the recipients served
/// over the weight, and the least is next. A flow that is backlogged again starts at the present
/// virtual time: there is no credit for having been away.
package struct FairShares: Sendable, Equatable {
    /// Recipients cost a class 16/weight each, so that virtual time stays whole.
    private static let unit = 16

    private var classes: [Priority: FlowClass] = [:]
    private var classVirtualTime = 0
    /// The virtual start time of every flow that was served.
    private var startTimes: [Campaign.ID: Int] = [:]
    private var backlogs: [Campaign.ID: Backlog] = [:]

    package init() {}

    /// A campaign as what is served.
    package struct Flow: Sendable, Hashable {
        package let id: Campaign.ID
        package let priority: Priority

        package init(id: Campaign.ID, priority: Priority) {
            self.id = id
            self.priority = priority
        }
    }

    /// A flow has so many recipients to send to now; `order` breaks ties.
    package mutating func enter(_ flow: Flow, order: Int64, size: Int) {
        leave(flow.id)
        let startTime = startTimes[flow.id, default: 0]
        insert(Backlog(flow: flow, order: order, size: size, startTime: startTime))
    }

    /// A flow has nothing to send now, or may send nothing.
    package mutating func leave(_ id: Campaign.ID) {
        guard let backlog = backlogs.removeValue(forKey: id) else { return }
        classes[backlog.flow.priority]?.remove(backlog)
    }

    private mutating func insert(_ backlog: Backlog) {
        backlogs[backlog.flow.id] = backlog
        classes[backlog.flow.priority, default: FlowClass()].insert(backlog)
    }

    /// The flow whose turn it is; of equals that of the campaign created first.
    ///
    /// It stays the same until it is served, so a large batch that waits for room isn't overtaken
    /// for ever.
    package mutating func next() -> Flow? {
        guard let turn = nextTurn else { return nil }
        classVirtualTime = max(classVirtualTime, turn.classTime)
        classes[turn.flow.priority]?.advance(to: turn.startTime)
        return turn.flow
    }

    /// The flow whose turn it is; virtual time stays as it is.
    package var turn: Flow? { nextTurn?.flow }

    private var nextTurn: (flow: Flow, classTime: Int, startTime: Int)? {
        turn { $0.turn() }
    }

    /// The notice that would be next among those of at most so many recipients, without one flow;
    /// virtual time stays as it is.
    package func nextNotice(upTo size: Int, without other: Flow) -> Flow? {
        let fits = { (id: Campaign.ID) in
            id != other.id && backlogs[id].map { $0.size <= size } ?? false
        }
        return turn { $0.turn(ofNotices: fits) }?.flow
    }

    /// A flow was served so many recipients; a negative count takes some back.
    package mutating func served(_ flow: Flow, count: Int) {
        let classTime = max(classes[flow.priority]?.startTime ?? 0, classVirtualTime)
        classes[flow.priority, default: FlowClass()].startTime =
            classTime + count * Self.unit / flow.priority.weight
        let virtualTime = classes[flow.priority]?.virtualTime ?? 0
        put(flow.id, at: max(startTimes[flow.id, default: 0], virtualTime) + count)
    }

    /// A campaign is gone, or in another class: what it was served counts no more.
    package mutating func forget(_ id: Campaign.ID) {
        put(id, at: nil)
    }

    private mutating func put(_ id: Campaign.ID, at startTime: Int?) {
        startTimes[id] = startTime
        guard var backlog = backlogs[id] else { return }
        leave(id)
        backlog.startTime = startTime ?? 0
        insert(backlog)
    }

    private func turn(
        in turnOfClass: (FlowClass) -> (next: Ranked<Int>, eldest: Ranked<Int>)?
    ) -> (flow: Flow, classTime: Int, startTime: Int)? {
        var best: (priority: Priority, class: Ranked<Int>, next: Ranked<Int>)?
        for priority in Priority.allCases {
            guard let flowClass = classes[priority], let turn = turnOfClass(flowClass) else {
                continue
            }
            let time = max(flowClass.startTime, classVirtualTime)
            // Of classes at the same time, the one with the campaign created first.
            let rank = Ranked(key: time, order: turn.eldest.order, id: turn.eldest.id)
            if let best, best.class < rank { continue }
            best = (priority, rank, turn.next)
        }
        return best.map { best in
            let flow = Flow(id: best.next.id, priority: best.priority)
            return (flow, best.class.key, best.next.key)
        }
    }

    /// The flows that are backlogged.
    package var flows: Set<Flow> { Set(backlogs.values.map(\.flow)) }

    /// Whether every flow is where its virtual start time puts it; costs a look at each.
    package var isConsistent: Bool {
        var copy = self
        for backlog in backlogs.values {
            copy.enter(backlog.flow, order: backlog.order, size: backlog.size)
        }
        return copy == self
    }
}
