import DeliveryCore

extension Transaction {
    /// Reads what was open, and nothing of what wasn't.
    mutating func restore() throws -> Restored {
        var restored = Restored()
        var campaigns: [CampaignRow] = []
        try connection.each(CampaignRow.live) { row in
            let bytes = row.bytes(1)
            do {
                campaigns.append(try CampaignRow(row))
            } catch let error as StoreError {
                restored.add(error, of: bytes)
            }
        }
        var batches: [BatchRow] = []
        var damaged: [(campaign: Int64, error: StoreError)] = []
        try connection.each(BatchRow.open) { row in
            let campaign = row.int64(1)
            do {
                batches.append(try BatchRow(row))
            } catch let error as StoreError {
                damaged.append((campaign, error))
            }
        }
        for (key, error) in damaged {
            let uuid = try connection.first("SELECT uuid FROM campaign WHERE id = ?", .int(key)) {
                $0.bytes(0)
            }
            if let uuid { restored.add(error, of: uuid) }
        }
        // A campaign that was canceled while calls were out is over only when they are.
        for key in Set(batches.map(\.campaign)).subtracting(campaigns.map(\.key)).sorted() {
            do {
                if let campaign = try campaign(key: key) { campaigns.append(campaign) }
            } catch is StoreError {
                // Of one that is live it was said above; of one that has ended nothing is sent.
            }
        }
        campaigns.sort { $0.key < $1.key }
        restored.campaigns = try campaigns.map { try work($0) }
        let ids = Dictionary(uniqueKeysWithValues: campaigns.map { ($0.key, $0) })
        for batch in batches {
            guard let campaign = ids[batch.campaign] else { continue }
            if let open = batch.openBatch(campaign: campaign.id) {
                restored.open.append(open)
            } else {
                let message = try message(of: campaign)
                restored.interrupted.append(
                    try connection.call(batch, of: campaign.id, message: message)
                )
            }
        }
        restored.closing = try connection.closingCampaigns()
        restored.holds = try connection.ledger(lastInstantOfBoot: nil).compactMap {
            $0.entry.hold(at: now.instant)
        }
        restored.service = try connection.service()
        return restored
    }
}

extension Restored {
    fileprivate mutating func add(_ error: StoreError, of uuid: [UInt8]) {
        guard case .unreadable(let value) = error else { return }
        do {
            let id = try Campaign.ID(stored: uuid)
            let text =
                "the store holds \(value): restore a backup, or cancel or delete the campaign"
            damaged.append(Damage(campaign: id, text: text))
        } catch {
            // It has no name to say it of; nothing of it is sent.
        }
    }
}

extension Connection {
    func service() throws -> ServiceRecord {
        var record = ServiceRecord()
        try each("SELECT is_paused, halt_code, halt_text, halt_fingerprint FROM service") { row in
            record.isPaused = row.int(0) != 0
            guard let text = row.optionalText(2), let fingerprint = row.optionalText(3) else {
                return
            }
            let reason = Campaign.Reason(code: row.optionalInt(1), text: text)
            record.halt = ServiceRecord.Halt(reason: reason, fingerprint: fingerprint)
        }
        return record
    }
}
