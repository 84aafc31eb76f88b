import Compression
import DeliveryCore
import DeliveryEngine
import HummingbirdCore
import NIOCore

/// Where the accounts of a stream go.
protocol IntakeDestination: Sendable {
    /// Opens it to one stream, which `close` ends; a refusal comes before the body is read.
    func open() async throws(Problem)

    /// Stores a run durably, or as much of it as the answer counts, and all before it; nil if it is
    /// set aside until a later one, the last at the latest.
    func take(_ run: AccountRun, isLast: Bool, now: Now) async throws(Problem) -> Taken?

    func close() async

    /// How many accounts it has in all.
    func total() async throws(Problem) -> Int
}

/// One stream of accounts, stored in bounded memory.
///
/// While a run is being written, which is the store's work on its own thread, the next one is
/// read. A run is handed over when it is long, or when the budget has no room for more.
struct AccountIntake {
    let destination: any IntakeDestination
    let budget: IntakeBudget
    let now: @Sendable () -> Now

    /// Reads and stores the whole stream that is a request's body.
    func run(_ stream: AccountStream, of request: APIRequest) async throws(Problem) -> IntakeSummary
    {
        guard budget.open() else {
            throw .tooMany("streams are open", seconds: 5)
        }
        do {
            try await destination.open()
        } catch {
            budget.close()
            throw error
        }
        request.askForBody()
        let body = request.request.body
        // Not on the event loop: a client that sends fast would have it for itself.
        var (summary, fault) = await withTaskExecutorPreference(globalConcurrentExecutor) {
            await read(stream, body)
        }
        budget.close()
        await destination.close()
        if summary.total == nil {
            do {
                summary.total = try await destination.total()
            } catch {
                // Beside another fault the total is only a courtesy.
                summary.total = 0
                fault = fault ?? error
            }
        }
        if var problem = fault {
            problem.intake = summary
            throw problem
        }
        return summary
    }

    /// Reads and stores the stream; what was stored of one that broke off counts as well.
    private func read(
        _ stream: AccountStream,
        _ body: RequestBody
    ) async -> (IntakeSummary, Problem?) {
        await withTaskGroup(of: RunEnd.self) { group in
            var reading = Reading(intake: self, lines: stream.reader)
            let fault = await reading.readAll(body, isGzip: stream.isGzip, &group)
            let lastFault = await reading.finish(&group)
            return (reading.summary, fault ?? lastFault)
        }
    }

    typealias RunEnd = Result<Taken?, Problem>
}

/// The form in which a request brings its accounts.
struct AccountStream {
    let reader: any AccountReader
    let isGzip: Bool

    init(_ request: APIRequest, rules: any AccountRules) throws(Problem) {
        let headers = request.request.headers
        reader =
            switch try headers.contentType(oneOf: [.text, .ndjson, .csv]) {
            case .csv: AccountTable(rules: rules)
            case .ndjson: AccountLines(form: .ndjson, rules: rules)
            default: AccountLines(form: .text, rules: rules)
            }
        isGzip = try headers.isGzip(allowed: true)
    }
}

/// The state of one stream while it is read.
private struct Reading {
    let intake: AccountIntake
    var lines: any AccountReader
    var summary = IntakeSummary()
    /// What the budget was told this stream holds.
    var held = 0
    /// The run that is being written, as its footprint; nil if none is.
    var writing: Int?
    /// Whether runs are set aside, to be stored with the last one at the latest.
    var hasSetAside = false

    /// A piece of 16 KiB of the shortest lines makes a run grow by this much at most: 2 bytes of
    /// input become 5.
    private static let pieceGrowth = 40_960
    private static let pieceSize = 16_384
    /// How the budget is asked: often enough to be fair, seldom enough to cost nothing.
    private static let step = 1 << 20

    typealias Group = TaskGroup<AccountIntake.RunEnd>

    /// Reads until the stream ends, breaks or the store refuses; the failure is returned.
    mutating func readAll(_ body: RequestBody, isGzip: Bool, _ group: inout Group) async -> Problem?
    {
        do {
            if isGzip {
                try await readInflated(body, &group)
            } else {
                for try await buffer in body { try await read(buffer, &group) }
            }
            lines.finish()
            return nil
        } catch let problem as Problem {
            return problem
        } catch let fault as GzipInflation.Fault {
            return Problem(.brokenStream, fault.detail)
        } catch {
            return Problem(bodyFailure: error)
        }
    }

