import DeliveryCore
import DeliveryEngine

extension Connection {
    /// A campaign that takes recipients.
    func draft(_ id: Campaign.ID) throws -> CampaignRow {
        guard let campaign = try campaign(id) else { throw IntakeError.notFound }
        guard campaign.state == .draft else { throw IntakeError.wrongState(campaign.state) }
        if let running = try runningJob(of: campaign.key) { throw IntakeError.jobRunning(running) }
        return campaign
    }
}

extension Transaction {
    mutating func take(_ accounts: SortedRun, into id: Campaign.ID) throws -> Taken {
        var campaign = try connection.draft(id)
        let accepted = try accounts.insert(into: campaign.key, connection)
        if accepted > 0 {
            campaign.fresh += accepted
            campaign.counts.queued += accepted
            campaign.touchedAt = now.timestamp
            update(campaign)
        }
        return Taken(
            accepted: accepted,
            duplicates: accounts.accounts.count - accepted,
            total: campaign.counts.total
        )
    }
}
