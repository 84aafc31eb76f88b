/// The result of a write, in the order of the commit's writes.
package enum WriteResult: Sendable, Hashable {
    /// A claim or reclaim: the batch to send, nil if there was nothing to claim, or nobody who isn't
    /// on the suppression list, and its campaign as of then.
    case claimed(Batch?, CampaignWork?)
    /// A record: its campaign as of then, and the batches that a split made.
    case recorded(CampaignWork?, opened: [OpenBatch])
    /// A transition, patch, retry, close or delete, or the start or stop of a job.
    case changed(Result<Change, ChangeRefusal>)
    /// A service record, or an event.
    case done
    /// A sweep.
    case swept(Swept)
    /// A step of a job.
    case stepped(JobStepped)
    /// Any write: it couldn't be carried out and was undone; all others of the commit hold.
    case failed(Failure)

    package struct Failure: Sendable, Hashable {
        /// The campaign concerned; nil if the write is about none, or its campaign can't be read.
        package let campaign: Campaign.ID?
        /// Why it failed, and the remedy.
        package let text: String
        /// Whether the same commit halted the campaign, with that text as its reason.
        package let isHalted: Bool

        package init(campaign: Campaign.ID?, text: String, isHalted: Bool) {
            self.campaign = campaign
            self.text = text
            self.isHalted = isHalted
        }
    }

    package struct Swept: Sendable, Hashable {
        /// Campaigns past their retention that this step removed.
        package let retired: [Campaign.ID]
        /// Whether rows are left for another step.
        package let hasMore: Bool

        package init(retired: [Campaign.ID] = [], hasMore: Bool) {
            self.retired = retired
            self.hasMore = hasMore
        }
    }

    package struct Change: Sendable, Hashable {
        /// The campaign after the change; after a delete, as it was before.
        package let campaign: Campaign
        package let work: CampaignWork
        /// Recipients that a retry put back, in this step and those before it.
        package let requeued: Int
        /// Where a retry's next step begins; nil after the last step.
        package let next: RetryPosition?
        /// The campaign's open batches that this change closed.
        package let closed: [Batch.ID]
        /// Whether the campaign has ended and `close` steps are still to end its waiting
        /// recipients.
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