    private mutating func read(_ buffer: ByteBuffer, _ group: inout Group) async throws(Problem) {
        var buffer = buffer
        while let piece = buffer.readSlice(length: min(Self.pieceSize, buffer.readableBytes)),
            piece.readableBytes > 0
        {
            try await makeRoom(&group)
            unsafe piece.withUnsafeReadableBytes { unsafe lines.read($0) }
            // A client that sends as fast as it can mustn't keep a thread for itself.
            await Task.yield()
        }
    }

    private mutating func readInflated(_ body: RequestBody, _ group: inout Group) async throws {
        let inflation = try GzipInflation(pieceSize: Self.pieceSize)
        for try await buffer in body {
            inflation.feed(buffer.readableBytesView)
            var hasMore = true
            while hasMore {
                try await makeRoom(&group)
                hasMore = try unsafe inflation.next { unsafe lines.read($0) }
                // A few bytes may inflate for minutes.
                await Task.yield()
            }
        }
        try inflation.finish()
    }

    /// Makes sure that one more piece fits the budget, writing runs and waiting as needed.
    private mutating func makeRoom(_ group: inout Group) async throws(Problem) {
        while true {
            let share = intake.budget.share
            if lines.run.footprint >= share / 8 * longestRun {
                try await handOver(isLast: false, &group)
            }
            let wanted = lines.run.footprint + (writing ?? 0) + Self.pieceGrowth
            if wanted <= held { return }
            if resize(to: wanted + min(Self.step, share / 8)) || resize(to: wanted) { return }
            if writing != nil {
                try await awaitWritten(&group)
            } else if !lines.run.isEmpty {
                try await handOver(isLast: false, &group)
            } else {
                // Even an empty run must read on, or this stream would wait for others to end.
                return
            }
        }
    }

    /// The eighths of the stream's share that a run has before it is handed over.
    ///
    /// The longer a run is, the faster it is stored. Those that are set aside are stored as one
    /// whatever their length, so they are short: the last one's sorting is waited for.
    private var longestRun: Int { hasSetAside ? 2 : 5 }

    private mutating func resize(to size: Int) -> Bool {
        guard intake.budget.resize(from: held, to: size) else { return false }
        held = size
        return true
    }

    /// Gives the run to the store, once the one before it is written.
    private mutating func handOver(isLast: Bool, _ group: inout Group) async throws(Problem) {
        try await awaitWritten(&group)
        let run = lines.run
        lines.run = AccountRun()
        // Growing by doubling would hold up to three times the run. Pages that stay untouched
        // cost nothing, so both arrays are made as large as the shortest accounts could want.
        if run.footprint > IntakeBudget.minimum, !isLast {
            let share = intake.budget.share
            lines.run.reserve(bytes: share / 8 * 5, accounts: share / 8)
        }
        writing = run.footprint
        let (intake, now) = (intake, intake.now())
        group.addTask {
            do throws(Problem) {
                // It is sorted first.
                let taken = try await LongWork.over(run.footprint) { () throws(Problem) in
                    try await intake.destination.take(run, isLast: isLast, now: now)
                }
                return .success(taken)
            } catch {
                return .failure(error)
            }
        }
    }

    private mutating func awaitWritten(_ group: inout Group) async throws(Problem) {
        guard writing != nil, let end = await group.next() else { return }
        writing = nil
        // Always succeeds: it only gives back.
        _ = resize(to: min(held, lines.run.footprint + Self.pieceGrowth))
        switch end {
        case .success(nil):
            hasSetAside = true
        case .success(let taken?):
            hasSetAside = false
            summary.accepted += taken.accepted
            summary.duplicates += taken.duplicates
            summary.total = taken.total
            if let fault = taken.fault { throw Problem(brokenIntake: fault) }
        case .failure(let problem):
            throw problem
        }
    }

    /// Writes what is left, also of a broken stream, and gives the memory back.
    mutating func finish(_ group: inout Group) async -> Problem? {
        defer {
            _ = resize(to: 0)
            summary.invalid = lines.invalid
        }
        do throws(Problem) {
            try await awaitWritten(&group)
            if !lines.run.isEmpty || hasSetAside { try await handOver(isLast: true, &group) }
            try await awaitWritten(&group)
            return nil
        } catch {
            return error
        }
    }
}
