import DeliveryCore
import DeliveryEngine

extension Transaction {
    mutating func create(_ campaign: NewCampaign, _ sorted: SortedRun) throws -> Created {
        var state = Campaign.State.draft
        if campaign.start {
            let startsLater = campaign.settings.startAt.map { $0 > now.timestamp } ?? false
            state = startsLater ? .scheduled : .running
        }
        try CampaignRow.insert(campaign, state: state, at: now.timestamp, connection)
        guard var row = try self.campaign(campaign.id) else {
            throw StoreError.unreadable("campaign")
        }
        let accepted = try sorted.insert(0..<sorted.order.count, into: row.key, connection)
        row.fresh = accepted
        row.counts.queued = accepted
        finish(&row)
        update(row)
        return Created(
            campaign: row.campaign(message: campaign.message, failures: []),
            work: campaign.start ? try work(row) : nil
        )
    }

    /// A campaign that takes recipients.
    mutating func draft(_ id: Campaign.ID) throws -> CampaignRow {
        guard let campaign = try campaign(id) else { throw IntakeError.notFound }
        guard campaign.state == .draft else { throw IntakeError.wrongState(campaign.state) }
        return campaign
    }

    mutating func take(
        _ sorted: SortedRun,
        _ part: Range<Int>,
        into id: Campaign.ID
    ) throws -> Taken {
        var campaign = try draft(id)
        let accepted = try sorted.insert(part, into: campaign.key, connection)
        if accepted > 0 {
            campaign.fresh += accepted
            campaign.counts.queued += accepted
            campaign.touchedAt = now.timestamp
            update(campaign)
        }
        return Taken(
            accepted: accepted,
            duplicates: part.count - accepted,
            total: campaign.counts.total
        )
    }
}
