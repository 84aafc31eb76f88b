import DeliveryCore
import DeliveryEngine

/// Derives the status of a campaign's recipients.
struct RecipientReader {
    let campaign: CampaignRow
    let connection: any Connection
    let terminations: [Termination]
    /// Recipients that a cancel or an expiry has yet to end still wait.
    private let closing: Closing?
    /// The campaign's recall, if one was ever asked for.
    let recall: JobRow?

    init(_ campaign: CampaignRow, _ connection: any Connection) throws {
        self.campaign = campaign
        self.connection = connection
        terminations = try connection.terminations(of: campaign)
        closing = terminations.isEmpty ? nil : try connection.closing(of: campaign.key)
        recall = campaign.counts.sent > 0 ? try connection.job(.recall, of: campaign.key) : nil
    }

    func recipient(_ account: Account) throws -> Recipient? {
        var recipient = try derived(account)
        guard recall != nil else { return recipient }
        try connection.each(sql.recall.one, .int(campaign.key), .text(account.bytes)) {
            recipient?.take(try RecallRow($0))
        }
        return recipient
    }

    private func derived(_ account: Account) throws -> Recipient? {
        let key = Value.int(campaign.key)
        let text = Value.text(account.bytes)
        let row = try connection.first(sql.state.one, key, text) { try RecipientStateRow($0) }
        if let row {
            return recipient(row, batch: try row.batch.map { try batch($0) })
        }
        let found = try connection.recipients(
            of: campaign.key,
            among: CollectionOfOne(account),
            areOrdinary: false
        )
        guard !found.isEmpty else { return nil }
        if account.bytes.isBehind(campaign.cursor) { return fresh(account.bytes) }
        let covering = try connection.first(sql.batch.covering, key, text) { try BatchRow($0) }
        guard let covering else { throw DamagedRow("account without a batch") }
        return recipient(account.bytes, in: covering)
    }

    func batch(_ key: Int64) throws -> BatchRow {
        guard let batch = try connection.batch(key) else {
            throw DamagedRow("batch \(key)")
        }
        return batch
    }

    /// The batch whose call accepted a recipient; nil if none did.
    func acceptingBatch(of account: [UInt8]) throws -> BatchRow? {
        let (key, text) = (Value.int(campaign.key), Value.text(account))
        let own = try connection.first(sql.state.one, key, text) { try RecipientStateRow($0) }
        var found: BatchRow?
        if let own {
            found = try own.batch.map { try batch($0) }
        } else if !account.isBehind(campaign.cursor) {
            found = try connection.first(sql.batch.covering, key, text) { try BatchRow($0) }
        }
        return found?.state == .closed ? found : nil
    }

    // MARK: Deriving

    /// A recipient beyond the cursor: no call addressed it.
    func fresh(_ account: [UInt8]) -> Recipient {
        Recipient(
            account: Account(checked: account),
            status: terminations.first?.status ?? .queued,
            updatedAt: terminations.first?.at ?? campaign.createdAt
        )
    }

    /// A recipient that shares the status of its range batch.
    func recipient(_ account: [UInt8], in batch: BatchRow) -> Recipient {
        let recall = batch.state == .closed ? recall?.recall(of: account, batch.ledger) : nil
        return Recipient(
            account: Account(checked: account),
            status: status(of: batch),
            code: batch.code,
            info: batch.info,
            attempts: batch.attempts,
            messageKey: batch.messageKey,
            updatedAt: batch.changedAt,
            nextAttemptAt: batch.dueAt,
            recall: recall,
            recallCode: recall == .recalled ? 0 : nil
        )
    }

    /// A recipient with a row of its own, and its list batch if it is in one.
    func recipient(_ row: RecipientStateRow, batch: BatchRow?) -> Recipient {
        if let batch {
            var listed = recipient(row.account, in: batch)
            listed.attempts += row.attempts
            listed.code = batch.code ?? row.code
            listed.info = batch.state == .closed ? nil : batch.info ?? row.info
            return listed
        }
        var recipient = Recipient(
            account: Account(checked: row.account),
            status: row.state.status,
            code: row.code,
            info: row.info,
            attempts: row.attempts,
            updatedAt: row.updatedAt,
            nextAttemptAt: row.state == .verifying ? row.lookUpAt : row.dueAt
        )
        if row.dueAt != nil, row.generation < terminations.count,
            closing?.isAhead(row.account, row.generation) != true
        {
            recipient.status = terminations[row.generation].status
            recipient.updatedAt = max(row.updatedAt, terminations[row.generation].at)
            recipient.nextAttemptAt = nil
        }
        return recipient
    }

    func status(of batch: BatchRow) -> Recipient.Status {
        if let status = batch.state.status { return status }
        // The batch names a generation that the campaign never ended: its status can't be known.
        let isKnown = terminations.indices.contains(batch.generation)
        return isKnown ? terminations[batch.generation].status : .unknown
    }
}

extension Recipient {
    /// Takes what its recall came to from a row of its own.
    mutating func take(_ row: RecallRow) {
        (recall, recallCode) = (row.state, row.code)
    }
}

extension RecipientFilter {
    func matches(_ recipient: Recipient) -> Bool {
        guard statuses.isEmpty || statuses.contains(recipient.status) else { return false }
        guard recalls.isEmpty || recipient.recall.map(recalls.contains) == true else {
            return false
        }
        guard !codes.isEmpty else { return true }
        return recipient.code.map { codes.contains($0) } ?? false
    }

    /// Whether all that match have rows of a recall: who was recalled with the plain code, or waits
    /// for the walk, has none.
    var isOfRecallRows: Bool {
        !recalls.isEmpty && recalls.isDisjoint(with: [.recalled, .queued])
    }

    /// Whether the filter includes ordinary sent recipients, of which there may be millions.
    var includesSent: Bool {
        (statuses.isEmpty || statuses.contains(.sent)) && (codes.isEmpty || codes.contains(0))
    }
}
