/// What a write came to, in the order of the commit's writes.
package enum WriteResult: Sendable, Hashable {
    /// A claim or reclaim: the batch to send, nil if there was nothing to take, and where its
    /// campaign stands then.
    case claimed(Batch?, CampaignWork?)
    /// A record: where the campaign stands, and the batches a split made.
    case recorded(CampaignWork?, opened: [OpenBatch])
    /// A transition, patch, retry, close or delete.
    case changed(Result<Change, ChangeRefusal>)
    /// A service record.
    case done
    /// A sweep.
    case swept(Swept)
    /// Any write: it can't be carried out, and nothing of it was; all others of the commit hold.
    case failed(Failure)

    package struct Failure: Sendable, Hashable {
        /// The campaign that it is about; nil if it is about none, or nobody knows.
        package let campaign: Campaign.ID?
        /// Why, and what to do.
        package let text: String
        /// Whether the campaign was halted for it in the same commit, with that text.
        package let isHalted: Bool

        package init(campaign: Campaign.ID?, text: String, isHalted: Bool) {
            self.campaign = campaign
            self.text = text
            self.isHalted = isHalted
        }
    }

    package struct Swept: Sendable, Hashable {
        /// Campaigns that this step found past their time; they are gone.
        package let retired: [Campaign.ID]
        /// Whether another step would find something to do.
        package let hasMore: Bool

        package init(retired: [Campaign.ID] = [], hasMore: Bool) {
            self.retired = retired
            self.hasMore = hasMore
        }
    }

    package struct Change: Sendable, Hashable {
        /// The campaign as it stands now; what a delete removed, as it stood.
        package let campaign: Campaign
        package let work: CampaignWork
        /// Recipients that a retry put back, in this step and those before it.
        package let requeued: Int
        /// Where a retry goes on; nil if there is nothing left to look at.
        package let next: RetryPosition?
        /// Open batches of the campaign that this closed.
        package let closed: [Batch.ID]
        /// Whether the campaign has ended and a `close` has yet to go on with what waited in it.
        package let isClosing: Bool

        package init(
            campaign: Campaign,
            work: CampaignWork,
            requeued: Int = 0,
            next: RetryPosition? = nil,
            closed: [Batch.ID] = [],
            isClosing: Bool = false
        ) {
            self.campaign = campaign
            self.work = work
            self.requeued = requeued
            self.next = next
            self.closed = closed
            self.isClosing = isClosing
        }
    }
}
