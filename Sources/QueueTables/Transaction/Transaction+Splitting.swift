import DeliveryCore

/// How an open batch becomes two: attempts, kind and maybe-accepted pass to both halves.
extension Transaction {
    /// Halves a batch that is too large for limits lowered since.
    mutating func divide(_ batch: BatchRow, _ campaign: CampaignRow) throws -> WriteResult {
        guard let status = batch.state.status else {
            return .recorded(try connection.work(campaign), opened: [])
        }
        var (batch, campaign) = (batch, campaign)
        campaign.counts[status] -= batch.count
        let opened = try split(&batch, .limits, &campaign)
        update(campaign)
        return .recorded(try connection.work(campaign), opened: opened)
    }

    /// Replaces a batch by two open ones of half its accounts; one that can't be halved stays open.
    mutating func split(
        _ batch: inout BatchRow,
        _ cause: Resolution.SplitCause,
        _ campaign: inout CampaignRow
    ) throws -> [OpenBatch] {
        // A terminated batch sends nothing more, and one account can't be halved.
        guard batch.generation == campaign.generation, batch.count > 1 else {
            try hold(&batch, dueAt: now.timestamp, &campaign)
            return batch.openBatch(campaign: campaign.id).map { [$0] } ?? []
        }
        let accounts = try connection.accounts(of: batch)
        let middle = (accounts.count + 1) / 2
        if cause == .tooLarge {
            campaign.accountLimit = min(campaign.accountLimit ?? middle, middle)
        }
        // Deleted first: its first half starts at the same account, which is unique.
        try connection.run(sql.batch.delete, .int(batch.key))
        return try [accounts[..<middle], accounts[middle...]].compactMap { half in
            try open(half, of: batch, isHalf: cause == .refused || batch.isHalf, &campaign)
        }
    }

    /// Opens one half of a split batch.
    private mutating func open(
        _ accounts: ArraySlice<Account>,
        of batch: BatchRow,
        isHalf: Bool,
        _ campaign: inout CampaignRow
    ) throws -> OpenBatch? {
        guard let first = accounts.first, let last = accounts.last else { return nil }
        var half = batch
        half.key = nextBatchKey()
        half.count = accounts.count
        half.isHalf = isHalf
        half.numbers = CallNumbers(
            sequence: nextSequence(),
            random: UInt32(truncatingIfNeeded: memory.random.next() >> 32)
        )
        half.state = batch.maybeAccepted ? .repeated : .held
        half.dueAt = now.timestamp
        switch batch.accounts {
        case .range: half.accounts = .range(first: first.bytes, last: last.bytes)
        case .list: half.accounts = .list(Array(accounts))
        }
        try half.insert(connection)
        try list(half)
        campaign.counts[batch.maybeAccepted ? .retrying : .queued] += half.count
        return half.openBatch(campaign: campaign.id)
    }
}
