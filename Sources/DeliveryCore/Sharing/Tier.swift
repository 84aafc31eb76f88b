/// What a class has been served, and those of its campaigns that have work now.
struct Tier: Sendable, Equatable {
    /// The virtual time of the class among the classes.
    var time = 0
    /// The virtual time that its campaigns have come to: who joins starts here.
    private(set) var clock = 0
    /// By size, none of them empty.
    private var queues: [TurnQueue] = []

    /// Sizes over this are all the same: nothing is asked of them but who is next.
    private static let largestSize = Dispatcher.noticeLimit + 1

    mutating func insert(_ id: Campaign.ID, order: Int64, size: Int, time: Int) {
        let size = min(size, Self.largestSize)
        let index = index(of: size)
        if index == queues.count || queues[index].size != size {
            queues.insert(TurnQueue(size: size), at: index)
        }
        queues[index].insert(id, order: order, time: time, clock: clock)
    }

    mutating func remove(_ id: Campaign.ID, order: Int64, size: Int, time: Int) {
        let index = index(of: min(size, Self.largestSize))
        queues[index].remove(id, order: order, time: time, clock: clock)
        if queues[index].isEmpty { queues.remove(at: index) }
    }

    mutating func advance(to time: Int) {
        guard time > clock else { return }
        clock = time
        for index in queues.indices { queues[index].advance(to: time) }
    }

    /// Who is next among those with no more work than this.
    func first(upTo size: Int) -> Place<Int>? {
        var best: Place<Int>?
        for queue in queues where queue.size <= size {
            guard let place = queue.first(clock: clock) else { continue }
            best = best.map { min($0, place) } ?? place
        }
        return best
    }

    /// The one created first among those with no more work than this.
    func eldest(upTo size: Int) -> Place<Int>? {
        var best: Place<Int>?
        for queue in queues where queue.size <= size {
            guard let place = queue.eldest else { continue }
            best = best.map { min($0, place) } ?? place
        }
        return best
    }

    private func index(of size: Int) -> Int {
        queues.firstIndex { $0.size >= size } ?? queues.count
    }
}
