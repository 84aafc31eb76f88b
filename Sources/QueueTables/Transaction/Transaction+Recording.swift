import DeliveryCore

extension Transaction {
    mutating func perform(_ record: Write.Record) throws -> WriteResult {
        guard var batch = try connection.batch(record.batch.rawValue),
            var campaign = try campaign(key: batch.campaign)
        else { return .recorded(nil, opened: []) }
        // A late record of a batch that a cancel closed meanwhile changes nothing.
        guard batch.state.isOpen, let status = batch.state.status else {
            return .recorded(try connection.work(campaign), opened: [])
        }
        if let ledger = batch.ledger { try release(ledger, at: record.releaseAt) }
        batch.ledger = nil
        batch.dueAt = nil
        batch.changedAt = now.timestamp
        campaign.counts[status] -= batch.count
        let opened = try resolve(record.resolution, &batch, &campaign)
        finish(&campaign)
        update(campaign)
        return .recorded(try connection.work(campaign), opened: opened)
    }

    /// Carries out what becomes of a batch, whose accounts have left the counters.
    private mutating func resolve(
        _ resolution: Resolution,
        _ batch: inout BatchRow,
        _ campaign: inout CampaignRow
    ) throws -> [OpenBatch] {
        switch resolution {
        case .settled(let messageKey, let verdicts):
            batch.messageKey = messageKey
            try settle(&batch, verdicts, &campaign)
        case .unknown(let info, let code, let spendsAttempt):
            batch.attempts += spendsAttempt ? 1 : 0
            try endUnknown(&batch, info: info, code: code, &campaign)
        case .held(let dueAt):
            try hold(&batch, dueAt: dueAt, &campaign)
        case .repeated(let dueAt, let info, let code, let spendsAttempt):
            batch.attempts += spendsAttempt ? 1 : 0
            batch.maybeAccepted = true
            batch.info = info
            batch.code = code
            try hold(&batch, dueAt: dueAt, &campaign)
        case .split(let isDoubted):
            return try split(&batch, isDoubted: isDoubted, isTooLarge: !isDoubted, &campaign)
        case .divided:
            return try split(&batch, isDoubted: false, isTooLarge: false, &campaign)
        }
        return []
    }

    /// Leaves a batch open to be sent again, unless its campaign was canceled or expired since.
    func hold(
        _ batch: inout BatchRow,
        dueAt: Timestamp,
        _ campaign: inout CampaignRow
    ) throws {
        guard batch.generation == campaign.generation else {
            try terminate(&batch, try terminalStatus(of: batch, campaign), &campaign)
            return
        }
        batch.state = batch.maybeAccepted ? .repeated : .held
        batch.dueAt = dueAt
        campaign.counts[batch.maybeAccepted ? .retrying : .queued] += batch.count
        try batch.save(connection)
    }

    /// Ends a batch that isn't in flight with its campaign: `unknown` if it may be accepted.
    func terminate(
        _ batch: inout BatchRow,
        _ status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) throws {
        guard !batch.maybeAccepted else {
            try endUnknown(&batch, info: batch.info, code: batch.code, &campaign)
            return
        }
        let doubted = try connection.doubts(of: batch)
        for account in doubted {
            try put(
                account,
                of: batch,
                .unknown,
                attempts: batch.attempts,
                code: batch.code,
                info: Self.doubt
            )
        }
        batch.state = .terminated
        batch.dueAt = nil
        campaign.counts.unknown += doubted.count
        campaign.counts[status] += batch.count - doubted.count
        try batch.save(connection)
    }

    /// How a batch of an earlier generation ends.
    private func terminalStatus(
        of batch: BatchRow,
        _ campaign: CampaignRow
    ) throws -> Recipient.Status {
        let terminations = try connection.terminations(of: campaign)
        guard terminations.indices.contains(batch.generation) else {
            throw DamagedRow("a batch of pass \(batch.generation) of \(terminations.count)")
        }
        return terminations[batch.generation].status
    }

    /// What is said of an account that ends unsettled by the calls after one of unknown outcome.
    static let doubt = "an earlier call may have been accepted"

    // MARK: Settling

