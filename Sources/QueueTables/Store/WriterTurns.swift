/// The order of jobs on the writer's thread.
///
/// Hundreds of streams may each have a slice to write; in order of arrival, the sending loop's
/// commit, and every call with it, would wait for all of them. So the loop's commits go before
/// requests, and requests before the slices of streams; a commit waits for the job under way alone.
package struct WriterTurns<Resource>: Sendable {
    package typealias Job = @Sendable (Resource) -> Void

    private var waiting: [[Job]] = WriterRank.allCases.map { _ in [] }
    private var isBusy = false
    /// Turns given to higher ranks while a job of the lowest rank has waited.
    private var passedOver = 0

    /// A waiting job of the lowest rank gets a turn after so many others, however many requests
    /// come.
    private static var patience: Int { 8 }

    package init() {}

    package var waitingCount: Int { waiting.reduce(0) { $0 + $1.count } }

    /// Adds a job; true if none is under way, so that the caller must start.
    package mutating func add(_ rank: WriterRank, _ job: @escaping Job) -> Bool {
        waiting[rank.rawValue].append(job)
        defer { isBusy = true }
        return !isBusy
    }

    /// The next job; after nil there is no turn until a job is added.
    package mutating func next() -> Job? {
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

    /// All waiting jobs, which get no turn any more; the one under way isn't one of them.
    package mutating func drain() -> [Job] {
        defer { waiting = waiting.map { _ in [] } }
        return waiting.flatMap { $0 }
    }
}
