import DeliveryCore

/// How campaigns leave the store: their own rows at once, their recipients' in steps.
///
/// Every claim would wait while millions of recipients are removed. So the campaign's key goes into
/// `removed`, and small transactions remove the rows that have it.
extension Transaction {
    mutating func delete(_ id: Campaign.ID) throws -> Change {
        guard let campaign = try campaign(id) else { return .failure(.notFound) }
        guard intakes[id] == nil else { return .failure(.intakeOpen) }
        if let running = try connection.runningJob(of: campaign.key) {
            return .failure(.jobRunning(running))
        }
        // A campaign whose recipients merely wait to be ended can go: no call of it is in flight.
        let isEnding =
            try isClosing(campaign) && campaign.counts.sending == 0 && campaign.verifying == 0
        guard campaign.state == .draft || campaign.isOver || isEnding else {
            return .failure(.wrongState(campaign.state))
        }
        let answer = try changed(campaign)
        try remove(campaign)
        return .success(answer)
    }

    private mutating func remove(_ campaign: CampaignRow) throws {
        let statements = [
            sql.removal.failures, sql.removal.terminations, sql.removal.message,
            sql.campaign.deleteClosing, sql.job.delete, sql.campaign.delete, sql.removal.note,
        ]
        for statement in statements { try connection.run(statement, .int(campaign.key)) }
        forget(campaign)
    }

    // MARK: Sweeping

    /// One step: retires campaigns past their retention, and removes rows of deleted ones.
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
                try transaction.connection.run(sql.removal.forget, .int(key))
                room -= 1
            }
            guard fault != nil else { continue }
            room = limit
            memory.unremovable.insert(key)
        }
        if room > 0 {
            let time = now.timestamp.advanced(by: .zero - Traffic.reach).milliseconds
            room -= try connection.run(sql.traffic.forget, .int(time), .int(room))
        }
        // A kept answer may be as long as a campaign's message.
        let forgottenAtOnce = max(1, rowsPerStep / 10)
        let forgotten = room > 0 ? try forgetRequests(atMost: forgottenAtOnce) : 0
        let isFull =
            room <= 0 || retired.count == retiredAtOnce || forgotten == forgottenAtOnce
        return .swept(WriteResult.Swept(retired: retired, hasMore: isFull))
    }

    /// Removes campaigns that ended, and drafts last touched, before a time.
    private mutating func retire(_ time: Timestamp, atMost limit: Int) throws -> [Campaign.ID] {
        var keys: [Int64] = []
        // Drafts with open streams, and campaigns with running jobs, may be among the oldest.
        let running = try connection.first(sql.job.runningCount) { $0.int(0) } ?? 0
        let room = Value.int(limit + intakes.count + running + memory.unremovable.count)
        for statement in [sql.removal.finished, sql.removal.untouchedDrafts] {
            keys += try connection.all(statement, .int(time.milliseconds), room) { $0.int64(0) }
        }
        var retired: [Campaign.ID] = []
        for key in keys where retired.count < limit && !memory.unremovable.contains(key) {
            var removed: Campaign.ID?
            let fault = try attempt { removed = try $0.retire(key, leftBefore: time) }
            // A damaged campaign waits for an operator; the others are removed.
            if fault != nil {
                memory.unremovable.insert(key)
            } else if let removed {
                retired.append(removed)
            }
        }
        return retired
    }

    private mutating func retire(_ key: Int64, leftBefore time: Timestamp) throws -> Campaign.ID? {
        // Read again: earlier writes of this transaction may have changed it.
        guard let row = try campaign(key: key), row.wasLeft(before: time), intakes[row.id] == nil,
            try connection.runningJob(of: key) == nil
        else { return nil }
        try remove(row)
        return row.id
    }

    /// Deleted campaigns that may have rows left, as many as one step can finish.
    private func removedKeys() throws -> [Int64] {
        let left = memory.unremovable.union(arriving)
        let room = Value.int(rowsPerStep + left.count)
        return try connection.all(sql.removal.removed, room) { $0.int64(0) }
            .filter { !left.contains($0) }
    }

    /// Removes rows of a deleted campaign and says how many; fewer than `limit` were all.
    private func removeRows(of key: Int64, atMost limit: Int) throws -> Int {
        var room = limit
        let tables = [
            sql.removal.states, sql.removal.recalls, sql.removal.unknownCalls,
            sql.removal.recipients,
        ]
        for table in tables where room > 0 {
            room -= try removeFirst(room, table, of: key)
        }
        for batches in [sql.removal.rangeBatches, sql.removal.listBatches] where room > 0 {
            room -= try connection.run(batches, .int(key), .int(room))
        }
        return limit - room
    }

    private func removeFirst(
        _ count: Int,
        _ table: RemovalStatements.InOrder,
        of key: Int64
    ) throws -> Int {
        let limit = max(1, count / table.weight)
        let end = try connection.first(table.end, .int(key), .int(limit - 1)) { row in
            table.isNumbered ? Value.int(row.int64(0)) : .text(row.bytes(0))
        }
        let removed =
            if let end {
                try connection.run(table.upTo, .int(key), end)
            } else {
                try connection.run(table.all, .int(key))
            }
        return removed < limit ? removed * table.weight : count
    }
}

extension CampaignRow {
    /// Whether the campaign ended, or was last touched as a draft, before a time.
    fileprivate func wasLeft(before time: Timestamp) -> Bool {
        if state == .draft { return touchedAt < time }
        guard isOver, let finishedAt else { return false }
        return finishedAt < time
    }
}
