/// The backlogged flows of one priority, and what they were served all together.
struct FlowClass: Sendable, Equatable {
    /// The class's virtual start time among the classes.
    var startTime = 0
    /// The virtual time that its flows have come to: a flow that joins starts here.
    private(set) var virtualTime = 0
    private var notices = FlowQueue()
    private var others = FlowQueue()

    mutating func insert(_ backlog: Backlog) {
        if backlog.isNotice {
            notices.insert(backlog, virtualTime: virtualTime)
        } else {
            others.insert(backlog, virtualTime: virtualTime)
        }
    }

    mutating func remove(_ backlog: Backlog) {
        if backlog.isNotice {
            notices.remove(backlog, virtualTime: virtualTime)
        } else {
            others.remove(backlog, virtualTime: virtualTime)
        }
    }

    mutating func advance(to time: Int) {
        guard time > virtualTime else { return }
        virtualTime = time
        notices.advance(to: time)
        others.advance(to: time)
    }

    /// The next flow, with the virtual time at which it starts, and the one of the campaign created
    /// first; with a condition, of the notices that fit.
    func turn(
        ofNotices fits: ((Campaign.ID) -> Bool)? = nil
    ) -> (next: Ranked<Int>, eldest: Ranked<Int>)? {
        if let fits { return notices.turn(at: virtualTime, where: fits) }
        let notice = notices.turn(at: virtualTime) { _ in true }
        let other = others.turn(at: virtualTime) { _ in true }
        guard let notice, let other else { return notice ?? other }
        return (min(notice.next, other.next), min(notice.eldest, other.eldest))
    }
}
