import Codecs
import DeliveryCore

/// What the provider's history shows of recipients whose call had an unknown outcome.
extension Transaction {
    /// Applies the results for recipients that still wait for theirs; answers how many have which.
    mutating func recordLookUps(
        _ results: [JobResult],
        of kind: Job.Kind,
        _ campaign: inout CampaignRow
    ) throws -> Job.Tally {
        let state: RecipientStateRow.State = kind == .settle ? .verifying : .unknown
        var waiting = try waiting(in: state, among: results, of: campaign.key)
        var tally = Job.Tally()
        var found: [(call: FoundCall, rows: [LookUpRow])] = []
        var (settled, putOff): ([LookUpRow], [LookUpRow]) = ([], [])
        for result in results {
            guard var row = waiting.removeValue(forKey: result.account.bytes) else { continue }
            switch result.verdict {
            case .deferred(let time, let isFailure):
                row.lookUpAt = time
                row.lookUps += isFailure ? 1 : 0
                putOff.append(row)
                continue
            case .found(let call):
                tally[.found] += 1
                if let index = found.firstIndex(where: { $0.call == call }) {
                    found[index].rows.append(row)
                } else {
                    found.append((call, [row]))
                }
                continue
            case .absent(let dueAt):
                tally[.absent] += 1
                row.doubt = 2
                row.info = absentInfo
                row.settle(as: .unknown, at: now.timestamp)
                if kind == .settle, let dueAt, row.generation == campaign.generation {
                    row.state = .retrying
                    row.dueAt = dueAt
                }
            case .unclear(let text):
                tally[.unclear] += 1
                row.settle(as: .unknown, at: now.timestamp)
                row.info = text ?? row.info
            case .refused(let code):
                // Nobody has got it.
                tally[.absent] += 1
                row.doubt = 2
                row.settle(as: .failed, at: now.timestamp)
                (row.code, row.info) = (code, nil)
            case .present, .missing, .recalled, .gone, .kept:
                preconditionFailure("no look-up comes to \(result.verdict)")
            }
            settled.append(row)
        }
        for entry in found { try send(entry.rows, by: entry.call, &campaign) }
        try settle(settled, from: state, &campaign)
        try connection.save(putOff, of: campaign.key)
        return tally
    }

    /// The `info` of a recipient whom the history shows no call for.
    private var absentInfo: String {
        let time = RFC3339.text(milliseconds: now.timestamp.milliseconds)
        return "looked up \(time): the history doesn't show it"
    }

    private func waiting(
        in state: RecipientStateRow.State,
        among results: [JobResult],
        of campaign: Int64
    ) throws -> [[UInt8]: LookUpRow] {
        let rows = try connection.all(
            sql.lookUp.among,
            .int(campaign),
            .text(state.rawValue),
            .list(results.lazy.map(\.account))
        ) { try LookUpRow($0) }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.account, $0) })
    }

    /// Makes recipients `sent` by the call that the history shows, as if its answer had come: in a
    /// closed batch, which has the answer's key.
    private mutating func send(
        _ rows: [LookUpRow],
        by call: FoundCall,
        _ campaign: inout CampaignRow
    ) throws {
        let calls = try connection.unknownCalls(of: rows, of: campaign.key)
        let known = rows.lazy.flatMap(\.calls.batches).flatMap { calls[$0] ?? [] }
        // Numbered after every call so far: a recall that is under way isn't about them.
        memory.lastCall += 1
        let batch = BatchRow(
            key: nextBatchKey(),
            campaign: campaign.key,
            generation: campaign.generation,
            state: .closed,
            accounts: .list(rows.map { Account(checked: $0.account) }),
            count: rows.count,
            numbers: call.numbers,
            messageKey: call.messageKey,
            code: 0,
            changedAt: now.timestamp,
            ledger: memory.lastCall,
            sender: known.first { $0.numbers == call.numbers }?.sender
        )
        try batch.insert(connection)
        try list(batch)
        for row in rows { count(row.state, as: .sent, &campaign) }
    }

    /// Gives recipients the states that a look-up came to.
    private func settle(
        _ rows: [LookUpRow],
        from state: RecipientStateRow.State,
        _ campaign: inout CampaignRow
    ) throws {
        var failures: [Int: Int] = [:]
        for row in rows {
            count(state, as: row.state.status, &campaign)
            if row.state == .retrying { campaign.waiting += 1 }
            if row.state == .failed { failures[row.code ?? 0, default: 0] += 1 }
        }
        try connection.save(rows, of: campaign.key)
        try count(failures, of: campaign)
    }

    /// Moves a recipient that waited for a look-up in the counters.
    private func count(
        _ state: RecipientStateRow.State,
        as status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) {
        campaign.move(1, from: state.status, to: status)
        if state == .verifying { campaign.verifying -= 1 }
    }

    // MARK: Who is next

    /// When the first recipient in a state is to be looked up that waits for a time of its own.
    func firstLookUp(_ state: RecipientStateRow.State, of campaign: Int64) throws -> Timestamp? {
        let name = Value.text(state.rawValue)
        return try connection.first(sql.lookUp.firstDue, .int(campaign), name) {
            $0.timestamp(0)
        } ?? nil
    }

    /// Hands out recipients that are due, and says when the next one is.
    func handOutDeferred(
        _ stepped: inout JobStepped,
        _ state: RecipientStateRow.State,
        _ due: JobStep.Due?,
        _ campaign: CampaignRow
    ) throws {
        let limit = due?.limit ?? 0
        let by = due?.by ?? now.timestamp
        let rows = try connection.all(
            sql.lookUp.due,
            .int(campaign.key),
            .text(state.rawValue),
            .int(limit + 1)
        ) { try LookUpRow($0) }
        let chosen = rows.prefix(limit).prefix { $0.lookUpAt.map { $0 <= by } ?? true }
        stepped.due = try targets(Array(chosen), of: campaign.key)
        stepped.nextDueAt = rows.dropFirst(chosen.count).first?.lookUpAt
    }

    /// The next unknown recipients after an account, as many as this transaction may still look at.
    mutating func walkLookUps(
        _ stepped: inout JobStepped,
        _ walk: JobStep.Walk,
        _ row: JobRow
    ) throws {
        var last = walk.after?.bytes ?? row.cursor
        var rows: [LookUpRow] = []
        let query = try connection.query(
            sql.lookUp.leftAfter,
            .int(row.campaign),
            .text(last),
            .int(rowsLeft + 1)
        )
        defer { query.clear() }
        while try query.step() {
            guard rowsLeft > 0, rows.count < walk.limit else {
                stepped.next = Account(checked: last)
                break
            }
            rowsLeft -= 1
            let next = try LookUpRow(query)
            last = next.account
            // One that was put off comes when it is due.
            if next.lookUpAt == nil { rows.append(next) }
        }
        stepped.walked = try targets(rows, of: row.campaign)
    }

    private func targets(_ rows: [LookUpRow], of campaign: Int64) throws -> [JobTarget] {
        guard !rows.isEmpty else { return [] }
        let calls = try connection.unknownCalls(of: rows, of: campaign)
        return rows.map { row in
            let own = row.calls.batches.flatMap { calls[$0] ?? [] }
            return JobTarget(
                account: Account(checked: row.account),
                content: .calls(own, attempts: row.attempts),
                failures: row.lookUps
            )
        }
    }
}
