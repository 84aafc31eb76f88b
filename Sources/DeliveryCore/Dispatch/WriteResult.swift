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

/// Why a change of a campaign was refused; nothing was changed.
package enum ChangeRefusal: Error, Sendable, Hashable {
    case notFound
    case wrongState(Campaign.State)
    /// A draft without recipients can't start.
    case emptyDraft
    /// Recipients are being streamed into the draft.
    case intakeOpen
    /// `expires_at` is past.
    case expired
    /// A patch would leave the campaign's own times in a wrong order, or come too late.
    case invalid(field: String, detail: String)
}

/// What the dispatcher knows of a campaign that isn't a draft.
package struct CampaignWork: Sendable, Hashable {
    package let id: Campaign.ID
    package var state: Campaign.State
    package var settings: Campaign.Settings
    /// The order of creation, which breaks ties.
    package var order: Int64
    package var packetOverhead: Int
    /// Recipients never addressed.
    package var freshCount: Int
    /// Recipients that wait for a retry of their own.
    package var retryCount: Int
    /// When the first of those is due; nil if there are none.
    package var retryDueAt: Timestamp?
    /// The largest batch that isn't too large for the provider, where that was learnt.
    package var accountLimit: Int?

    package init(
        id: Campaign.ID,
        state: Campaign.State,
        settings: Campaign.Settings,
        order: Int64,
        packetOverhead: Int,
        freshCount: Int,
        retryCount: Int,
        retryDueAt: Timestamp?,
        accountLimit: Int?
    ) {
        self.id = id
        self.state = state
        self.settings = settings
        self.order = order
        self.packetOverhead = packetOverhead
        self.freshCount = freshCount
        self.retryCount = retryCount
        self.retryDueAt = retryDueAt
        self.accountLimit = accountLimit
    }
}

/// What a start finds in the queue.
package struct Restored: Sendable, Hashable {
    /// Every campaign that is scheduled, running, paused or halted, by order of creation.
    package var campaigns: [CampaignWork]
    /// Batches that were held or to be repeated.
    package var open: [OpenBatch]
    /// Batches whose call was out when the process ended, with their accounts.
    package var interrupted: [Batch]
    /// What counts against the quota still.
    package var holds: [Hold]
    package var service: ServiceRecord
    /// Campaigns that have ended, and not all that waited in them.
    package var closing: [Campaign.ID] = []
    /// Campaigns of which something can't be read; the others' rows are as good as ever.
    package var damaged: [Damage] = []

    package struct Damage: Sendable, Hashable {
        package let campaign: Campaign.ID
        /// What it is, and what to do.
        package let text: String

        package init(campaign: Campaign.ID, text: String) {
            self.campaign = campaign
            self.text = text
        }
    }

    package init(
        campaigns: [CampaignWork] = [],
        open: [OpenBatch] = [],
        interrupted: [Batch] = [],
        holds: [Hold] = [],
        service: ServiceRecord = ServiceRecord()
    ) {
        self.campaigns = campaigns
        self.open = open
        self.interrupted = interrupted
        self.holds = holds
        self.service = service
    }
}

/// Recipients that count against the quota, and a campaign's cap, until an instant.
package struct Hold: Sendable, Hashable {
    package let campaign: Campaign.ID
    package let count: Int
    package let until: Instant

    package init(campaign: Campaign.ID, count: Int, until: Instant) {
        self.campaign = campaign
        self.count = count
        self.until = until
    }
}
