import DeliveryCore

extension Transaction {
    mutating func perform(_ claim: Write.Claim) throws -> WriteResult {
        guard var campaign = try campaign(claim.campaign) else { return .claimed(nil, nil) }
        // An expiry that has come may have to wait for a later commit.
        guard campaign.state == .running, !isPastExpiry(campaign) else {
            return .claimed(nil, try work(campaign))
        }
        let members: BatchRow.Members
        let accounts: [Account]
        var earlierAttempts: [Int] = []
        var doubted: Set<Account> = []
        switch claim.source {
        case .fresh:
            accounts = try freshAccounts(of: campaign, claim)
            guard let first = accounts.first, let last = accounts.last else {
                return .claimed(nil, try work(campaign))
            }
            members = .range(first: first.bytes, last: last.bytes)
            campaign.cursor = last.bytes
            campaign.fresh -= accounts.count
            campaign.move(accounts.count, from: .queued, to: .sending)
        case .dueRetries:
            let due = try dueAccounts(of: campaign, claim)
            guard !due.isEmpty else { return .claimed(nil, try work(campaign)) }
            accounts = due.map(\.account)
            earlierAttempts = due.map(\.attempts)
            doubted = Set(due.filter(\.isDoubted).map(\.account))
            members = .list(accounts)
            campaign.waiting -= due.count
            // An earlier call of theirs may have been accepted.
            campaign.resent += doubted.count
            for entry in due { campaign.move(1, from: entry.status, to: .sending) }
        }
        var batch = BatchRow(
            key: 0,
            campaign: campaign.key,
            pass: campaign.pass,
            state: .inFlight,
            members: members,
            count: accounts.count,
            messageSequence: nextSequence(),
            messageRandom: claim.messageRandom,
            changedAt: now.timestamp
        )
        batch.ledger = try hold(accounts.count, of: campaign.id, timeout: claim.timeout)
        try batch.insert(connection)
        if case .list = members { try join(accounts, to: batch) }
        update(campaign)
        let call = Batch(
            id: batch.id,
            campaign: campaign.id,
            message: try message(of: campaign),
            accounts: accounts,
            earlierAttempts: earlierAttempts.contains { $0 > 0 } ? earlierAttempts : [],
            doubted: doubted,
            messageSequence: batch.messageSequence,
            messageRandom: batch.messageRandom
        )
        return .claimed(call, try work(campaign))
    }

    mutating func perform(_ reclaim: Write.Reclaim) throws -> WriteResult {
        guard var batch = try connection.batch(reclaim.batch.rawValue),
            var campaign = try campaign(key: batch.campaign)
        else { return .claimed(nil, nil) }
        guard campaign.state == .running, !isPastExpiry(campaign),
            batch.state == .held || batch.state == .repeated,
            let status = batch.state.status
        else { return .claimed(nil, try work(campaign)) }
        let message = try message(of: campaign)
        let call = try connection.call(batch, of: campaign.id, message: message)
        let size = call.accounts.reduce(0) { $0 + $1.encodedSize }
        if size > reclaim.byteLimit, batch.count > 1 { return try divide(batch, campaign) }
        campaign.move(batch.count, from: status, to: .sending)
        campaign.resent += batch.maybeAccepted ? batch.count : call.doubted.count
        batch.state = .inFlight
        batch.dueAt = nil
        batch.changedAt = now.timestamp
        batch.ledger = try hold(batch.count, of: campaign.id, timeout: reclaim.timeout)
        try batch.save(connection)
        update(campaign)
        return .claimed(call, try work(campaign))
    }

    /// The next accounts after the cursor, as many as fit.
    private func freshAccounts(of campaign: CampaignRow, _ claim: Write.Claim) throws -> [Account] {
        guard campaign.fresh > 0 else { return [] }
        var accounts: [Account] = []
        accounts.reserveCapacity(claim.accountLimit)
        var room = claim.byteLimit
        let sql = """
            SELECT account FROM recipient WHERE campaign = ? AND account > ? ORDER BY account
            """
        let query = try connection.query(sql, .int(campaign.key), .text(campaign.cursor))
        defer { query.reset() }
        while accounts.count < claim.accountLimit, try query.step() {
            let account = Account(checked: query.bytes(0))
            room -= account.encodedSize
            if room < 0, !accounts.isEmpty { break }
            accounts.append(account)
        }
        return accounts
    }

    private struct DueAccount {
        let account: Account
        let attempts: Int
        let status: Recipient.Status
        let isDoubted: Bool
    }

    /// Those longest due, as many as fit, in the order of their bytes.
    private func dueAccounts(
        of campaign: CampaignRow,
        _ claim: Write.Claim
    ) throws -> [DueAccount] {
        var due: [DueAccount] = []
        var room = claim.byteLimit
        let sql = """
            SELECT account, attempts, state, doubted FROM exception INDEXED BY exception_due
            WHERE campaign = ? AND pass = ? AND due_at_ms <= ? ORDER BY due_at_ms, account
            """
        let query = try connection.query(
            sql,
            .int(campaign.key),
            .int(campaign.pass),
            .int(max(now.timestamp, claim.dueBy ?? now.timestamp).milliseconds)
        )
        defer { query.reset() }
        while due.count < claim.accountLimit, try query.step() {
            let account = Account(checked: query.bytes(0))
            room -= account.encodedSize
            if room < 0, !due.isEmpty { break }
            let status: Recipient.Status = try decoded(query.text(2))
            let entry = DueAccount(
                account: account,
                attempts: query.int(1),
                status: status,
                isDoubted: query.int(3) != 0
            )
            due.append(entry)
        }
        return due.sorted { $0.account < $1.account }
    }

    /// Makes accounts members of a list batch.
    func join(_ accounts: some Sequence<Account>, to batch: BatchRow) throws {
        let sql = """
            UPDATE exception SET state = 'member', batch = ?3, due_at_ms = NULL
            WHERE campaign = ?1 AND account = ?2
            """
        for account in accounts {
            try connection.run(sql, .int(batch.campaign), .text(account.bytes), .int(batch.key))
        }
    }
}
