package import DeliveryCore

/// How a campaign comes into the service: stored durably, then known to the dispatcher if it starts,
/// and to whoever watches.
///
/// It is one operation, since a campaign that is stored and not admitted waits until the next start.
/// Between the two somebody may cancel and delete it; the dispatcher, told of one that isn't there,
/// drops it.
package struct Submission: Sendable {
    private let campaigns: any Campaigns
    private let deliveries: any Deliveries

    package init(to campaigns: any Campaigns, _ deliveries: any Deliveries) {
        self.campaigns = campaigns
        self.deliveries = deliveries
    }

    /// Stores a campaign and has it sent if it starts; nothing is done if this throws.
    ///
    /// The answer to a request with a key is remembered in the same transaction.
    package func submit(
        _ campaign: NewCampaign,
        for request: KeyedRequest? = nil,
        now: Now
    ) async throws(QueueError) -> Created {
        let created = try await campaigns.create(campaign, for: request, now: now)
        if let work = created.work { deliveries.admit(work) }
        deliveries.changes.changed(created.campaign.id)
        return created
    }
}
