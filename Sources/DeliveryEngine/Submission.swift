package import DeliveryCore

/// How a campaign enters the service: stored durably, admitted by the dispatcher if it starts, and
/// reported to watchers.
///
/// It is one operation, since a stored campaign that isn't admitted would wait until the next
/// start. A client may cancel and delete it in between; the dispatcher drops a campaign that the
/// store doesn't have.
package struct Submission: Sendable {
    private let campaigns: any Campaigns
    private let deliveries: any Deliveries

    package init(to campaigns: any Campaigns, _ deliveries: any Deliveries) {
        self.campaigns = campaigns
        self.deliveries = deliveries
    }

    /// Stores a campaign and admits it if it starts; if this throws, nothing was stored.
    ///
    /// The answer to a request with a key is stored in the same transaction.
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
