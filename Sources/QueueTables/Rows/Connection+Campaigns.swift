import DeliveryCore

/// Reads of a campaign that go beyond its row.
extension Connection {
    func campaign(_ id: Campaign.ID) throws -> CampaignRow? {
        try first(sql.campaign.byID, .blob(id.bytes)) { try CampaignRow($0) }
    }

    /// A campaign as the endpoint shows it.
    func whole(_ row: CampaignRow) throws -> Campaign {
        row.campaign(
            message: try message(of: row),
            failures: try failures(of: row.key),
            jobs: try jobs(of: row.key)
        )
    }

    func message(of campaign: CampaignRow) throws -> CheckedMessage {
        let json = try first(sql.campaign.message, .int(campaign.key)) { $0.bytes(0) }
        return CheckedMessage(json: json ?? [], packetOverhead: campaign.packetOverhead)
    }

    /// The failures' counters, ascending by code.
    func failures(of key: Int64) throws -> [Campaign.Failure] {
        try all(sql.campaign.failures, .int(key)) {
            Campaign.Failure(code: $0.int(0), count: $0.int(1))
        }
    }

    /// How the campaign's generations ended, the first one first.
    func terminations(of campaign: CampaignRow) throws -> [Termination] {
        guard campaign.generation > 0 else { return [] }
        let terminations = try all(sql.campaign.terminations, .int(campaign.key)) {
            Termination(
                status: try decoded($0.text(0)),
                at: Timestamp(milliseconds: $0.int64(1))
            )
        }
        guard terminations.count == campaign.generation else {
            throw DamagedRow("\(terminations.count) ends of a campaign's \(campaign.generation)")
        }
        return terminations
    }

    func closing(of campaign: Int64) throws -> Closing? {
        try first(sql.campaign.closing, .int(campaign)) {
            Closing(generation: $0.int(0), cursor: $0.bytes(1))
        }
    }

    /// The campaign as the dispatcher needs it.
    func work(_ campaign: CampaignRow) throws -> CampaignWork {
        let (key, generation) = (Value.int(campaign.key), Value.int(campaign.generation))
        var (retryDueAt, lookUpDueAt): (Timestamp?, Timestamp?)
        if campaign.waiting > 0 {
            retryDueAt = try first(sql.state.firstDue, key, generation) { $0.timestamp(0) } ?? nil
        }
        if campaign.verifying > 0 {
            let state = Value.text(RecipientStateRow.State.verifying.rawValue)
            lookUpDueAt = try first(sql.lookUp.firstDue, key, state) { $0.timestamp(0) } ?? nil
        }
        return campaign.work(retryDueAt: retryDueAt, lookUpDueAt: lookUpDueAt)
    }
}

extension Row {
    func timestamp(_ column: Int) -> Timestamp? {
        optionalInt64(column).map { Timestamp(milliseconds: $0) }
    }
}

extension Campaign.ID {
    var bytes: [UInt8] {
        [high, low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
        }
    }

    init(stored bytes: [UInt8]) throws {
        guard bytes.count == 16 else {
            throw DamagedRow("a campaign's id of \(bytes.count) bytes")
        }
        let halves = [bytes[..<8], bytes[8...]].map { half in
            half.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        self.init(high: halves[0], low: halves[1])
    }
}
