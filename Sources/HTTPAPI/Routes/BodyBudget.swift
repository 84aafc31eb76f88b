import Synchronization

/// The memory that all bodies of one kind share while they are read and answered, or made and sent.
///
/// Without it a client that sends nearly all of a body on each of its connections, or reads nothing
/// of what it asked for, would have the endpoint hold them all.
package final class BodyBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    package init(limit: Int) {
        self.limit = limit
    }

    private func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard used + count <= limit else { return false }
            used += count
            return true
        }
    }

    private func giveBack(_ count: Int) { used.withLock { $0 -= count } }

    /// What one request has taken, given back when nobody needs it any more.
    package final class Share: Sendable {
        private let budget: BodyBudget
        private let taken = Mutex(0)

        package init(of budget: BodyBudget) {
            self.budget = budget
        }

        deinit {
            budget.giveBack(taken.withLock { $0 })
        }

        /// Takes more; false if there is no room for it.
        package func take(_ count: Int) -> Bool {
            guard budget.take(count) else { return false }
            taken.withLock { $0 += count }
            return true
        }
    }
}