    private func settle(
        _ batch: inout BatchRow,
        _ verdicts: [Resolution.AccountVerdict],
        _ campaign: inout CampaignRow
    ) throws {
        // Before the batch forgets its list.
        let own = try connection.verdicts(verdicts, of: batch)
        let isTerminated = batch.generation < campaign.generation
        let terminal = isTerminated ? try terminalStatus(of: batch, campaign) : nil
        let closing = isTerminated ? try connection.closing(of: campaign.key) : nil
        let doubted = isTerminated ? Set(try connection.doubts(of: batch)) : []
        let unspent = batch.attempts
        batch.attempts += 1
        batch.state = .closed
        batch.code = 0
        batch.info = nil
        try batch.save(connection)
        var failures: [Int: Int] = [:]
        for entry in own {
            var status: Recipient.Status
            var dueAt: Timestamp?
            var attempts = batch.attempts
            switch entry.verdict {
            case .failed:
                status = .failed
                failures[entry.code, default: 0] += 1
            case .unknown: status = .unknown
            case .retry where isTerminated && batch.maybeAccepted,
                .retry where doubted.contains(entry.account),
                .requeued where doubted.contains(entry.account):
                status = .unknown
            case .retry(let time):
                status = .retrying
                dueAt = time
            case .requeued(let time):
                status = .queued
                dueAt = time
                attempts = unspent
            }
            try put(
                entry.account,
                of: batch,
                status,
                attempts: attempts,
                code: entry.code,
                dueAt: dueAt
            )
            if let terminal {
                // Until the closing has come to it, the account waits as before.
                let isAhead = closing?.isAhead(entry.account.bytes, batch.generation) == true
                if dueAt != nil, !isAhead { status = terminal }
            } else if dueAt != nil {
                campaign.waiting += 1
            }
            campaign.counts[status] += 1
        }
        campaign.counts.sent += batch.count - own.count
        try count(failures, of: campaign)
    }

    func count(_ failures: [Int: Int], of campaign: CampaignRow) throws {
        for (code, count) in failures.sorted(by: { $0.key < $1.key }) {
            try connection.run(
                sql.campaign.addFailures,
                .int(campaign.key),
                .int(code),
                .int(count)
            )
        }
    }

    /// Ends every account of a batch as `unknown`; each has a row from then on.
    private func endUnknown(
        _ batch: inout BatchRow,
        info: String?,
        code: Int?,
        _ campaign: inout CampaignRow
    ) throws {
        for account in try connection.accounts(of: batch) {
            try put(
                account,
                of: batch,
                .unknown,
                attempts: batch.attempts,
                code: code,
                info: info
            )
        }
        batch.state = .closed
        batch.dueAt = nil
        batch.info = info
        batch.code = code
        campaign.counts.unknown += batch.count
        try batch.save(connection)
    }

    /// Gives an account of a batch a state of its own.
    private func put(
        _ account: Account,
        of batch: BatchRow,
        _ status: Recipient.Status,
        attempts: Int,
        code: Int?,
        info: String? = nil,
        dueAt: Timestamp? = nil
    ) throws {
        try connection.run(
            sql.state.put,
            .int(batch.campaign),
            .text(account.bytes),
            .text(status.rawValue),
            .int(batch.generation),
            .int(attempts),
            .optional(code),
            .optional(info),
            .optional(dueAt?.milliseconds),
            .int(now.timestamp.milliseconds),
            .flag(batch.maybeAccepted || status == .unknown)
        )
    }

    /// Ends a campaign that has nothing left to do.
    func finish(_ campaign: inout CampaignRow) {
        guard !campaign.counts.hasWork else { return }
        switch campaign.state {
        case .running, .paused, .halted:
            campaign.state = .completed
            campaign.reason = nil
            campaign.finishedAt = now.timestamp
        case .completed, .canceled, .expired:
            // A canceled or expired campaign ends with its last call in flight.
            if campaign.finishedAt == nil { campaign.finishedAt = now.timestamp }
        case .draft, .scheduled:
            break
        }
    }
}

extension Connection {
    /// The verdicts that are about accounts of the batch, one each.
    ///
    /// The provider's answer may name any account; one outside the batch must not enter the
    /// counters.
    func verdicts(
        _ verdicts: [Resolution.AccountVerdict],
        of batch: BatchRow
    ) throws -> [Resolution.AccountVerdict] {
        var seen: Set<Account> = []
        if case .list(let accounts) = batch.accounts {
            let own = Set(accounts ?? [])
            return verdicts.filter { own.contains($0.account) && seen.insert($0.account).inserted }
        }
        guard case .range(let lower, let upper) = batch.accounts else { return [] }
        let bounds = Account(checked: lower)...Account(checked: upper)
        return try verdicts.filter { entry in
            guard bounds.contains(entry.account), seen.insert(entry.account).inserted else {
                return false
            }
            let key = Value.int(batch.campaign)
            let account = Value.text(entry.account.bytes)
            return try first(sql.recipient.has, key, account) { _ in true } ?? false
        }
    }
}
