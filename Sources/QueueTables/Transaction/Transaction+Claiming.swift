import DeliveryCore

extension Transaction {
    mutating func perform(_ claim: Write.Claim) throws -> WriteResult {
        guard var campaign = try campaign(claim.campaign) else { return .claimed(nil, nil) }
        guard mayClaim(from: campaign) else { return .claimed(nil, try connection.work(campaign)) }
        let accounts: [Account]
        var histories: [History] = []
        let contents: BatchRow.Accounts
        switch claim.source {
        case .fresh:
            accounts = try freshAccounts(of: campaign, claim)
            guard let first = accounts.first, let last = accounts.last else {
                return .claimed(nil, try connection.work(campaign))
            }
            contents = .range(first: first.bytes, last: last.bytes)
            campaign.cursor = last.bytes
            campaign.fresh -= accounts.count
            campaign.move(accounts.count, from: .queued, to: .sending)
        case .dueRetries:
            let due = try dueAccounts(of: campaign, claim)
            guard !due.isEmpty else { return .claimed(nil, try connection.work(campaign)) }
            accounts = due.map(\.account)
            histories = due.map(\.history)
            contents = .list(accounts)
            campaign.waiting -= due.count
            // Their earlier call may have been accepted, for all that is known.
            campaign.resent += histories.count(where: \.maybeAccepted)
            for entry in due { campaign.move(1, from: entry.status, to: .sending) }
        }
        let batch = BatchRow(
            key: nextBatchKey(),
            campaign: campaign.key,
            generation: campaign.generation,
            state: .inFlight,
            accounts: contents,
            count: accounts.count,
            numbers: CallNumbers(sequence: nextSequence(), random: claim.random),
            changedAt: now.timestamp,
            ledger: try hold(accounts.count, of: campaign.id, timeout: claim.timeout),
            sender: sender
        )
        try batch.insert(connection)
        try list(batch)
        update(campaign)
        address(accounts.count, quota: claim.quota)
        let call = Batch(
            batch,
            of: campaign.id,
            message: try message(of: campaign),
            accounts: accounts,
            histories: histories
        )
        return .claimed(call, try connection.work(campaign))
    }

    private mutating func address(_ count: Int, quota: Int) {
        traffic.address(count, quota: quota)
        memory.quota = quota
    }

    /// Whether a campaign runs and isn't past its expiry, which a later commit may carry out.
    private func mayClaim(from campaign: CampaignRow) -> Bool {
        campaign.state == .running && !campaign.isPastExpiry(at: now.timestamp)
    }

    mutating func perform(_ reclaim: Write.Reclaim) throws -> WriteResult {
        guard var batch = try connection.batch(reclaim.batch.rawValue),
            var campaign = try campaign(key: batch.campaign)
        else { return .claimed(nil, nil) }
        guard mayClaim(from: campaign), batch.state == .held || batch.state == .repeated,
            let status = batch.state.status
        else { return .claimed(nil, try connection.work(campaign)) }
        let message = try message(of: campaign)
        let call = try connection.call(batch, of: campaign.id, message: message)
        let size = call.accounts.reduce(0) { $0 + rules.size(of: $1) }
        if size > reclaim.byteLimit, batch.count > 1 { return try divide(batch, campaign) }
        campaign.move(batch.count, from: status, to: .sending)
        campaign.resent += batch.maybeAccepted ? batch.count : call.maybeAcceptedBefore.count
        batch.state = .inFlight
        batch.dueAt = nil
        batch.changedAt = now.timestamp
        batch.ledger = try hold(batch.count, of: campaign.id, timeout: reclaim.timeout)
        batch.sender = sender
        try batch.save(connection)
        update(campaign)
        address(batch.count, quota: reclaim.quota)
        return .claimed(call, try connection.work(campaign))
    }

    /// The next accounts after the cursor, as many as fit, without those that a check has failed.
    private func freshAccounts(of campaign: CampaignRow, _ claim: Write.Claim) throws -> [Account] {
        guard campaign.fresh > 0 else { return [] }
        var accounts: [Account] = []
        accounts.reserveCapacity(claim.accountLimit)
        var room = claim.byteLimit
        let query = try connection.query(
            campaign.absent > 0 ? sql.recipient.ordinaryAfter : sql.recipient.after,
            .int(campaign.key),
            .text(campaign.cursor),
            .int(claim.accountLimit)
        )
        defer { query.clear() }
        while try query.step() {
            let account = Account(checked: query.bytes(0))
            room -= rules.size(of: account)
            if room < 0, !accounts.isEmpty { break }
            accounts.append(account)
        }
        return accounts
    }

    private struct DueAccount {
        let account: Account
        let status: Recipient.Status
        let history: History
    }

    /// The recipients longest due, as many as fit, sorted by their bytes.
    private func dueAccounts(
        of campaign: CampaignRow,
        _ claim: Write.Claim
    ) throws -> [DueAccount] {
        var due: [DueAccount] = []
        var room = claim.byteLimit
        let query = try connection.query(
            sql.state.due,
            .int(campaign.key),
            .int(campaign.generation),
            .int(max(now.timestamp, claim.dueBy ?? now.timestamp).milliseconds),
            .int(claim.accountLimit)
        )
        defer { query.clear() }
        while try query.step() {
            let account = Account(checked: query.bytes(0))
            room -= rules.size(of: account)
            if room < 0, !due.isEmpty { break }
            let entry = DueAccount(
                account: account,
                status: try decoded(query.text(2)),
                history: History(attempts: query.int(1), doubt: query.int(3))
            )
            due.append(entry)
        }
        return due.sorted { $0.account < $1.account }
    }

    /// Marks a list batch's accounts as listed in it, so that they share its status.
    func list(_ batch: BatchRow) throws {
        guard case .list(let accounts?) = batch.accounts else { return }
        try connection.run(
            sql.state.list,
            .int(batch.key),
            .int(batch.campaign),
            .list(accounts)
        )
    }
}
