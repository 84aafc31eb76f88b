import Compression
import DeliveryCore
import DeliveryEngine
import Hummingbird
import NIOCore

/// One stream of recipients into a draft, in bounded memory.
///
/// While a run is being written, which is the store's work on its own thread, the next one is
/// read. A run is handed over when it is long, or when the budget has no room for more.
struct RecipientIntake {
    let campaign: Campaign.ID
    let campaigns: any Campaigns
    let budget: IntakeBudget
    let now: @Sendable () -> Now

    /// Reads and stores the whole stream; `askForBody` is called when it is sure to be wanted.
    func run(
        _ body: RequestBody,
        into reader: any AccountReader,
        isGzip: Bool,
        askForBody: () -> Void
    ) async throws(Problem) -> IntakeSummary {
        guard budget.open() else {
            throw .tooMany("streams are open", seconds: 5)
        }
        do {
            try await campaigns.openIntake(campaign)
        } catch {
            budget.close()
            var problem = Problem(error, campaign)
            if case .queue = error {
                problem.intake = IntakeSummary(total: await currentTotal())
            }
            throw problem
        }
        askForBody()
        var (summary, fault) = await withTaskGroup(of: RunEnd.self) { group in
            var reading = Reading(intake: self, lines: reader)
            let fault = await reading.readAll(body, isGzip: isGzip, &group)
            let lastFault = await reading.finish(&group)
            return (reading.summary, fault ?? lastFault)
        }
        budget.close()
        await campaigns.closeIntake(campaign)
        if summary.total == nil { summary.total = await currentTotal() }
        if var problem = fault {
            problem.intake = summary
            throw problem
        }
        return summary
    }

    private func currentTotal() async -> Int {
        do {
            return try await campaigns.campaign(campaign)?.counts.total ?? 0
        } catch {
            // Nothing was taken in, so the total is only a courtesy; it isn't worth a failure.
            return 0
        }
    }

    typealias RunEnd = Result<Taken, IntakeError>
}

/// The state of one stream while it is read.
private struct Reading {
    let intake: RecipientIntake
    var lines: any AccountReader
    var summary = IntakeSummary()
    /// What the budget was told this stream holds.
    var held = 0
    /// The run that is being written, as its footprint; nil if none is.
    var writing: Int?

    /// A piece of 16 KiB of the shortest lines makes a run grow by this much at most: 2 bytes of
    /// input become 5.
    private static let pieceGrowth = 40_960
    private static let pieceSize = 16_384
    /// How the budget is asked: often enough to be fair, seldom enough to cost nothing.
    private static let step = 1 << 20

    typealias Group = TaskGroup<RecipientIntake.RunEnd>

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
            if lines.run.footprint >= share / 8 * 5 {
                try await handOver(&group)
            }
            let wanted = lines.run.footprint + (writing ?? 0) + Self.pieceGrowth
            if wanted <= held { return }
            if resize(to: wanted + min(Self.step, share / 8)) || resize(to: wanted) { return }
            if writing != nil {
                try await awaitWritten(&group)
            } else if !lines.run.isEmpty {
                try await handOver(&group)
            } else {
                // Even an empty run must read on, or this stream would wait for others to end.
                return
            }
        }
    }

    private mutating func resize(to size: Int) -> Bool {
        guard intake.budget.resize(from: held, to: size) else { return false }
        held = size
        return true
    }

    /// Gives the run to the store, once the one before it is written.
    private mutating func handOver(_ group: inout Group) async throws(Problem) {
        try await awaitWritten(&group)
        let run = lines.run
        lines.run = AccountRun()
        // Growing by doubling would hold up to three times the run. Pages that stay untouched
        // cost nothing, so both arrays are made as large as the shortest accounts could want.
        let share = intake.budget.share
        if run.footprint > IntakeBudget.minimum {
            lines.run.reserve(bytes: share / 8 * 5, accounts: share / 8)
        }
        writing = run.footprint
        let (intake, now) = (intake, intake.now())
        group.addTask {
            do throws(IntakeError) {
                // It is sorted first.
                let taken = try await LongWork.over(run.footprint) { () throws(IntakeError) in
                    try await intake.campaigns.take(run, into: intake.campaign, now: now)
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
        case .success(let taken):
            summary.accepted += taken.accepted
            summary.duplicates += taken.duplicates
            summary.total = taken.total
            if let fault = taken.fault { throw Problem(.queue(fault), intake.campaign) }
        case .failure(let error):
            throw Problem(error, intake.campaign)
        }
    }

    /// Writes what is left, also of a broken stream, and gives the memory back.
    mutating func finish(_ group: inout Group) async -> Problem? {
        defer {
            _ = resize(to: 0)
            summary.invalid = lines.invalid
        }
        do throws(Problem) {
            if !lines.run.isEmpty { try await handOver(&group) }
            try await awaitWritten(&group)
            return nil
        } catch {
            return error
        }
    }
}
