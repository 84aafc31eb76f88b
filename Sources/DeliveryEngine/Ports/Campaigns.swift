package import DeliveryCore

/// The queue as the endpoint uses it: taking in and looking up.
package protocol Campaigns: Sendable {
    /// Stores a new campaign, with its recipients if it has some, in one durable transaction.
    ///
    /// With `start` it is `running`, or `scheduled`, at once; only `Submission` asks for this, which
    /// tells the dispatcher. The answer to a request with a key is written before the transaction and
    /// remembered in it; the caller has made sure that the key is free.
    func create(
        _ campaign: NewCampaign,
        for request: KeyedRequest?,
        now: Now
    ) async throws(QueueError) -> Created

    /// What the first request with a key was answered; nil if there was none in the last 24 hours.
    func answer(to key: KeyedRequest.Key, now: Timestamp) async throws(QueueError) -> KeyedAnswer?

    /// Opens a draft for a stream of recipients; while one is open the draft can't start.
    func openIntake(_ id: Campaign.ID) async throws(IntakeError)

    /// Adds a run of accounts durably and drops those that the campaign has already.
    ///
    /// A long run is several transactions: if a later one fails, what the earlier ones took is in
    /// the answer, with the fault.
    func take(_ run: AccountRun, into id: Campaign.ID, now: Now) async throws(IntakeError) -> Taken

    /// Ends what `openIntake` began, however the stream ended.
    func closeIntake(_ id: Campaign.ID) async

    func campaign(_ id: Campaign.ID) async throws(QueueError) -> Campaign?

    /// Campaigns, newest first: only those in `states` (empty means all) and older than `before`.
    func campaigns(
        in states: Set<Campaign.State>,
        before: Campaign.ID?,
        limit: Int
    ) async throws(QueueError) -> [Campaign]

    /// One recipient; nil if the campaign hasn't got the account.
    func recipient(
        _ account: Account,
        of id: Campaign.ID
    ) async throws(QueueError) -> Recipient?

    /// A page of a campaign's recipients in the order of their bytes.
    ///
    /// A page may hold fewer than `limit` matches and still not be the last: `next` says so. That
    /// bounds the work of one page when few recipients match.
    func recipients(
        of id: Campaign.ID,
        matching filter: RecipientFilter,
        after: Account?,
        limit: Int
    ) async throws(QueueError) -> RecipientPage
}

extension Campaigns {
    /// Stores a campaign whose request had no key.
    package func create(_ campaign: NewCampaign, now: Now) async throws(QueueError) -> Created {
        try await create(campaign, for: nil, now: now)
    }
}

/// A campaign as it is submitted.
package struct NewCampaign: Sendable, Hashable {
    package var id: Campaign.ID
    package var name: String
    package var message: CheckedMessage
    package var settings: Campaign.Settings
    package var recipients: AccountRun
    package var start: Bool

    package init(
        id: Campaign.ID,
        name: String,
        message: CheckedMessage,
        settings: Campaign.Settings,
        recipients: AccountRun,
        start: Bool
    ) {
        self.id = id
        self.name = name
        self.message = message
        self.settings = settings
        self.recipients = recipients
        self.start = start
    }
}

/// What became of a new campaign.
package struct Created: Sendable, Hashable {
    package let campaign: Campaign
    /// What the dispatcher must know; nil for a draft.
    package let work: CampaignWork?
    /// What is remembered of a request with a key, and is to be sent; nil if it had none.
    package let answer: [UInt8]?

    package init(campaign: Campaign, work: CampaignWork?, answer: [UInt8]? = nil) {
        self.campaign = campaign
        self.work = work
        self.answer = answer
    }
}

/// Why recipients were not taken in.
package enum IntakeError: Error, Sendable, Hashable {
    case notFound
    /// The campaign is no draft.
    case wrongState(Campaign.State)
    case queue(QueueError)
}

/// What became of a run of accounts.
package struct Taken: Sendable, Hashable {
    package var accepted: Int
    package var duplicates: Int
    /// Recipients of the campaign in all.
    package var total: Int
    /// Why the rest of the run wasn't taken; nil if all of it was.
    package var fault: QueueError?

    package init(accepted: Int, duplicates: Int, total: Int, fault: QueueError? = nil) {
        self.accepted = accepted
        self.duplicates = duplicates
        self.total = total
        self.fault = fault
    }
}

/// Which recipients of a campaign are asked for.
package struct RecipientFilter: Sendable, Hashable {
    /// Only these; empty means all.
    package var statuses: Set<Recipient.Status>
    /// Only those with one of these codes; empty means all.
    package var codes: Set<Int>

    package init(statuses: Set<Recipient.Status> = [], codes: Set<Int> = []) {
        self.statuses = statuses
        self.codes = codes
    }
}

/// Some of a campaign's recipients, in the order of their bytes.
package struct RecipientPage: Sendable, Hashable {
    package var recipients: [Recipient]
    /// Where the next page goes on; nil at the end.
    package var next: Account?

    package init(recipients: [Recipient], next: Account?) {
        self.recipients = recipients
        self.next = next
    }
}
