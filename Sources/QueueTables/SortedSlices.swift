import DeliveryCore
import Synchronization

/// A run's accounts in the order of their bytes, in slices of a transaction's size.
///
/// Whoever takes a slice sorts it, and nobody waits for another who does: one is taken at a time.
final class SortedSlices: Sendable {
    /// How many accounts all slices have.
    let count: Int
    private let state: Mutex<State>

    private enum State {
        case unsorted(AccountRun, Range<Int>?)
        case sorting(RunSorter)
    }

    init(of run: AccountRun, _ part: Range<Int>? = nil) {
        count = (part ?? run.indices).count
        state = Mutex(.unsorted(run, part))
    }

    /// The next slice; an empty one behind the last.
    func next() -> SortedRun {
        state.withLock { state in
            var sorter =
                switch state {
                case .unsorted(let run, let part): RunSorter(run, part)
                case .sorting(let sorter): sorter
                }
            // The order has one owner while it changes, or the change would copy it.
            state = .unsorted(AccountRun(), nil)
            defer { state = .sorting(sorter) }
            return sorter.next(CommitSize.slice)
        }
    }
}
