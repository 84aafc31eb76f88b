import DeliveryCore
import Synchronization

/// The accounts of a run, or of many runs, in the order of their bytes and in slices, each for a
/// transaction.
///
/// Whoever takes a slice sorts or merges it, and nobody waits for another who does: one is taken at
/// a time.
final class SortedSlices: Sendable {
    /// How many accounts all slices have.
    let count: Int
    private let source: Mutex<any SliceSource>

    init(of run: AccountRun, _ part: Range<Int>? = nil) {
        count = (part ?? run.indices).count
        source = Mutex(UnsortedRun(run: run, part: part))
    }

    init(of runs: RunSpill) throws {
        count = runs.count
        source = Mutex(try runs.merger())
    }

    /// The next slice, of so many accounts; an empty one behind the last.
    func next(_ count: Int) throws -> SortedRun { try source.withLock { try $0.next(count) } }
}

/// Accounts in the order of their bytes.
private protocol SliceSource: Sendable {
    /// The next accounts, at most so many; none at the end.
    mutating func next(_ count: Int) throws -> SortedRun
}

extension RunMerger: SliceSource {}

/// A run whose sorting begins with its first slice.
private struct UnsortedRun: SliceSource {
    let run: AccountRun
    let part: Range<Int>?
    var sorter: RunSorter?

    mutating func next(_ count: Int) -> SortedRun {
        // The order has one owner while it changes, or the change would copy it.
        var present = sorter.take() ?? RunSorter(run, part)
        defer { sorter = present }
        return present.next(count)
    }
}
