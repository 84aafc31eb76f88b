/// The campaigns that the dispatcher knows, and an index of what they wait for.
///
/// An event concerns a few campaigns of maybe many thousands. So only those are looked at that were
/// changed through the subscript since the last look, or for which a time has come.
struct CampaignIndex: Sendable {
    private var campaigns: [Campaign.ID: TrackedCampaign] = [:]
    /// Changed since the last look; one may be named several times.
    private var changed: [Campaign.ID] = []
    private(set) var eligible = EligibilityIndex()
    private var lookedAt = Timestamp(milliseconds: .min)
    /// How often a campaign was looked at, all in all: the measure of what an event costs.
    private(set) var lookCount = 0
    /// When a call of any campaign went out last; nil if none has since the start.
    private(set) var lastCall: Now?
    /// What counted against caps at the start, for campaigns that are reopened later.
    private var restoredHolds: [Campaign.ID: [Hold]] = [:]
    let calendar: SendingCalendar
    /// Campaigns that ended and whose last minute still counts, the first to have ended first.
    private var ended = SortedIndex<Ranked<Instant>>()

    init(_ calendar: SendingCalendar) {
        self.calendar = calendar
    }

    var count: Int { campaigns.count }

    /// What is kept of a campaign; one that is changed is looked at again.
    subscript(id: Campaign.ID) -> TrackedCampaign? {
        get { campaigns[id] }
        _modify {
            if changed.last != id { changed.append(id) }
            yield &campaigns[id]
        }
    }

    // MARK: - Coming and going

    /// Recipients of a campaign that count against its cap from before the start.
    mutating func restore(_ holds: [Hold]) {
        restoredHolds = Dictionary(grouping: holds, by: \.campaign)
    }

    /// Takes in where a campaign stands; one that is new is tracked unless it is over.
    mutating func update(_ work: CampaignWork, now: Instant) {
        let before = campaigns[work.id]?.work
        if before == nil {
            guard !work.state.isFinal, work.state != .draft else { return }
            track(work, now: now)
        }
        if let before, before.settings.priority != work.settings.priority {
            // What it was served in its old class says nothing in the new one.
            eligible.shares.forget(work.id)
        }
        self[work.id]?.work = work
        self[work.id]?.ledger.limit = work.settings.messagesPerMinute ?? .max
        guard work.state.isFinal else { return }
        self[work.id]?.open = []
        if before?.state.isFinal == false { noteEnd(of: work.id, work.order, now: now) }
    }

    /// Notes that a campaign ended, whose last minute counts from now on.
    ///
    /// One that was retried and ended again has several ends, of which two may be noted anew at the
    /// same time.
    private mutating func noteEnd(of id: Campaign.ID, _ order: Int64, now: Instant) {
        let end = Ranked(key: now, order: order, id: id)
        if !ended.contains(end) { ended.insert(end) }
    }

    private mutating func track(_ work: CampaignWork, now: Instant) {
        var campaign = TrackedCampaign(work: work)
        for hold in restoredHolds.removeValue(forKey: work.id) ?? [] where hold.until > now {
            campaign.ledger.hold(hold.count)
            campaign.ledger.release(hold.count, at: hold.until)
        }
        self[work.id] = campaign
    }

    /// Drops a campaign that the queue doesn't have any more.
    mutating func drop(_ id: Campaign.ID) {
        guard campaigns[id] != nil else { return }
        self[id] = nil
        eligible.shares.forget(id)
    }

    /// Drops campaigns that ended and of which nothing counts any more.
    mutating func dropEnded(now: Instant) {
        while let first = ended.first, first.key.advanced(by: LedgerEntry.window) <= now {
            ended.remove(first)
            guard campaigns[first.id]?.work.state.isFinal == true else { continue }
            self[first.id]?.ledger.advance(to: now)
            if self[first.id]?.ledger.held == 0 {
                drop(first.id)
            } else {
                // A call of it is out, or was of unknown outcome: a minute more will do.
                noteEnd(of: first.id, first.order, now: now)
            }
        }
    }

    func isOpen(_ batch: Batch) -> Bool {
        campaigns[batch.campaign]?.open.contains { $0.id == batch.id } ?? false
    }

    // MARK: - Damage

    /// Stops all that goes on by itself for a campaign; false if that is so already.
    ///
    /// Otherwise it would be tried again, and fail, in every commit.
    mutating func damage(_ id: Campaign.ID, _ text: String, isHalted: Bool) -> Bool {
        guard let campaign = campaigns[id] else { return true }
        self[id]?.damage = text
        if isHalted { self[id]?.work.state = .halted }
        return campaign.damage == nil
    }

    /// An operator wants a damaged campaign to go on: hands out what couldn't be written about it.
    mutating func repair(_ id: Campaign.ID) -> [PendingWrite] {
        guard let campaign = campaigns[id], campaign.damage != nil else { return [] }
        self[id]?.unrecorded = []
        self[id]?.damage = nil
        return campaign.unrecorded
    }

