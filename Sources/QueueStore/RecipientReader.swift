import DeliveryCore
import DeliveryEngine

/// Tells what became of a campaign's recipients, from where they stand.
struct RecipientReader {
    let campaign: CampaignRow
    let connection: Connection
    let cuts: [Cut]
    /// What a cancel or an expiry hasn't come to yet waits as before.
    private let closing: Closing?

    init(_ campaign: CampaignRow, _ connection: Connection) throws {
        self.campaign = campaign
        self.connection = connection
        cuts = try connection.cuts(of: campaign)
        closing = cuts.isEmpty ? nil : try connection.closing(of: campaign.key)
    }

    func recipient(_ account: Account) throws -> Recipient? {
        let key = Value.int(campaign.key)
        let text = Value.text(account.bytes)
        let row = try connection.first(ExceptionRow.one, key, text) { try ExceptionRow($0) }
        if let row {
            return recipient(row, batch: try row.batch.map { try batch($0) })
        }
        let sql = "SELECT 1 FROM recipient WHERE campaign = ? AND account = ?"
        guard try connection.first(sql, key, text, body: { _ in true }) != nil else { return nil }
        if account.bytes.isBehind(campaign.cursor) { return fresh(account.bytes) }
        let covering = try connection.first(BatchRow.covering, key, text) { try BatchRow($0) }
        guard let covering else { throw StoreError.unreadable("account without a batch") }
        return recipient(account.bytes, in: covering)
    }

    func batch(_ key: Int64) throws -> BatchRow {
        guard let batch = try connection.batch(key) else {
            throw StoreError.unreadable("batch \(key)")
        }
        return batch
    }

    // MARK: Deriving

    /// One beyond the cursor.
    func fresh(_ account: [UInt8]) -> Recipient {
        Recipient(
            account: Account(checked: account),
            status: cuts.first?.status ?? .queued,
            updatedAt: cuts.first?.at ?? campaign.createdAt
        )
    }

    /// One that shares what became of the range it lies in.
    func recipient(_ account: [UInt8], in batch: BatchRow) -> Recipient {
        Recipient(
            account: Account(checked: account),
            status: status(of: batch),
            code: batch.code,
            info: batch.info,
            attempts: batch.attempts,
            messageKey: batch.messageKey,
            updatedAt: batch.changedAt,
            nextAttemptAt: batch.dueAt
        )
    }

    /// One with a row of its own, and the batch it is a member of.
    func recipient(_ row: ExceptionRow, batch: BatchRow?) -> Recipient {
        if let batch {
            var member = recipient(row.account, in: batch)
            member.attempts += row.attempts
            member.code = batch.code ?? row.code
            member.info = batch.state == .closed ? nil : batch.info ?? row.info
            return member
        }
        var recipient = Recipient(
            account: Account(checked: row.account),
            status: status(of: row),
            code: row.code,
            info: row.info,
            attempts: row.attempts,
            updatedAt: row.updatedAt,
            nextAttemptAt: row.dueAt
        )
        if row.dueAt != nil, row.pass < cuts.count, closing?.isAhead(row.account, row.pass) != true
        {
            recipient.status = cuts[row.pass].status
            recipient.updatedAt = max(row.updatedAt, cuts[row.pass].at)
            recipient.nextAttemptAt = nil
        }
        return recipient
    }

    func status(of batch: BatchRow) -> Recipient.Status {
        if let status = batch.state.status { return status }
        // A batch that ended with no pass of its campaign: nobody can say how.
        return cuts.indices.contains(batch.pass) ? cuts[batch.pass].status : .unknown
    }

    private func status(of row: ExceptionRow) -> Recipient.Status {
        switch row.state {
        case .queued: .queued
        case .retrying, .member: .retrying
        case .failed: .failed
        case .unknown: .unknown
        }
    }
}

extension [UInt8] {
    /// Whether the bytes come after others in the order of the key.
    func isBehind(_ other: [UInt8]) -> Bool { other.lexicographicallyPrecedes(self) }
}

extension RecipientFilter {
    func matches(_ recipient: Recipient) -> Bool {
        guard statuses.isEmpty || statuses.contains(recipient.status) else { return false }
        guard !codes.isEmpty else { return true }
        return recipient.code.map { codes.contains($0) } ?? false
    }

    /// Whether ordinary sent recipients match, who may be millions.
    var includesSent: Bool {
        (statuses.isEmpty || statuses.contains(.sent)) && (codes.isEmpty || codes.contains(0))
    }
}
