import DeliveryCore

extension Transaction {
    /// Reads what was open, and nothing of what wasn't.
    mutating func restore() throws -> Restored {
        var restored = Restored()
        var campaigns: [CampaignRow] = []
        try connection.each(CampaignRow.live) { campaigns.append(try CampaignRow($0)) }
        var batches: [BatchRow] = []
        try connection.each(BatchRow.open) { batches.append(try BatchRow($0)) }
        // A campaign that was canceled while calls were out is over only when they are.
        for key in Set(batches.map(\.campaign)).subtracting(campaigns.map(\.key)).sorted() {
            if let campaign = try campaign(key: key) { campaigns.append(campaign) }
        }
        campaigns.sort { $0.key < $1.key }
        restored.campaigns = try campaigns.map { try work($0) }
        for batch in batches {
            guard let campaign = try campaign(key: batch.campaign) else { continue }
            if let open = batch.openBatch(campaign: campaign.id) {
                restored.open.append(open)
            } else {
                let message = try message(of: campaign)
                restored.interrupted.append(
                    try connection.call(batch, of: campaign.id, message: message)
                )
            }
        }
        restored.holds = try connection.ledger(lastInstantOfBoot: nil).compactMap {
            $0.entry.hold(at: now.instant)
        }
        restored.service = try connection.service()
        return restored
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