    // MARK: - The index

    /// Has every campaign looked at again: what holds for all of them has changed.
    mutating func changeAll() {
        // In no particular order, which doesn't matter: the index is sorted.
        changed.append(contentsOf: campaigns.keys)
    }

    /// The zones' rules may be other ones: every campaign's hours are asked for again.
    mutating func forgetPeriods() {
        for id in campaigns.keys { campaigns[id]?.forgetPeriod() }
        changeAll()
    }

    /// Brings the index up to the present.
    mutating func look(_ limits: Limits, now: Now) {
        // The wall clock was set back: what was due may not be any more.
        if now.timestamp < lookedAt { changeAll() }
        lookedAt = now.timestamp
        for id in changed { look(at: id, limits, now: now) }
        changed.removeAll(keepingCapacity: true)
        for timer in eligible.times.due(at: now.timestamp) {
            switch timer.key.reason {
            case .due, .opening, .closing: look(at: timer.id, limits, now: now)
            case .expiry, .start, .room: break
            }
        }
        for timer in eligible.instants.due(at: now.instant) {
            look(at: timer.id, limits, now: now)
        }
    }

    private mutating func look(at id: Campaign.ID, _ limits: Limits, now: Now) {
        lookCount += 1
        // What is released makes room, which doesn't make it one that was changed.
        advance(id, to: now)
        eligible.put(campaigns[id]?.eligibility(limits, now: now) ?? .none, of: id)
    }

    private mutating func advance(_ id: Campaign.ID, to now: Now) {
        campaigns[id]?.advance(to: now, calendar)
    }

    /// Whether a call of a campaign may go out at this moment; nothing is known against one that the
    /// index doesn't have.
    mutating func maySend(_ id: Campaign.ID, now: Now) -> Bool {
        advance(id, to: now)
        guard let campaign = campaigns[id] else { return true }
        return campaign.maySend && campaign.isOpen
    }

    mutating func nextTurn() -> FairShares.Flow? { eligible.shares.next() }

    /// A claim is planned: it counts against the campaign's cap and its share, and its recipients are
    /// no longer there to be claimed.
    mutating func reserve(_ offer: Offer) {
        let id = offer.flow.id
        self[id]?.ledger.hold(offer.count)
        eligible.shares.served(offer.flow, count: offer.count)
        switch offer.content {
        case .open(let batch): self[id]?.open.removeAll { $0.id == batch.id }
        // How many are due is known only to the queue: it is asked once in a commit.
        case .dueRetries: self[id]?.work.retryDueAt = nil
        case .fresh: self[id]?.work.freshCount -= offer.count
        }
    }

    /// A claim is durable and its call goes out.
    mutating func called(_ id: Campaign.ID, count: Int, now: Now) {
        lastCall = now
        campaigns[id]?.called(count, now: now)
    }

    /// Gives back what a claim counts for and doesn't use.
    mutating func giveBack(_ count: Int, of offer: Offer) {
        self[offer.flow.id]?.ledger.cancel(count)
        eligible.shares.served(offer.flow, count: -count)
    }

    /// The recipients of a claim that wasn't made are there to be claimed as before.
    mutating func unclaim(_ offer: Offer, now: Timestamp) {
        let id = offer.flow.id
        switch offer.content {
        case .open(let batch): self[id]?.open.insert(batch, at: 0)
        case .dueRetries: self[id]?.work.retryDueAt = now
        case .fresh: self[id]?.work.freshCount += offer.count
        }
    }

    /// What could be tried with a campaign in an outage.
    mutating func trials(of id: Campaign.ID, _ limits: Limits, now: Now) -> [Trial] {
        lookCount += 1
        advance(id, to: now)
        return campaigns[id]?.trials(limits, now: now) ?? []
    }

    /// What a campaign whose turn it is has to send, cut to its own cap.
    mutating func offer(of id: Campaign.ID, now: Instant) -> Offer {
        // Room may have grown under its cap since it was looked at.
        campaigns[id]?.ledger.advance(to: now)
        guard var offer = eligible.offer(of: id), let ledger = campaigns[id]?.ledger,
            case .fits(let count) = ledger.fit(offer.count, isFixed: offer.batch != nil, now: now)
        else { preconditionFailure("campaign \(id) counts as ready and has nothing to send") }
        offer.count = count
        return offer
    }

    var openBatches: some Sequence<OpenBatch> { campaigns.values.lazy.flatMap(\.open) }

    /// Whether the index is what a look at every campaign would make it; costs that look.
    func isConsistent(_ limits: Limits, now: Now) -> Bool {
        var index = CampaignIndex(calendar)
        index.campaigns = campaigns
        index.forgetPeriods()
        index.look(limits, now: now)
        return eligible == index.eligible && eligible.shares.isConsistent
    }
}
