import DeliveryCore

/// How campaigns leave the store: their own rows at once, those of their recipients in steps.
///
/// A campaign may have millions of recipients, and every claim would wait while they are removed.
/// So its key is written down in `removed`, and small transactions take away what bears it.
extension Transaction {
    mutating func delete(_ id: Campaign.ID) throws -> Change {
        guard let campaign = try campaign(id) else { return .failure(.notFound) }
        guard intakes[id] == nil else { return .failure(.intakeOpen) }
        // What merely waits for its end may as well go: no call is out for it.
        let isEnding = try isClosing(campaign) && campaign.counts.sending == 0
        guard campaign.state == .draft || campaign.isOver || isEnding else {
            return .failure(.wrongState(campaign.state))
        }
        let answer = try changed(campaign)
        try remove(campaign)
        return .success(answer)
    }

    private mutating func remove(_ campaign: CampaignRow) throws {
        for table in ["failure", "cut", "message", "closing"] {
            try connection.run("DELETE FROM \(table) WHERE campaign = ?", .int(campaign.key))
        }
        try connection.run("DELETE FROM campaign WHERE id = ?", .int(campaign.key))
        try connection.run("INSERT INTO removed VALUES (?)", .int(campaign.key))
        forget(campaign)
    }

    // MARK: Sweeping

    /// One step: retires some campaigns, and removes rows of those that are gone.
    mutating func perform(_ sweep: Write.Sweep) throws -> WriteResult {
        var retired: [Campaign.ID] = []
        // A campaign's own rows cost about as much as a hundred of its recipients'.
        let retiredAtOnce = max(1, rowsPerStep / 100)
        if let time = sweep.untouchedSince { retired = try retire(time, atMost: retiredAtOnce) }
        var room = rowsPerStep
        for key in try removedKeys() where room > 0 {
            let limit = room
            let fault = try attempt { transaction in
                room -= try transaction.removeRows(of: key, atMost: limit)
                guard room > 0 else { return }
                try transaction.connection.run("DELETE FROM removed WHERE campaign = ?", .int(key))
                room -= 1
            }
            guard fault != nil else { continue }
            room = limit
            memory.unremovable.insert(key)
        }
        // An answer that was kept may be as long as a campaign's message.
        let forgottenAtOnce = max(1, rowsPerStep / 10)
        let forgotten = room > 0 ? try forgetRequests(atMost: forgottenAtOnce) : 0
        let isFull =
            room <= 0 || retired.count == retiredAtOnce || forgotten == forgottenAtOnce
        return .swept(WriteResult.Swept(retired: retired, hasMore: isFull))
    }

    /// Removes campaigns that have been over, and drafts that nobody has touched, since a time.
    private mutating func retire(_ time: Timestamp, atMost limit: Int) throws -> [Campaign.ID] {
        var keys: [Int64] = []
        // Those that are streamed into may be among the oldest.
        let room = Value.int(limit + intakes.count + memory.unremovable.count)
        for sql in [CampaignRow.finishedBefore, CampaignRow.draftsUntouchedSince] {
            try connection.each(sql, .int(time.milliseconds), room) { keys.append($0.int64(0)) }
        }
        var retired: [Campaign.ID] = []
        for key in keys where retired.count < limit && !memory.unremovable.contains(key) {
            var removed: Campaign.ID?
            let fault = try attempt { removed = try $0.retire(key, leftBefore: time) }
            // Somebody has to look at it; until then it mustn't stand in the way of the others.
            if fault != nil {
                memory.unremovable.insert(key)
            } else if let removed {
                retired.append(removed)
            }
        }
        return retired
    }

    private mutating func retire(_ key: Int64, leftBefore time: Timestamp) throws -> Campaign.ID? {
        // As the writes before this one in the same transaction have left it.
        guard let row = try campaign(key: key), row.wasLeft(before: time), intakes[row.id] == nil
        else { return nil }
        try remove(row)
        return row.id
    }

