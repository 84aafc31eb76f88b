import DeliveryCore

/// One step of a job: what came of recipients is recorded, and the next ones are handed out.
extension Transaction {
    mutating func perform(_ step: JobStep) throws -> WriteResult {
        var stepped = JobStepped(campaign: step.campaign, kind: step.kind, isRunning: false)
        guard var campaign = try campaign(step.campaign) else { return .stepped(stepped) }
        var row = try connection.job(step.kind, of: campaign.key)
        stepped.tally = try record(step.results, of: step.kind, &row, &campaign)
        campaign.finish(at: now.timestamp)
        update(campaign)
        if var job = row {
            try advance(&job, by: step, stepped.tally, campaign)
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
        _ results: [JobResult],
        of kind: Job.Kind,
        _ row: inout JobRow?,
        _ campaign: inout CampaignRow
    ) throws -> Job.Tally {
        guard !results.isEmpty else { return Job.Tally() }
        switch kind {
        case .settle, .verify: return try recordLookUps(results, of: kind, &campaign)
        case .check: return try row.map { try recordCheck(results, $0, &campaign) } ?? Job.Tally()
        case .recall: return Job.Tally()
        }
    }

    /// Moves the walk, counts the results, and ends the job if the step says so.
    private func advance(
        _ row: inout JobRow,
        by step: JobStep,
        _ tally: Job.Tally,
        _ campaign: CampaignRow
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
        case .completed?, nil: break
        }
    }

    /// Whether a call of the job is to be made again for somebody.
    private func hasDeferred(_ row: JobRow) throws -> Bool {
        switch row.job.kind {
        case .verify, .settle: try firstLookUp(.unknown, of: row.campaign) != nil
        case .check, .recall: false
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
        case .recall: break
        }
    }
}
