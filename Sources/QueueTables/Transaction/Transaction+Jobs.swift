import DeliveryCore

/// How jobs start and stop.
extension Transaction {
    mutating func startJob(
        _ id: Campaign.ID,
        _ kind: Job.Kind,
        _ terms: JobTerms
    ) throws -> Change {
        guard let campaign = try campaign(id) else { return .failure(.notFound) }
        if let running = try connection.runningJob(of: campaign.key) {
            return .failure(.jobRunning(running))
        }
        let new = Job(kind: kind, total: 0, startedAt: now.timestamp)
        var row =
            try connection.job(kind, of: campaign.key)
            ?? JobRow(campaign: campaign.key, job: new)
        let total: Int
        switch kind {
        case .check:
            if let refusal = refusalToCheck(campaign) { return .failure(refusal) }
            total = leftToCheck(&row, campaign)
        case .verify:
            guard campaign.state != .draft else { return .failure(.wrongState(.draft)) }
            total = try leftToLookUp(&row)
        case .recall:
            guard campaign.state.allowsRecall else {
                return .failure(.wrongState(campaign.state))
            }
            total = leftToRecall(&row, campaign)
            if total > 0, let end = campaign.finishedAt, end < terms.historySince {
                return .failure(.beyondHistory)
            }
        case .settle: preconditionFailure("nobody asks for the look-ups of a policy")
        }
        guard total > 0 else { return .failure(.nobodyLeft(kind)) }
        row.begin(total: total, callsPerSecond: terms.callsPerSecond, at: now.timestamp)
        try row.save(connection)
        return .success(try changed(campaign))
    }

    mutating func stopJob(_ id: Campaign.ID, _ kind: Job.Kind) throws -> Change {
        guard let campaign = try campaign(id) else { return .failure(.notFound) }
        guard try stopRunning(kind, of: campaign) else { return .failure(.noJob(kind)) }
        return .success(try changed(campaign))
    }

    /// Stops a job of a campaign if it is running; answers whether it was.
    @discardableResult
    mutating func stopRunning(_ kind: Job.Kind, of campaign: CampaignRow) throws -> Bool {
        guard var row = try connection.job(kind, of: campaign.key), row.job.state == .running
        else { return false }
        row.end(.stopped, at: now.timestamp)
        try row.save(connection)
        noteEnd(of: row)
        return true
    }

    /// Refuses a change that a running recall forbids: it is about those who were sent by now.
    func refusalWhileRecalling(_ campaign: CampaignRow) throws -> ChangeRefusal? {
        let running = try connection.runningJob(of: campaign.key)
        return running == .recall ? .jobRunning(.recall) : nil
    }

    // MARK: Who is left

    private func refusalToCheck(_ campaign: CampaignRow) -> ChangeRefusal? {
        guard campaign.state == .draft else { return .wrongState(campaign.state) }
        if intakes[campaign.id] != nil { return .intakeOpen }
        return campaign.counts.total == 0 ? .emptyDraft : nil
    }

    /// The walk of a check goes on if nobody has come since it began, and somebody is left.
    private func leftToCheck(_ row: inout JobRow, _ campaign: CampaignRow) -> Int {
        let isSame = row.job.state != .completed && row.goal == campaign.counts.total
        if !isSame || row.settled >= campaign.counts.queued { (row.cursor, row.settled) = ([], 0) }
        row.goal = campaign.counts.total
        return campaign.counts.queued - row.settled
    }

    /// The walk of a look-up goes on if it has anyone left, whether ahead or put off.
    private func leftToLookUp(_ row: inout JobRow) throws -> Int {
        if row.job.state == .completed { row.cursor = [] }
        let left = try unknownCount(row)
        guard left == 0, !row.cursor.isEmpty else { return left }
        row.cursor = []
        return try unknownCount(row)
    }

    /// The walk of a recall goes on if nobody has been accepted since it began.
    private func leftToRecall(_ row: inout JobRow, _ campaign: CampaignRow) -> Int {
        let sent = campaign.counts.sent
        if row.job.state == .completed || row.goal != sent {
            row.beginRecall(of: sent, upTo: memory.lastCall)
        }
        return sent - row.settled
    }

    private func unknownCount(_ row: JobRow) throws -> Int {
        let place: [Value] = [.int(row.campaign), .text(row.cursor)]
        let ahead = try connection.first(sql.lookUp.leftCount, place[0], place[1]) { $0.int(0) }
        let putOff = try connection.first(sql.lookUp.deferredCount, place[0], place[1]) {
            $0.int(0)
        }
        return (ahead ?? 0) + (putOff ?? 0)
    }
}

extension Campaign.State {
    /// Whether nobody is addressed in this state but by calls that are out.
    fileprivate var allowsRecall: Bool {
        switch self {
        case .paused, .halted, .completed, .canceled, .expired: true
        case .draft, .scheduled, .running: false
        }
    }
}
