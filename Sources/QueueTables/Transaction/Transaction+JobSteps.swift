import DeliveryCore

/// One step of a job: what came of recipients is recorded, and the next ones are handed out.
extension Transaction {
    mutating func perform(_ step: JobStep) throws -> WriteResult {
        var stepped = JobStepped(campaign: step.campaign, kind: step.kind, isRunning: false)
        guard var campaign = try campaign(step.campaign) else { return .stepped(stepped) }
        var row = try connection.job(step.kind, of: campaign.key)
        let before = campaign.counts
        stepped.tally = try record(step, row, &campaign)
        traffic.record(campaign.counts, since: before)
        campaign.finish(at: now.timestamp)
        update(campaign)
        if var job = row {
            try advance(&job, by: step, stepped.tally)
            try job.save(connection)
            row = job
        }
        stepped.isRunning =
            step.kind == .settle ? campaign.verifying > 0 : row?.job.state == .running
        if stepped.isRunning {
            try handOut(&stepped, for: step, &row, campaign)
            stepped.message = step.kind == .check ? nil : try message(of: campaign)
        }
        stepped.job = row?.job
        stepped.work = try connection.work(campaign)
        return .stepped(stepped)
    }

    private mutating func record(
        _ step: JobStep,
        _ row: JobRow?,
        _ campaign: inout CampaignRow
    ) throws -> Job.Tally {
        guard !step.results.isEmpty else { return Job.Tally() }
        switch (step.kind, row) {
        case (.settle, _), (.verify, _?):
            return try recordLookUps(step.results, of: step.kind, &campaign)
        case (.check, let row?): return try recordCheck(step.results, row, &campaign)
        case (.recall, let row?): return try recordRecalls(step, row, campaign)
        // Nobody asked for it.
        case (_, nil): return Job.Tally()
        }
    }

    /// Moves the walk, counts the results, and ends the job if the step says so.
    private mutating func advance(
        _ row: inout JobRow,
        by step: JobStep,
        _ tally: Job.Tally
    ) throws {
        if let cursor = step.cursor?.bytes, cursor.isBehind(row.cursor) { row.cursor = cursor }
        for result in step.kind.results { row.job.tally[result] += tally[result] }
        // Whom a check fails is left no more, however often it is asked for.
        row.settled += step.kind == .check ? tally.done - tally[.missing] : tally.done
        guard row.job.state == .running else { return }
        switch step.end {
        case .halted(let reason)?: row.end(.halted, reason: reason, at: now.timestamp)
        case .completed? where try !hasDeferred(row):
            row.end(.completed, at: now.timestamp)
            if row.job.kind == .recall { row.endRecall() }
        case .completed?, nil: break
        }
        if row.job.state != .running { noteEnd(of: row) }
    }

    /// Notes that a job has ended.
    mutating func noteEnd(of row: JobRow) {
        if let kind = EventKind(endOf: row.job.kind) { note([kind], of: row.campaign) }
    }

    /// Whether a call of the job is to be made again for somebody.
    private func hasDeferred(_ row: JobRow) throws -> Bool {
        switch row.job.kind {
        case .verify, .settle: try firstLookUp(.unknown, of: row.campaign) != nil
        case .recall: try hasDeferredRecalls(row.campaign)
        case .check: false
        }
    }

    private mutating func handOut(
        _ stepped: inout JobStepped,
        for step: JobStep,
        _ row: inout JobRow?,
        _ campaign: CampaignRow
    ) throws {
        switch step.kind {
        case .settle: try handOutDeferred(&stepped, .verifying, step.due, campaign)
        case .verify:
            try handOutDeferred(&stepped, .unknown, step.due, campaign)
            if let walk = step.walk, let row { try walkLookUps(&stepped, walk, row) }
        case .check: if let walk = step.walk, let row { try walkDraft(&stepped, walk, row) }
        case .recall:
            try handOutDeferredRecalls(&stepped, step.due, campaign)
            guard let walk = step.walk, var job = row else { return }
            try walkAccepted(&stepped, walk, &job, campaign)
            try job.save(connection)
            row = job
        }
    }
}
