import DeliveryCore

extension Transaction {
    mutating func perform(_ claim: Write.Claim) throws -> WriteResult {
        guard var campaign = try campaign(claim.campaign) else { return .claimed(nil, nil) }
        guard mayClaim(from: campaign) else { return .claimed(nil, try connection.work(campaign)) }
        let accounts: AccountRun
        var histories: [History] = []
        let contents: BatchRow.Accounts
        switch claim.source {
        case .fresh:
            accounts = try takeFresh(of: &campaign, claim)
            guard let first = accounts.first, let last = accounts.last else {
                return try claimedNobody(of: campaign)
            }
            contents = .range(first: first.bytes, last: last.bytes)
        case .dueRetries:
            let due = try takeDue(of: &campaign, claim)
            guard !due.isEmpty else { return try claimedNobody(of: campaign) }
            accounts = AccountRun(due.lazy.map(\.account))
            histories = due.map(\.history)
            contents = .list(due.map(\.account))
            // Their earlier call may have been accepted, for all that is known.
            campaign.resent += histories.count(where: \.maybeAccepted)
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

    mutating func address(_ count: Int, quota: Int) {
        traffic.address(count, quota: quota)
        memory.quota = quota
    }

    /// Whether a campaign runs and isn't past its expiry, which a later commit may carry out.
    func mayClaim(from campaign: CampaignRow) -> Bool {
        campaign.state == .running && !campaign.isPastExpiry(at: now.timestamp)
    }

    /// Nobody is left to call, maybe since all that were are on the suppression list: then that may
    /// have been the last ones.
    mutating func claimedNobody(of campaign: CampaignRow) throws -> WriteResult {
        var campaign = campaign
        campaign.finish(at: now.timestamp)
        update(campaign)
        return .claimed(nil, try connection.work(campaign))
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

    // MARK: Never addressed

    /// Takes the next accounts after the cursor, as many as fit.
    ///
    /// Those on the suppression list end here, and others take their places, as far as the
    /// transaction may look.
    private mutating func takeFresh(
        of campaign: inout CampaignRow,
        _ claim: Write.Claim
    ) throws -> AccountRun {
        var taken = AccountRun()
        guard campaign.fresh > 0 else { return taken }
        var passedOver: [SuppressedRecipient] = []
        var room = claim.byteLimit
        while taken.count < claim.accountLimit {
            // Where many are on the list, more of them may follow.
            let limit = max(claim.accountLimit - taken.count, min(passedOver.count, rowsLeft))
            let next = try freshAccounts(of: campaign, limit, room, takesOne: taken.isEmpty)
            let suppressed = try suppressed(among: next)
            if suppressed.isEmpty, taken.count + next.count <= claim.accountLimit {
                if taken.isEmpty { taken = next } else { taken.append(next) }
                campaign.cursor = next.last?.bytes ?? campaign.cursor
                break
            }
            for account in next {
                if suppressed.contains(account) {
                    passedOver.append(SuppressedRecipient(account: account, status: .queued))
                } else {
                    guard taken.count < claim.accountLimit else { break }
                    taken.append(account.bytes)
                    room -= rules.size(of: account)
                }
                campaign.cursor = account.bytes
            }
            rowsLeft = max(0, rowsLeft - suppressed.count)
            if suppressed.isEmpty || rowsLeft == 0 { break }
        }
        campaign.fresh -= taken.count + passedOver.count
        campaign.absent += passedOver.count
        campaign.move(taken.count, from: .queued, to: .sending)
        try end(passedOver, &campaign)
        return taken
    }

    /// The next accounts after the cursor, as many as fit, without those that a check has failed.
    private func freshAccounts(
        of campaign: CampaignRow,
        _ limit: Int,
        _ room: Int,
        takesOne: Bool
    ) throws -> AccountRun {
        let range = KeyRange(after: campaign.cursor)
        var walk = try RecipientWalk(connection, of: campaign.key, in: range, expecting: limit)
        defer { walk.end() }
        var absent =
            campaign.absent > 0 ? try OwnStates(connection, of: campaign.key, in: range) : nil
        defer { absent?.end() }
        var accounts = AccountRun()
        accounts.reserve(
            bytes: limit * min(Self.usualAccountBytes, rules.byteLimit),
            accounts: limit
        )
        var room = room
        while accounts.count < limit, try walk.advance() {
            if try absent?.hasCurrent(of: walk) == true { continue }
            room -= unsafe walk.withAccount { unsafe rules.size(of: Span(_unsafeBytes: $0)) }
            if room < 0, !(takesOne && accounts.isEmpty) { break }
            unsafe walk.withAccount { unsafe accounts.append(unsafe: $0) }
        }
        return accounts
    }

    /// Room for most accounts; longer ones make it grow.
    private static let usualAccountBytes = 32

    // MARK: Due again

    fileprivate struct DueAccount {
        let account: Account
        let status: Recipient.Status
        let history: History
        let code: Int?
    }

    /// Takes the recipients longest due, as many as fit, sorted by their bytes.
    ///
    /// Those on the suppression list end here, and others take their places, as far as the
    /// transaction may look.
    private mutating func takeDue(
        of campaign: inout CampaignRow,
        _ claim: Write.Claim
    ) throws -> [DueAccount] {
        var endedCount = 0
        while true {
            let limit = max(claim.accountLimit, min(endedCount, rowsLeft))
            let due = try dueAccounts(of: campaign, claim, limit)
            let suppressed = try suppressed(among: AccountRun(due.lazy.map(\.account)))
            let others = due.filter { !suppressed.contains($0.account) }
            let taken = fitting(others, claim)
            if !suppressed.isEmpty {
                // They leave the index that the next ones are read from.
                let ending = due.filter { suppressed.contains($0.account) }
                campaign.waiting -= ending.count
                try end(ending.map(\.suppressed), &campaign)
                endedCount += ending.count
                rowsLeft = max(0, rowsLeft - ending.count)
            }
            let isFull = taken.count == claim.accountLimit || taken.count < others.count
            guard suppressed.isEmpty || isFull || rowsLeft == 0 else { continue }
            campaign.waiting -= taken.count
            for entry in taken { campaign.move(1, from: entry.status, to: .sending) }
            return taken.sorted { $0.account < $1.account }
        }
    }

    private func fitting(_ due: [DueAccount], _ claim: Write.Claim) -> [DueAccount] {
        var room = claim.byteLimit
        var count = 0
        for entry in due.prefix(claim.accountLimit) {
            room -= rules.size(of: entry.account)
            if room < 0, count > 0 { break }
            count += 1
        }
        return Array(due.prefix(count))
    }

    private func dueAccounts(
        of campaign: CampaignRow,
        _ claim: Write.Claim,
        _ limit: Int
    ) throws -> [DueAccount] {
        try connection.all(
            sql.state.due,
            .int(campaign.key),
            .int(campaign.generation),
            .int(max(now.timestamp, claim.dueBy ?? now.timestamp).milliseconds),
            .int(limit)
        ) { row in
            DueAccount(
                account: Account(checked: row.bytes(0)),
                status: try decoded(row.text(2)),
                history: History(attempts: row.int(1), doubt: row.int(3)),
                code: row.optionalInt(4)
            )
        }
    }
}

extension Transaction.DueAccount {
    /// As one whose turn has come and that is on the suppression list.
    fileprivate var suppressed: Transaction.SuppressedRecipient {
        .init(account: account, status: status, code: code, isInDoubt: history.maybeAccepted)
    }
}
