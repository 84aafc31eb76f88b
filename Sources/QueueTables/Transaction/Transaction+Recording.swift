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
        if let ledger = batch.ledger { try release(ledger, at: record.releaseAt) }
        batch.ledger = nil
        batch.dueAt = nil
        batch.changedAt = now.timestamp
        campaign.counts[status] -= batch.count
        let opened = try resolve(record.resolution, &batch, &campaign)
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
        let maybeAccepted = try connection.maybeAcceptedBefore(in: batch)
        try putUnknown(maybeAccepted, of: batch, info: Self.maybeAcceptedInfo, code: batch.code)
        batch.state = .terminated
        batch.dueAt = nil
        campaign.counts.unknown += maybeAccepted.count
        campaign.counts[status] += batch.count - maybeAccepted.count
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
        let own = try connection.verdicts(verdicts, of: batch)
        let isTerminated = batch.generation < campaign.generation
        let terminal = isTerminated ? try terminalStatus(of: batch, campaign) : nil
        let closing = isTerminated ? try connection.closing(of: campaign.key) : nil
        let maybeAccepted = isTerminated ? Set(try connection.maybeAcceptedBefore(in: batch)) : []
        let unspent = batch.attempts
        batch.attempts += 1
        batch.state = .closed
        batch.code = 0
        batch.info = nil
        try batch.save(connection)
        var failures: [Int: Int] = [:]
        var states: [OwnState] = []
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
                .retry where maybeAccepted.contains(entry.account),
                .requeued where maybeAccepted.contains(entry.account):
                status = .unknown
            case .retry(let time):
                status = .retrying
                dueAt = time
            case .requeued(let time):
                status = .queued
                dueAt = time
                attempts = unspent
            }
            states.append(
                OwnState(
                    account: entry.account,
                    status: status,
                    attempts: attempts,
                    code: entry.code,
                    dueAt: dueAt
                )
            )
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
        try putUnknown(try connection.accounts(of: batch), of: batch, info: info, code: code)
        batch.state = .closed
        batch.dueAt = nil
        batch.info = info
        batch.code = code
        campaign.counts.unknown += batch.count
        try batch.save(connection)
    }

    /// The state of one account that differs from its batch's.
    private struct OwnState {
        let account: Account
        let status: Recipient.Status
        let attempts: Int
        let code: Int?
        var dueAt: Timestamp?
    }

    private func putUnknown(
        _ accounts: [Account],
        of batch: BatchRow,
        info: String?,
        code: Int?
    ) throws {
        let states = accounts.map {
            OwnState(account: $0, status: .unknown, attempts: batch.attempts, code: code)
        }
        try put(states, of: batch, info: info)
    }

    /// Gives accounts of a batch rows of their own.
    private func put(_ states: [OwnState], of batch: BatchRow, info: String? = nil) throws {
        guard !states.isEmpty else { return }
        let rows = JSONText { text in
            text.array(of: states) { text, state in
                let maybeAccepted = batch.maybeAccepted || state.status == .unknown
                text.array { text in
                    text.string(state.account.bytes)
                    text.string(state.status.rawValue)
                    text.number(state.attempts)
                    state.code.map { text.number($0) } ?? text.null()
                    state.dueAt.map { text.number($0.milliseconds) } ?? text.null()
                    text.number(maybeAccepted ? 1 : 0)
                }
            }
        }
        try connection.run(
            sql.state.put,
            .int(batch.campaign),
            .int(batch.generation),
            .optional(info),
            .int(now.timestamp.milliseconds),
            .text(rows.bytes)
        )
    }
}

extension Connection {
    /// The verdicts on accounts of the batch, one each.
    ///
    /// The provider's answer may name any account; one outside the batch must not enter the
    /// counters.
    func verdicts(
        _ verdicts: [Resolution.AccountVerdict],
        of batch: BatchRow
    ) throws -> [Resolution.AccountVerdict] {
        var own: Set<Account> = []
        switch batch.accounts {
        case .list(let accounts): own = Set(accounts ?? [])
        case .range(let first, let last):
            let named = verdicts.map(\.account).filter {
                !first.isBehind($0.bytes) && !$0.bytes.isBehind(last)
            }
            guard !named.isEmpty else { return [] }
            try each(sql.recipient.among, .int(batch.campaign), .list(named)) {
                own.insert(Account(checked: $0.bytes(0)))
            }
        }
        return verdicts.filter { own.remove($0.account) != nil }
    }
}
