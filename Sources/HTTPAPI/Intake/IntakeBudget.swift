import Synchronization

/// The memory that all open streams of accounts share.
///
/// A stream alone may take nearly all of it, since the longer the runs, the faster they are
/// written; each further stream lowers the share of each, and one that is over it gives back at its
/// next run.
package final class IntakeBudget: Sendable {
    package let limit: Int
    private let state = Mutex(State())

    private struct State {
        var streamCount = 0
        var used = 0
    }

    /// What every stream may hold whatever the others do, so that none waits for another to end.
    package static let minimum = 65_536

    package init(limit: Int) {
        self.limit = limit
    }

    /// Enters a stream; false where not even its minimum is left.
    package func open() -> Bool {
        state.withLock { state in
            guard state.streamCount < max(1, limit / Self.minimum) else { return false }
            state.streamCount += 1
            return true
        }
    }

    package func close() { state.withLock { $0.streamCount -= 1 } }

    /// How much one stream may hold at present.
    package var share: Int {
        state.withLock { max(Self.minimum, limit / max(1, $0.streamCount)) }
    }

    package var used: Int { state.withLock { $0.used } }

    /// Changes what a stream holds from one size to another; false if there is no room for it.
    package func resize(from old: Int, to new: Int) -> Bool {
        state.withLock { state in
            let share = max(Self.minimum, limit / max(1, state.streamCount))
            let fits = new <= share && state.used - old + new <= limit
            guard new <= old || new <= Self.minimum || fits else { return false }
            state.used += new - old
            return true
        }
    }
}
