import DeliveryCore
import JSON

extension Transaction {
    mutating func perform(_ record: Write.Record) throws -> WriteResult {
        guard var batch = try connection.batch(record.batch.rawValue),
            var campaign = try campaign(key: batch.campaign)
        else { return .recorded(nil, opened: []) }
        // A late record of a batch that a cancel closed meanwhile changes nothing.
        guard batch.state.isOpen, let status = batch.state.status else {
            return .recorded(try connection.work(campaign), opened: [])
        }
        if batch.state == .inFlight {
            if record.isUnsent { traffic.takeBack(batch.count, claimedAt: batch.changedAt) }
            if let ledger = batch.ledger { try release(ledger, at: record.releaseAt) }
            if record.resolution.leavesUnknown { try noteUnknownCall(of: &batch) }
        }
        batch.dueAt = nil
        batch.changedAt = now.timestamp
        campaign.counts[status] -= batch.count
        let before = campaign.counts
        let opened = try resolve(record.resolution, &batch, &campaign)
        traffic.record(campaign.counts, since: before, didGoOut: record.resolution.spendsAttempt)
        campaign.finish(at: now.timestamp)
        update(campaign)
        return .recorded(try connection.work(campaign), opened: opened)
    }

    /// Applies a resolution to a batch whose accounts are subtracted from the counters.
    private mutating func resolve(
        _ resolution: Resolution,
        _ batch: inout BatchRow,
        _ campaign: inout CampaignRow
    ) throws -> [OpenBatch] {
        switch resolution {
        case .settled(let messageKey, let verdicts):
            batch.messageKey = messageKey
            try settle(&batch, verdicts, &campaign)
        case .unknown(let info, let code):
            batch.attempts += 1
            try endUnknown(&batch, info: info, code: code, &campaign)
        case .lookedUp(let from, let info, let code):
            batch.attempts += 1
            try lookUp(&batch, from: from, info: info, code: code, &campaign)
        case .held(let dueAt):
            try hold(&batch, dueAt: dueAt, &campaign)
        case .repeated(let dueAt, let info, let code):
            batch.attempts += 1
            batch.maybeAccepted = true
            batch.info = info
            batch.code = code
            try hold(&batch, dueAt: dueAt, &campaign)
        case .split(let cause): return try split(&batch, cause, &campaign)
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

    /// Ends a batch that isn't in flight with its campaign: as `unknown` if it may be accepted.
    func terminate(
        _ batch: inout BatchRow,
        _ status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) throws {
        guard !batch.maybeAccepted else {
            try endUnknown(&batch, info: batch.info, code: batch.code, &campaign)
            return
        }
        let unsettled = try connection.unsettled(in: batch)
        let states = unsettled.map {
            OwnState(account: $0, state: .unknown, attempts: batch.attempts, code: batch.code)
        }
        try put(states, of: batch, info: Self.maybeAcceptedInfo)
        batch.state = .terminated
        batch.dueAt = nil
        campaign.counts.unknown += unsettled.count
        campaign.counts[status] += batch.count - unsettled.count
        try batch.save(connection)
    }

    /// The status that a batch of an earlier generation ends with.
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

    /// The `info` of an account that ends unsettled after a call of unknown outcome.
    static let maybeAcceptedInfo = "an earlier call may have been accepted"

    // MARK: Settling

    private func settle(
        _ batch: inout BatchRow,
        _ verdicts: [Resolution.AccountVerdict],
        _ campaign: inout CampaignRow
    ) throws {
        // Read before the batch drops its list.
        let own = try connection.verdicts(verdicts, of: batch, stepsOver: campaign.absent > 0)
        let isTerminated = batch.generation < campaign.generation
        let terminal = isTerminated ? try terminalStatus(of: batch, campaign) : nil
        let closing = isTerminated ? try connection.closing(of: campaign.key) : nil
        let unsettled = isTerminated ? Set(try connection.unsettled(in: batch)) : []
        let unspent = batch.attempts
        batch.attempts += 1
        batch.state = .closed
        batch.code = 0
        batch.info = nil
        try batch.save(connection)
        var failures: [Int: Int] = [:]
        var states: [OwnState] = []
        for entry in own {
            let state: RecipientStateRow.State
            var isMaybeAccepted = batch.maybeAccepted
            var dueAt: Timestamp?
            var attempts = batch.attempts
            switch entry.verdict {
            case .failed:
                state = .failed
                failures[entry.code, default: 0] += 1
            case .unknown:
                state = .unknown
                isMaybeAccepted = true
            case .retry where isTerminated && batch.maybeAccepted,
                .retry where unsettled.contains(entry.account),
                .requeued where unsettled.contains(entry.account):
                state = .unknown
            case .retry(let time):
                state = .retrying
                dueAt = time
            case .requeued(let time):
                state = .queued
                dueAt = time
                attempts = unspent
            }
            states.append(
                OwnState(
                    account: entry.account,
                    state: state,
                    attempts: attempts,
                    code: entry.code,
                    dueAt: dueAt,
                    isMaybeAccepted: isMaybeAccepted
                )
            )
            var status = state.status
            if let terminal {
                // Until the closing reaches it, the account still waits.
                let isAhead = closing?.isAhead(entry.account.bytes, batch.generation) == true
                if dueAt != nil, !isAhead { status = terminal }
            } else if dueAt != nil {
                campaign.waiting += 1
            }
            campaign.counts[status] += 1
        }
        try put(states, of: batch)
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

    /// Ends every account of a batch as `unknown`, each with a row of its own.
    private func endUnknown(
        _ batch: inout BatchRow,
        info: String?,
        code: Int?,
        _ campaign: inout CampaignRow
    ) throws {
        try end(&batch, info: info, code: code) { account, batch in
            OwnState(
                account: account,
                state: .unknown,
                attempts: batch.attempts,
                code: code,
                isMaybeAccepted: true
            )
        }
        campaign.counts.unknown += batch.count
    }

    /// Leaves every account of a batch to a look-up in the provider's history, which is made even
    /// if the campaign is canceled or expires meanwhile.
    private func lookUp(
        _ batch: inout BatchRow,
        from time: Timestamp,
        info: String,
        code: Int?,
        _ campaign: inout CampaignRow
    ) throws {
        try end(&batch, info: info, code: code) { account, batch in
            OwnState(
                account: account,
                state: .verifying,
                attempts: batch.attempts,
                code: code,
                lookUpAt: time,
                isMaybeAccepted: true
            )
        }
        campaign.counts.retrying += batch.count
        campaign.verifying += batch.count
    }

    /// Closes a batch whose accounts all have rows of their own from now on.
    private func end(
        _ batch: inout BatchRow,
        info: String?,
        code: Int?,
        _ state: (Account, BatchRow) -> OwnState
    ) throws {
        let states = try connection.accounts(of: batch).map { state($0, batch) }
        try put(states, of: batch, info: info)
        batch.state = .closed
        batch.dueAt = nil
        batch.info = info
        batch.code = code
        try batch.save(connection)
    }
}

extension Connection {
    /// The verdicts on accounts of the batch, one each.
    ///
    /// The provider's answer may name any account; one outside the batch must not enter the
    /// counters, be it one in its range that a check has failed or that was suppressed.
    func verdicts(
        _ verdicts: [Resolution.AccountVerdict],
        of batch: BatchRow,
        stepsOver: Bool
    ) throws -> [Resolution.AccountVerdict] {
        var own: Set<Account> = []
        switch batch.accounts {
        case .list(let accounts): own = Set(accounts ?? [])
        case .range(let first, let last):
            let named = verdicts.map(\.account).filter {
                !first.isBehind($0.bytes) && !$0.bytes.isBehind(last)
            }
            guard !named.isEmpty else { return [] }
            own = try recipients(of: batch.campaign, among: named, areOrdinary: stepsOver)
        }
        return verdicts.filter { own.remove($0.account) != nil }
    }
}
