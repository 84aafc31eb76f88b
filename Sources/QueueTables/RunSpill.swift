package import DeliveryCore
package import Platform
import Synchronization

/// Sorted runs of accounts on disk, until they are merged.
///
/// A run in random order touches every page of a large table, so a stream of many runs would write
/// the table as many times over. Merged they are one run, which writes each page once.
package final class RunSpill: Sendable {
    private let file: ScratchFile
    private let runLimit: Int
    private let state = Mutex(State())

    private struct State {
        var runs: [Run] = []
        /// Where the next run begins in the file.
        var end = 0
    }

    /// A run in the file: each account behind a byte with its length, in the order of their bytes.
    struct Run: Sendable {
        let place: Range<Int>
        let count: Int
        /// What all its accounts begin with.
        let commonPrefix: [UInt8]
    }

    /// With so many runs of the usual length thirteen million accounts of 16 bytes are merged at a
    /// time.
    package static let usualRunLimit = 32

    package init(_ file: ScratchFile, runLimit: Int = usualRunLimit) {
        self.file = file
        self.runLimit = runLimit
    }

    package var isEmpty: Bool { state.withLock { $0.runs.isEmpty } }
    package var isFull: Bool { state.withLock { $0.runs.count >= runLimit } }

    /// How many accounts its runs have.
    package var count: Int { state.withLock { $0.runs.reduce(0) { $0 + $1.count } } }

    /// Sorts a run and writes it to the file; if that fails, nothing of the run is kept.
    package func add(_ run: AccountRun) throws {
        guard !run.isEmpty else { return }
        let start = state.withLock { $0.end }
        do {
            try add(run, at: start)
        } catch {
            // Whoever stores what was spilled needs the room.
            cut(to: start)
            throw error
        }
    }

    private func add(_ run: AccountRun, at start: Int) throws {
        var end = start
        var sorter = RunSorter(run)
        var written: [UInt8] = []
        while true {
            let slice = sorter.next(CommitSize.slice).accounts
            if slice.isEmpty { break }
            written.removeAll(keepingCapacity: true)
            written.reserveCapacity(slice.bytes.count + slice.count)
            unsafe slice.borrowed { slice in
                for place in unsafe 0..<slice.count {
                    let account = unsafe slice[place]
                    written.append(UInt8(account.count))
                    unsafe written.append(contentsOf: account)
                }
            }
            try file.write(written, at: end)
            end += written.count
        }
        let prefix = sorter.commonPrefix
        state.withLock { [end] in
            $0.runs.append(Run(place: start..<end, count: run.count, commonPrefix: prefix))
            $0.end = end
        }
    }

    /// All runs as one.
    package func merger() throws -> RunMerger {
        try RunMerger(state.withLock { $0.runs }, in: file)
    }

    /// Forgets the runs, which no merger must read any more.
    package func removeAll() {
        state.withLock { $0 = State() }
        cut(to: 0)
    }

    private func cut(to size: Int) {
        do {
            try file.cut(to: size)
        } catch {
            // The next run is written over what is left.
        }
    }
}
