import DeliveryCore

extension Transaction {
    /// Reads live campaigns and open batches; nothing of what has ended.
    mutating func restore() throws -> Restored {
        try expectSuppressions()
        var restored = Restored()
        var campaigns: [CampaignRow] = []
        try connection.each(sql.campaign.live) { row in
            let bytes = row.bytes(CampaignRow.idColumn)
            do {
                campaigns.append(try CampaignRow(row))
            } catch let error as DamagedRow {
                restored.add(error, of: bytes)
            }
        }
        var batches: [BatchRow] = []
        var damaged: [(campaign: Int64, error: DamagedRow)] = []
        try connection.each(sql.batch.open) { row in
            let campaign = row.int64(BatchRow.campaignColumn)
            do {
                batches.append(try BatchRow(row))
            } catch let error as DamagedRow {
                damaged.append((campaign, error))
            }
        }
        for (key, error) in damaged {
            let uuid = try connection.first(sql.campaign.idOfKey, .int(key)) { $0.bytes(0) }
            if let uuid { restored.add(error, of: uuid) }
        }
        // A campaign canceled with calls in flight, or with look-ups to make, ends when they do.
        let verifying = try connection.all(sql.campaign.verifying) { $0.int64(0) }
        let ending = Set(batches.map(\.campaign)).union(verifying)
        for key in ending.subtracting(campaigns.map(\.key)).sorted() {
            do {
                if let campaign = try campaign(key: key) { campaigns.append(campaign) }
            } catch is DamagedRow {
                // A live campaign's damage is reported above; an ended one sends nothing.
            }
        }
        campaigns.sort { $0.key < $1.key }
        restored.campaigns = try campaigns.map { try connection.work($0) }
        let ids = Dictionary(uniqueKeysWithValues: campaigns.map { ($0.key, $0) })
        for batch in batches {
            guard let campaign = ids[batch.campaign] else { continue }
            if let open = batch.openBatch(campaign: campaign.id) {
                restored.open.append(open)
            } else {
                let message = try message(of: campaign)
                let call = try connection.call(
                    batch,
                    of: campaign.id,
                    message: message,
                    accounts: try connection.accounts(of: batch)
                )
                restored.inFlight.append(call)
            }
        }
        try connection.each(sql.job.allRunning) { row in
            let bytes = row.bytes(JobRow.columnCount)
            do {
                let job = try JobRow(row).job
                restored.jobs.append(.init(campaign: try Campaign.ID(stored: bytes), job: job))
            } catch let error as DamagedRow {
                restored.add(error, of: bytes)
            }
        }
        restored.closing = try connection.all(sql.campaign.allClosing) {
            try Campaign.ID(stored: $0.bytes(0))
        }
        restored.holds = try connection.ledger(lastInstantOfBoot: nil).compactMap {
            $0.entry.hold(at: now.instant)
        }
        restored.service = try connection.service()
        return restored
    }
}

extension Restored {
    fileprivate mutating func add(_ error: DamagedRow, of uuid: [UInt8]) {
        do {
            let id = try Campaign.ID(stored: uuid)
            let text =
                "the store holds \(error.value): restore a backup, or cancel or delete the campaign"
            damaged.append(Damage(campaign: id, text: text))
        } catch {
            // Without an id there is no campaign to report; nothing of it is sent.
        }
    }
}

extension Connection {
    func service() throws -> ServiceRecord {
        var record = ServiceRecord()
        try each(sql.service.record) { row in
            record.isPaused = row.flag(0)
            guard let text = row.optionalText(2), let fingerprint = row.optionalText(3) else {
                return
            }
            let reason = Campaign.Reason(code: row.optionalInt(1), text: text)
            record.halt = ServiceRecord.Halt(reason: reason, fingerprint: fingerprint)
        }
        return record
    }
}
