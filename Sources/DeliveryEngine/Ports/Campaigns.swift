package import DeliveryCore

/// The queue as the endpoint uses it: intake and look-ups.
package protocol Campaigns: Sendable {
    /// Stores a new campaign, with its recipients if it has some, all or nothing and durably.
    ///
    /// With `start` it is `running`, or `scheduled`, at once; only `Submission`, which also tells
    /// the dispatcher, asks for that. The answer to a request with a key is rendered before the
    /// last transaction and stored in it; the caller has made sure that the key is free.
    func create(
        _ campaign: NewCampaign,
        for request: KeyedRequest?,
        now: Now
    ) async throws(QueueError) -> Created

    /// The first answer to a key; nil if there was none in the last 24 hours.
    func answer(to key: KeyedRequest.Key, now: Timestamp) async throws(QueueError) -> KeyedAnswer?

    /// Opens a stream of recipients into a draft, which can't start until the stream is closed.
    func openIntake(_ id: Campaign.ID) async throws(IntakeError)

    /// Adds a run of accounts durably, without those that the campaign has already.
    ///
    /// A long run takes several transactions: if a later one fails, the answer has what the earlier
    /// ones took, and the fault.
    func take(_ run: AccountRun, into id: Campaign.ID, now: Now) async throws(IntakeError) -> Taken

    /// Where the runs of a stream into a draft can be spilled; nil where the store takes each as it
    /// comes.
    func spilledRuns(into id: Campaign.ID) async -> (any SpilledRuns)?

    /// Closes the stream that `openIntake` opened, however it ended.
    func closeIntake(_ id: Campaign.ID) async

    func campaign(_ id: Campaign.ID) async throws(QueueError) -> Campaign?

    /// Whether a stream of recipients into the campaign is open.
    func takesIn(_ id: Campaign.ID) async -> Bool

    /// A page of campaigns older than `before`, newest first.
    ///
    /// A page may hold fewer than `limit` without being the last, which only a nil `next` tells:
    /// that bounds the work for a page when few names match.
    func campaigns(
        matching filter: CampaignFilter,
        before: Campaign.ID?,
        limit: Int
    ) async throws(QueueError) -> CampaignPage

    /// How many campaigns are in each state; a missing state has none.
    func totals() async throws(QueueError) -> [Campaign.State: Int]

    /// One recipient; nil if the campaign doesn't have the account.
    func recipient(
        _ account: Account,
        of id: Campaign.ID
    ) async throws(QueueError) -> Recipient?

    /// A page of a campaign's recipients in the order of their bytes.
    ///
    /// A page may hold fewer than `limit` matches without being the last, which only a nil `next`
    /// tells: that bounds the work for a page when few recipients match.
    func recipients(
        of id: Campaign.ID,
        matching filter: RecipientFilter,
        after: Account?,
        limit: Int
    ) async throws(QueueError) -> RecipientPage

    /// What was sent in each step of the wall clock from the one at `start` on, the oldest first;
    /// only steps with something.
    func traffic(
        since start: Timestamp,
        per length: TrafficStep.Length
    ) async throws(QueueError) -> [TrafficStep]
}

extension Campaigns {
    /// Stores a campaign whose request had no key.
    package func create(_ campaign: NewCampaign, now: Now) async throws(QueueError) -> Created {
        try await create(campaign, for: nil, now: now)
    }
}

/// Sorted runs of one stream, set aside until all of them are stored in one order.
package protocol SpilledRuns: Sendable {
    var isEmpty: Bool { get }

    /// Sorts a run and sets it aside, which isn't durable; false if nothing of it is kept, for want
    /// of room.
    func spill(_ run: AccountRun) async -> Bool

    /// Stores all that was set aside as `Campaigns.take` does, and forgets it.
    func store(now: Now) async throws(IntakeError) -> Taken
}

/// A campaign as a client submits it.
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

/// A new campaign as it was stored.
package struct Created: Sendable, Hashable {
    package let campaign: Campaign
    /// The campaign for the dispatcher; nil for a draft.
    package let work: CampaignWork?
    /// The answer stored for a request with a key, to be sent; nil without a key.
    package let answer: [UInt8]?

    package init(campaign: Campaign, work: CampaignWork?, answer: [UInt8]? = nil) {
        self.campaign = campaign
        self.work = work
        self.answer = answer
    }
}

/// Why recipients were not taken in; nothing was.
package enum IntakeError: Error, Sendable, Hashable {
    case notFound
    /// The campaign is no draft.
    case wrongState(Campaign.State)
    /// A job walks over the draft's recipients.
    case jobRunning(Job.Kind)
    case queue(QueueError)
}

/// The result of taking in a run of accounts.
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

    /// Adds what came of the accounts after these.
    package mutating func add(_ next: Taken) {
        accepted += next.accepted
        duplicates += next.duplicates
        total = next.total
        fault = next.fault
    }
}

/// The campaigns that a client asks for.
package struct CampaignFilter: Sendable, Hashable {
    /// In one of these states; empty means any.
    package var states: Set<Campaign.State>
    /// A part of their name, in which ASCII letters of either case are the same; empty means any.
    package var name: String

    package init(states: Set<Campaign.State> = [], name: String = "") {
        self.states = states
        self.name = name
    }
}

/// A page of campaigns, newest first.
package struct CampaignPage: Sendable, Hashable {
    package var campaigns: [Campaign]
    /// The last campaign before the next page; nil at the end.
    package var next: Campaign.ID?

    package init(campaigns: [Campaign], next: Campaign.ID?) {
        self.campaigns = campaigns
        self.next = next
    }
}

/// The recipients of a campaign that a client asks for.
package struct RecipientFilter: Sendable, Hashable {
    /// One of these statuses; empty means any.
    package var statuses: Set<Recipient.Status>
    /// One of these codes; empty means any.
    package var codes: Set<Int>
    /// One of these results of a recall; empty means any, or none.
    package var recalls: Set<Recipient.Recall>

    package init(
        statuses: Set<Recipient.Status> = [],
        codes: Set<Int> = [],
        recalls: Set<Recipient.Recall> = []
    ) {
        self.statuses = statuses
        self.codes = codes
        self.recalls = recalls
    }
}

/// A page of a campaign's recipients, in the order of their bytes.
package struct RecipientPage: Sendable, Hashable {
    package var recipients: [Recipient]
    /// The last account before the next page; nil at the end.
    package var next: Account?

    package init(recipients: [Recipient], next: Account?) {
        self.recipients = recipients
        self.next = next
    }
}