    /// Campaigns that are gone and may have rows left, as many as one step can be through with.
    private func removedKeys() throws -> [Int64] {
        var keys: [Int64] = []
        let left = memory.unremovable.union(arriving)
        let room = Value.int(rowsPerStep + left.count)
        try connection.each("SELECT campaign FROM removed ORDER BY campaign LIMIT ?", room) {
            keys.append($0.int64(0))
        }
        return keys.filter { !left.contains($0) }
    }

    /// Removes rows of a campaign that is gone and says how many; fewer than `limit` were all.
    private func removeRows(of key: Int64, atMost limit: Int) throws -> Int {
        var room = limit
        for table in ["exception", "recipient"] where room > 0 {
            room -= try removeFirst(room, from: table, of: key)
        }
        for index in ["batch_range", "batch_list"] where room > 0 {
            let isRange = index == "batch_range" ? "NOT NULL" : "NULL"
            room -= try connection.run(
                """
                DELETE FROM batch WHERE id IN (SELECT id FROM batch INDEXED BY \(index)
                    WHERE campaign = ? AND first_account IS \(isRange) LIMIT ?)
                """,
                .int(key),
                .int(room)
            )
        }
        return limit - room
    }

    /// Removes the first rows of a campaign in the order of the key: a range, whose pages are freed
    /// one after another.
    private func removeFirst(_ count: Int, from table: String, of key: Int64) throws -> Int {
        let last = try connection.first(
            "SELECT account FROM \(table) WHERE campaign = ? ORDER BY account LIMIT 1 OFFSET ?",
            .int(key),
            .int(count - 1)
        ) { $0.bytes(0) }
        guard let last else {
            return try connection.run("DELETE FROM \(table) WHERE campaign = ?", .int(key))
        }
        return try connection.run(
            "DELETE FROM \(table) WHERE campaign = ? AND account <= ?",
            .int(key),
            .text(last)
        )
    }
}

extension CampaignRow {
    /// Whether nothing of it is out or in doubt any more.
    var isOver: Bool { state.isFinal && !counts.hasWork }

    /// Whether it was over, or a draft that nobody touched since, at a time.
    fileprivate func wasLeft(before time: Timestamp) -> Bool {
        if state == .draft { return touchedAt < time }
        guard isOver, let finishedAt else { return false }
        return finishedAt < time
    }

    fileprivate static let finishedBefore = """
        SELECT id FROM campaign INDEXED BY campaign_finished
        WHERE finished_at_ms < ? ORDER BY finished_at_ms LIMIT ?
        """
    fileprivate static let draftsUntouchedSince = """
        SELECT id FROM campaign INDEXED BY campaign_draft
        WHERE state = 'draft' AND touched_at_ms < ? ORDER BY touched_at_ms LIMIT ?
        """
}

extension Schema {
    /// Campaigns that are gone and may have rows left, and what says how old a campaign is.
    static let removal = """
        CREATE TABLE removed (
            campaign INTEGER PRIMARY KEY
        ) STRICT;
        CREATE INDEX batch_list ON batch (campaign) WHERE first_account IS NULL;
        -- When it was made, recipients were last taken in, or a retry opened it again.
        ALTER TABLE campaign ADD COLUMN touched_at_ms INTEGER NOT NULL DEFAULT 0;
        UPDATE campaign SET touched_at_ms = created_at_ms;
        CREATE INDEX campaign_draft ON campaign (touched_at_ms) WHERE state = 'draft';
        CREATE INDEX campaign_finished ON campaign (finished_at_ms)
            WHERE finished_at_ms IS NOT NULL;
        """
}

extension Store {
    /// The bytes of the statements that the writer keeps: for tests.
    package func preparedBytes() async throws -> Int {
        try mapped(await onWriter { $0.preparedBytes })
    }

    /// How many rows bear the key of a campaign that isn't there: for tests and simulations.
    package func strayRowCount() async throws -> Int {
        try await read { connection in
            let tables = [
                "recipient", "exception", "batch", "failure", "cut", "message", "closing",
            ]
            let counts = tables.map {
                "(SELECT count(*) FROM \($0) WHERE campaign NOT IN (SELECT id FROM campaign))"
            }
            let sql = "SELECT (SELECT count(*) FROM removed) + \(counts.joined(separator: " + "))"
            return try connection.first(sql) { $0.int(0) } ?? 0
        }
    }
}
