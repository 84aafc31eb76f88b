package import DeliveryCore
package import DeliveryEngine
import Synchronization

/// How a campaign comes into the store with its recipients: whole or not at all.
extension Store {
    /// A creation with so few recipients takes a millisecond and goes before slices of streams.
    private static let fewRows = 1_000
    /// Accounts of one body that are sorted at a time: sorting takes 4 bytes each, and a body may
    /// name sixteen million.
    private static let sortedRows = 1_000_000

    package func create(
        _ campaign: NewCampaign,
        for request: KeyedRequest?,
        now: Now
    ) async throws(QueueError) -> Created {
        try engine.refuseWhenShort()
        guard campaign.recipients.count <= CommitSize.slice else {
            return try await createInSlices(campaign, for: request, now: now)
        }
        let recipients = try mapped(await sorted(SortedSlices(of: campaign.recipients)))
        let row = CampaignRow(campaign, recipients: recipients.distinctCount, at: now.timestamp)
        let answer = request?.answer(row.campaign(message: campaign.message))
        let rank: WriterRank = recipients.accounts.count > Self.fewRows ? .bulk : .request
        return try mapped(
            await write(now: now, rank) { transaction in
                var row = row
                row.key = try transaction.nextKey()
                _ = try recipients.insert(into: row.key, transaction.connection)
                return try transaction.create(row, campaign, for: request, answer)
            }
        )
    }

    /// Creates a campaign with more recipients than one transaction should write: every call would
    /// wait for it.
    ///
    /// The recipients' rows come first, under a key that `removed` lists: no reader sees them, and
    /// if the creation fails, or the process ends, sweeps remove them. The campaign comes with the
    /// last transaction.
    private func createInSlices(
        _ campaign: NewCampaign,
        for request: KeyedRequest?,
        now: Now
    ) async throws(QueueError) -> Created {
        let key = try mapped(
            await write(now: now) { transaction in
                let key = try transaction.nextKey()
                try transaction.connection.run(sql.removal.note, .int(key))
                // Before a sweep can find the key.
                self.arriving.withLock { _ = $0.insert(key) }
                return key
            }
        )
        defer { arriving.withLock { _ = $0.remove(key) } }
        var accepted = 0
        for part in (0..<campaign.recipients.count).parts(of: Self.sortedRows) {
            let slices = SortedSlices(of: campaign.recipients, part)
            try await inOrder(slices) { slice, _ throws(QueueError) in
                let (count, time) = try mapped(
                    await writeSlice(now: now) { transaction in
                        try slice.get().insert(into: key, transaction.connection)
                    }
                )
                accepted += count
                return time
            }
        }
        var row = CampaignRow(campaign, recipients: accepted, at: now.timestamp)
        row.key = key
        let answer = request?.answer(row.campaign(message: campaign.message))
        return try mapped(
            await write(now: now) { [row] transaction in
                try transaction.connection.run(sql.removal.forget, .int(key))
                return try transaction.create(row, campaign, for: request, answer)
            }
        )
    }
}

extension Transaction {
    /// A key that no campaign has, nor a deleted one that may have rows left.
    fileprivate func nextKey() throws -> Int64 {
        try connection.first(sql.campaign.nextKey) { $0.int64(0) } ?? 1
    }

    /// Stores a campaign whose recipients are stored, and the answer to its request.
    fileprivate mutating func create(
        _ row: CampaignRow,
        _ campaign: NewCampaign,
        for request: KeyedRequest?,
        _ answer: [UInt8]?
    ) throws -> Created {
        try row.insert(connection)
        try connection.run(sql.campaign.insertMessage, .int(row.key), .text(campaign.message.json))
        for kind in row.firstEvents { try write(kind, of: row) }
        if let request, let answer { try remember(answer, to: request, row.id) }
        return Created(
            campaign: row.campaign(message: campaign.message),
            work: campaign.start ? try connection.work(row) : nil,
            answer: answer
        )
    }
}
