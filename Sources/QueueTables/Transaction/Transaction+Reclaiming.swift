import DeliveryCore

/// How a batch that waits goes out once more.
extension Transaction {
    mutating func perform(_ reclaim: Write.Reclaim) throws -> WriteResult {
        guard var batch = try connection.batch(reclaim.batch.rawValue),
            var campaign = try campaign(key: batch.campaign)
        else { return .claimed(nil, nil) }
        guard mayClaim(from: campaign), batch.state == .held || batch.state == .repeated,
            let status = batch.state.status
        else { return .claimed(nil, try connection.work(campaign)) }
        let accounts = try takeSuppressed(from: &batch, status, &campaign)
        guard batch.state.isOpen else { return try claimedNobody(of: campaign) }
        let message = try message(of: campaign)
        let call = try connection.call(
            batch,
            of: campaign.id,
            message: message,
            accounts: accounts
        )
        let size = accounts.reduce(0) { $0 + rules.size(of: $1) }
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

    /// Takes accounts on the suppression list out of a batch and answers those that stay.
    ///
    /// A batch that nobody is left in is closed. All accounts of a repeat may have been accepted by its
    /// call; of another batch only those that an earlier one may have.
    private mutating func takeSuppressed(
        from batch: inout BatchRow,
        _ status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) throws -> [Account] {
        let accounts = try connection.accounts(of: batch)
        let suppressed = try suppressed(among: AccountRun(accounts))
        guard !suppressed.isEmpty else { return accounts }
        let histories = try connection.histories(of: batch)
        let inDoubt = Set(zip(accounts, histories).filter(\.1.maybeAccepted).map(\.0))
        let leaving = accounts.filter(suppressed.contains).map { account in
            SuppressedRecipient(
                account: account,
                status: status,
                attempts: batch.attempts,
                code: batch.code,
                isInDoubt: batch.maybeAccepted || inDoubt.contains(account)
            )
        }
        let staying = accounts.filter { !suppressed.contains($0) }
        try end(leaving, calls: batch.calls, &campaign)
        switch batch.accounts {
        // The range is as it was: it steps over them from now on.
        case .range: campaign.absent += leaving.count
        case .list: batch.accounts = .list(staying)
        }
        guard !staying.isEmpty else {
            batch.state = .closed
            batch.dueAt = nil
            batch.changedAt = now.timestamp
            try batch.save(connection)
            return []
        }
        batch.count = staying.count
        try connection.run(sql.batch.shrink, .int(batch.key), .int(batch.count))
        return staying
    }
}
