import GRDB
import QueueTables

/// Which job writes next.
///
/// Hundreds of streams may each have a slice to write; first come, first served, the sending loop's
/// commit would wait for all of them, and with it whatever it sends. So the loop's commits go before
/// requests, and requests before the slices of streams; a commit waits for the one job that is under
/// way.
struct WriterTurns {
    typealias Job = @Sendable (Database) -> Void

    private var waiting: [[Job]] = WriterRank.allCases.map { _ in [] }
    private var isBusy = false
    /// Turns given since the last one of the lowest rank, while that waited.
    private var passedOver = 0

    /// The lowest rank that waits has a turn after so many others, however many requests come.
    private static let patience = 8

    var waitingCount: Int { waiting.reduce(0) { $0 + $1.count } }

    /// Takes a job; true if none is under way, so that the caller has to begin.
    mutating func add(_ rank: WriterRank, _ job: @escaping Job) -> Bool {
        waiting[rank.rawValue].append(job)
        defer { isBusy = true }
        return !isBusy
    }

    /// The next job; with nil the turns are over until one is added.
    mutating func next() -> Job? {
        guard let first = waiting.firstIndex(where: { !$0.isEmpty }),
            let last = waiting.lastIndex(where: { !$0.isEmpty })
        else {
            isBusy = false
            return nil
        }
        passedOver = first == last ? 0 : passedOver + 1
        guard passedOver > Self.patience else { return waiting[first].removeFirst() }
        passedOver = 0
        return waiting[last].removeFirst()
    }
}
