import Synchronization

/// The memory that all bodies of one kind share while they are read and answered, or made and sent.
///
/// Without it a client that sends nearly all of a body on each of its connections, or reads nothing
/// of what it asked for, would have the endpoint hold them all.
final class MemoryBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes the memory that a response may need; it is free again when the share is gone.
    func share(_ count: Int) throws(Problem) -> Share {
        let share = Share(of: self)
        guard share.take(count) else { throw .tooMany("long answers are being read") }
        return share
    }

    private func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard used + count <= limit else { return false }
            used += count
            return true
        }
    }

    private func giveBack(_ count: Int) { used.withLock { $0 -= count } }

    /// What one request has taken, given back when the share is gone.
    final class Share: Sendable {
        private let budget: MemoryBudget
        private let taken = Mutex(0)

        init(of budget: MemoryBudget) {
            self.budget = budget
        }

        deinit {
            budget.giveBack(taken.withLock { $0 })
        }

        /// Takes more; false if there is no room for it.
        func take(_ count: Int) -> Bool {
            guard budget.take(count) else { return false }
            taken.withLock { $0 += count }
            return true
        }
    }
}
