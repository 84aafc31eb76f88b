import DeliveryCore

/// Whose message is taken back, and what that came to.
extension Transaction {
    /// Records what calls for accepted recipients came to; answers how many have which result.
    func recordRecalls(
        _ step: JobStep,
        _ job: JobRow,
        _ campaign: CampaignRow
    ) throws -> Job.Tally {
        let reader = try RecipientReader(campaign, connection)
        var rows: [[UInt8]: RecallRow] = [:]
        let accounts = Value.list(step.results.lazy.map(\.account))
        try connection.each(sql.recall.among, .int(job.campaign), accounts) {
            let row = try RecallRow($0)
            rows[row.account] = row
        }
        let cursor = max(job.cursor, step.cursor?.bytes ?? []) { $1.isBehind($0) }
        var tally = Job.Tally()
        var seen: Set<Account> = []
        var (changed, plain): ([RecallRow], [Account]) = ([], [])
        for result in step.results where seen.insert(result.account).inserted {
            let account = result.account.bytes
            let old = rows[account]
            // Of those with a row, only who was put off has no result yet.
            guard try old.map({ $0.state == .queued }) ?? reader.awaits(account, job) else {
                continue
            }
            switch result.verdict {
            case .deferred(let time, let isFailure):
                let failures = (old?.failures ?? 0) + (isFailure ? 1 : 0)
                changed.append(
                    RecallRow(account: account, state: .queued, dueAt: time, failures: failures)
                )
            case .recalled(code: 0) where !account.isBehind(cursor):
                tally[.recalled] += 1
                if old != nil { plain.append(result.account) }
            case .recalled(let code):
                tally[.recalled] += 1
                changed.append(RecallRow(account: account, state: .recalled, code: code))
            case .gone(let code):
                tally[.missing] += 1
                changed.append(RecallRow(account: account, state: .missing, code: code))
            case .kept(let code):
                tally[.failed] += 1
                changed.append(RecallRow(account: account, state: .failed, code: code))
            case .unclear, .present, .missing, .found, .absent, .refused:
                preconditionFailure("no recall comes to \(result.verdict)")
            }
        }
        try connection.save(changed, of: job.campaign)
        if !plain.isEmpty {
            try connection.run(sql.recall.delete, .int(job.campaign), .list(plain))
        }
        return tally
    }

    /// Whether a call is to be made again for somebody.
    func hasDeferredRecalls(_ campaign: Int64) throws -> Bool {
        try connection.first(sql.recall.due, .int(campaign), .int(1)) { _ in true } ?? false
    }

    /// Hands out recipients that are due, and says when the next one is.
    func handOutDeferredRecalls(
        _ stepped: inout JobStepped,
        _ due: JobStep.Due?,
        _ campaign: CampaignRow
    ) throws {
        let limit = due?.limit ?? 0
        let by = due?.by ?? now.timestamp
        let rows = try connection.all(sql.recall.due, .int(campaign.key), .int(limit + 1)) {
            try RecallRow($0)
        }
        let chosen = rows.prefix(limit).prefix { $0.dueAt.map { $0 <= by } ?? true }
        stepped.nextDueAt = rows.dropFirst(chosen.count).first?.dueAt
        let reader = try RecipientReader(campaign, connection)
        stepped.due = try chosen.map { row in
            guard let batch = try reader.acceptingBatch(of: row.account) else {
                throw DamagedRow("a recall of a message that wasn't accepted")
            }
            return batch.recallTarget(row.account, failures: row.failures)
        }
    }

    /// The next accepted recipients after an account, as many as this transaction may still look at.
    mutating func walkAccepted(
        _ stepped: inout JobStepped,
        _ walk: JobStep.Walk,
        _ row: inout JobRow,
        _ campaign: CampaignRow
    ) throws {
        var last = walk.after?.bytes ?? row.cursor
        // Calls that are out end first: nobody is accepted behind the cursor.
        guard campaign.counts.sending == 0 else {
            stepped.next = Account(checked: last)
            return
        }
        // Only before the walk's first page: who is accepted later may lie behind it.
        if last == row.cursor {
            row.settleGoal(campaign.counts.sent, upTo: memory.lastCall)
        }
        let reader = try RecipientReader(campaign, connection)
        var states = try StateWalk(reader, after: last)
        defer { states.end() }
        var ranges = try RangeWalk(reader, after: last)
        defer { ranges.end() }
        var recalls = try RecallWalk(reader, after: last)
        defer { recalls.end() }
        var left = min(rowsLeft, RecipientReader.scanLimit)
        var recipients = try RecipientWalk(
            connection,
            of: row.campaign,
            in: KeyRange(after: last),
            expecting: left
        )
        defer { recipients.end() }
        while let account = try recipients.next() {
            guard left > 0, stepped.walked.count < walk.limit else {
                stepped.next = Account(checked: last)
                return
            }
            left -= 1
            rowsLeft -= 1
            last = account.bytes
            // One with a result, and one that was put off.
            let isKnown = try recalls.take(last) != nil
            let batch: BatchRow?
            if let own = try states.takeRow(last) {
                batch = own.batch
            } else if !last.isBehind(campaign.cursor) {
                batch = try ranges.covering(last)
            } else if campaign.absent > 0 {
                // Whom a check failed was maybe put back and called, ahead of the others.
                batch = nil
            } else {
                return
            }
            guard let batch, batch.state == .closed, !isKnown, row.awaits(last, batch.ledger)
            else { continue }
            stepped.walked.append(batch.recallTarget(last))
        }
    }
}

extension RecipientReader {
    /// Whether a recipient was accepted, and a recall hasn't come to it.
    fileprivate func awaits(_ account: [UInt8], _ job: JobRow) throws -> Bool {
        guard account.isBehind(job.cursor), let batch = try acceptingBatch(of: account) else {
            return false
        }
        return job.awaits(account, batch.ledger)
    }
}

extension BatchRow {
    /// One of its accounts, whose message is to be taken back.
    fileprivate func recallTarget(_ account: [UInt8], failures: Int = 0) -> JobTarget {
        JobTarget(
            account: Account(checked: account),
            content: .message(key: messageKey, sender: sender, acceptedAt: changedAt),
            failures: failures
        )
    }
}
