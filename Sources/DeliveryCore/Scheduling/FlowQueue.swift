/// Flows of one class by whose turn it is: the least virtual start time first.
///
/// A flow whose virtual start time isn't after the class's virtual time starts at that time, and
/// among those the campaign created first is next. So they are kept apart, by creation, from those
/// that start later.
struct FlowQueue: Sendable, Equatable {
    private var all = SortedIndex<Ranked<Int>>()
    private var startable = SortedIndex<Ranked<Int>>()
    private var later = SortedIndex<Ranked<Int>>()

    /// So many are looked at for one that fits; behind them, one waits until these are through.
    private static let searchLimit = 100

    mutating func insert(_ backlog: Backlog, virtualTime: Int) {
        all.insert(backlog.ranked(by: 0))
        if backlog.startTime > virtualTime {
            later.insert(backlog.ranked(by: backlog.startTime))
        } else {
            startable.insert(backlog.ranked(by: 0))
        }
    }

    mutating func remove(_ backlog: Backlog, virtualTime: Int) {
        all.remove(backlog.ranked(by: 0))
        if backlog.startTime > virtualTime {
            later.remove(backlog.ranked(by: backlog.startTime))
        } else {
            startable.remove(backlog.ranked(by: 0))
        }
    }

    /// The next flow of those that fit, with the virtual time at which it starts, and the one of the
    /// campaign created first.
    func turn(
        at virtualTime: Int,
        where fits: (Campaign.ID) -> Bool
    ) -> (next: Ranked<Int>, eldest: Ranked<Int>)? {
        func search(_ flows: SortedIndex<Ranked<Int>>) -> Ranked<Int>? {
            flows.lazy.prefix(Self.searchLimit).first { fits($0.id) }
        }
        let next = search(startable)?.starting(at: virtualTime) ?? search(later)
        return next.map { ($0, search(all) ?? $0) }
    }

    /// The class's virtual time moves on.
    mutating func advance(to virtualTime: Int) {
        while let flow = later.first, flow.key <= virtualTime {
            later.remove(flow)
            startable.insert(flow.starting(at: 0))
        }
    }
}

extension Ranked<Int> {
    fileprivate func starting(at time: Int) -> Ranked { Ranked(key: time, order: order, id: id) }
}
