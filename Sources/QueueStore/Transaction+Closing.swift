import DeliveryCore

/// How far a canceled or expired campaign has come with ending what waited in it.
///
/// Where that is more than one transaction should change, the campaign takes its state at once, and
/// those that waited their end in steps: first the batches, then those that wait for a retry of
/// their own, in the order of the key.
struct Closing: Sendable {
    /// The pass that ended.
    let pass: Int
    /// The last account that was looked at, empty before the first.
    let cursor: [UInt8]

    /// Whether somebody who waited in a pass waits for an end yet.
    func isAhead(_ account: [UInt8], _ pass: Int) -> Bool {
        pass == self.pass && account.isBehind(cursor)
    }
}

extension Connection {
    func closing(of campaign: Int64) throws -> Closing? {
        let sql = "SELECT pass, cursor FROM closing WHERE campaign = ?"
        return try first(sql, .int(campaign)) { Closing(pass: $0.int(0), cursor: $0.bytes(1)) }
    }

    /// Campaigns that have ended, and not all that waited in them.
    func closingCampaigns() throws -> [Campaign.ID] {
        var ids: [Campaign.ID] = []
        let sql = """
            SELECT uuid FROM closing JOIN campaign ON campaign.id = closing.campaign
            ORDER BY campaign.id
            """
        try each(sql) { ids.append(try Campaign.ID(stored: $0.bytes(0))) }
        return ids
    }
}

extension Transaction {
    /// One more step of ending what waited in a campaign that was canceled or has expired.
    mutating func close(_ id: Campaign.ID) throws -> Change {
        guard var campaign = try campaign(id) else { return .failure(.notFound) }
        var closed: [Batch.ID] = []
        if let closing = try connection.closing(of: campaign.key) {
            closed = try goOn(closing, &campaign)
            update(campaign)
        }
        return .success(try changed(campaign, closed: closed))
    }

    /// Ends everybody no call is out for, all at once or as many as one step may; says which
    /// batches that closed.
    ///
    /// Those never addressed are moved in the counters only: the pass they belong to is over, and
    /// from that follows their status.
    mutating func cut(
        _ campaign: inout CampaignRow,
        _ status: Recipient.Status
    ) throws -> [Batch.ID] {
        try connection.run(
            "INSERT INTO cut VALUES (?, ?, ?, ?)",
            .int(campaign.key),
            .int(campaign.pass),
            .text(status.rawValue),
            .int(now.timestamp.milliseconds)
        )
        let closing = Closing(pass: campaign.pass, cursor: [])
        campaign.move(campaign.fresh, from: .queued, to: status)
        campaign.fresh = 0
        campaign.waiting = 0
        campaign.pass += 1
        guard campaign.counts.queued + campaign.counts.retrying > 0 else { return [] }
        try connection.run(
            "INSERT INTO closing VALUES (?, ?, '')",
            .int(campaign.key),
            .int(closing.pass)
        )
        return try goOn(closing, &campaign)
    }

    /// Ends as many as this transaction may look at yet.
    mutating func goOn(_ closing: Closing, _ campaign: inout CampaignRow) throws -> [Batch.ID] {
        let status = try connection.cuts(of: campaign)[closing.pass].status
        let closed = try closeBatches(status, &campaign)
        if rowsLeft > 0 { try closeWaiting(closing, status, &campaign) }
        if campaign.counts.queued + campaign.counts.retrying == 0 {
            try connection.run("DELETE FROM closing WHERE campaign = ?", .int(campaign.key))
        }
        finish(&campaign)
        return closed
    }

    private mutating func closeBatches(
        _ status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) throws -> [Batch.ID] {
        var closed: [Batch.ID] = []
        while rowsLeft > 0 {
            let batches = try connection.batches(BatchRow.someWaiting, of: campaign.key)
            for var batch in batches where rowsLeft > 0 {
                rowsLeft -= batch.count
                campaign.counts[batch.state == .held ? .queued : .retrying] -= batch.count
                batch.changedAt = now.timestamp
                try cut(&batch, status, &campaign)
                closed.append(batch.id)
            }
            if batches.isEmpty { break }
        }
        return closed
    }

    /// Ends those that wait for a retry of their own: who may have been accepted before is
    /// `unknown`, and of the others nothing but the counters changes.
    private mutating func closeWaiting(
        _ closing: Closing,
        _ status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) throws {
        let stretch = try stretch(of: campaign, after: closing.cursor)
        var counts: [(status: Recipient.Status, isDoubted: Bool, count: Int)] = []
        try connection.each(
            """
            SELECT state, doubted, count(*) FROM exception WHERE \(Self.waiting)
            GROUP BY state, doubted
            """,
            .int(campaign.key),
            .text(stretch.after),
            stretch.lastValue,
            .int(closing.pass)
        ) { row in
            counts.append((try decoded(row.text(0)), row.int(1) != 0, row.int(2)))
        }
        for (old, isDoubted, count) in counts {
            campaign.move(count, from: old, to: isDoubted ? .unknown : status)
        }
        try connection.run(
            """
            UPDATE exception SET state = 'unknown', due_at_ms = NULL, info = ?5, updated_at_ms = ?6
            WHERE \(Self.waiting) AND doubted = 1
            """,
            .int(campaign.key),
            .text(stretch.after),
            stretch.lastValue,
            .int(closing.pass),
            .text(Self.doubt),
            .int(now.timestamp.milliseconds)
        )
        if let last = stretch.last {
            try connection.run(
                "UPDATE closing SET cursor = ? WHERE campaign = ?",
                .text(last),
                .int(campaign.key)
            )
        } else {
            try connection.run("DELETE FROM closing WHERE campaign = ?", .int(campaign.key))
        }
    }

    /// Those of a stretch that wait in a pass, by the order of the key.
    private static let waiting = """
        campaign = ?1 AND account > ?2 AND account <= ?3 AND +pass = ?4
            AND +due_at_ms IS NOT NULL
        """
}

extension BatchRow {
    /// A handful at a time: a list batch holds its accounts.
    static let someWaiting = """
        SELECT \(columns) FROM batch INDEXED BY batch_open
        WHERE state IN ('held', 'repeat') AND state <> 'closed' AND campaign = ?
        ORDER BY id LIMIT 20
        """
}

extension Schema {
    /// Campaigns that have ended while more waited in them than one transaction should change.
    static let closing = """
        CREATE TABLE closing (
            campaign INTEGER PRIMARY KEY,
            pass INTEGER NOT NULL,
            cursor TEXT NOT NULL -- the last account that was looked at
        ) STRICT;
        """
}
