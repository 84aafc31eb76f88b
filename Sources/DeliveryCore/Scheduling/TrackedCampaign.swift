/// What the dispatcher keeps of a campaign that isn't a draft.
struct TrackedCampaign: Sendable {
    var work: CampaignWork
    /// Batches that are claimed and wait to be sent, the longest waiting first.
    var open: [OpenBatch] = []
    /// The sending hours and their period at the last look; nil if it may send at any time.
    private(set) var period: (hours: SendingHours, now: SendingPeriod)?
    /// The campaign's own cap, by the same rule as the quota.
    var ledger: WindowLedger
    private(set) var recent = RecentCount()
    /// When a call of it went out last; nil if none has since the start.
    private(set) var lastCall: Now?
    /// Calls in a row that ended with the same code that no table lists.
    var unlisted: (code: Int, count: Int)?
    /// Whether its message was refused and the halt isn't durable yet: nothing more of it is sent.
    var isHalting = false
    /// Why the store can't carry out what is to be written about it; nil if it can.
    ///
    /// Nothing of it is sent, and nothing about it is written again until an operator asks for it.
    var damage: String?
    /// Records of its calls that couldn't be written.
    var unrecorded: [PendingWrite] = []

    init(work: CampaignWork) {
        self.work = work
        ledger = WindowLedger(limit: work.settings.messagesPerMinute ?? .max)
    }

    /// Whether nothing about it keeps its calls from going out, but for the hour.
    var maySend: Bool { !isHalting && damage == nil }

    /// Whether its sending hours are open, as of the last look.
    var isOpen: Bool { period?.now.isOpen ?? true }

    /// Brings what goes by the clocks up to the present.
    ///
    /// The calendar is asked only when the time has left the period, whichever way, or the hours are
    /// other ones.
    mutating func advance(to now: Now, _ calendar: SendingCalendar) {
        ledger.advance(to: now.instant)
        guard let hours = work.settings.sendBetween else {
            period = nil
            return
        }
        if let period, period.hours == hours, period.now.contains(now.timestamp) { return }
        period = (hours, calendar.period(of: hours, at: now.timestamp))
    }

    /// The zones' rules may be other ones: the calendar is asked at the next look.
    mutating func forgetPeriod() {
        period = nil
    }

    /// A call of it goes out.
    mutating func called(_ count: Int, now: Now) {
        recent.add(count, now: now.instant)
        lastCall = now
    }

    /// Calls in a row with one code that no table lists, which halt it.
    private static let unlistedLimit = 3

    /// A call of it ended; says why it is to be halted if no call of it will do better.
    mutating func heard(_ outcome: Outcome) -> Campaign.Reason? {
        guard case .unknown(.unlisted(let code)) = outcome else {
            unlisted = nil
            return nil
        }
        let count = unlisted?.code == code ? (unlisted?.count ?? 0) + 1 : 1
        unlisted = (code, count)
        guard count >= Self.unlistedLimit else { return nil }
        return Campaign.Reason(code: code, text: "three calls in a row ended with code \(code)")
    }

    /// The recipients it has left to address; over the limit for notices all are the same.
    private var backlog: Int {
        let waiting = open.lazy.map(\.count).reduce(work.freshCount + work.retryCount, +)
        return min(waiting, Quota.noticeLimit + 1)
    }

    /// What planning needs to know of it, which has been brought up to the present.
    func eligibility(_ limits: Limits, now: Now) -> Eligibility {
        guard !work.state.isFinal, damage == nil else { return .none }
        var eligibility = Eligibility(order: work.order, expiresAt: work.settings.expiresAt)
        if work.state == .scheduled {
            // Without a time it is due already.
            let startsAt = work.settings.startAt ?? Timestamp(milliseconds: .min)
            let isFirst = work.settings.expiresAt.map { startsAt < $0 } ?? true
            eligibility.startsAt = isFirst ? startsAt : nil
        }
        guard work.state == .running else { return eligibility }
        // Outside its hours nothing of it falls due, and it takes nothing of the quota.
        guard isOpen else {
            eligibility.isClosed = hasWork
            eligibility.opensAt = hasWork ? period?.now.end : nil
            return eligibility
        }
        eligibility.closesAt = hasWork ? period?.now.end : nil
        eligibility.hasWork = hasWork
        if work.freshCount + work.retryCount > 0 {
            let cap = work.settings.messagesPerMinute
            eligibility.demand = Eligibility.Demand(priority: work.settings.priority, cap: cap)
        }
        eligibility.dueAt = dueAt(limits, now: now)
        switch readiness(limits, now: now) {
        case .ready(let offer, _):
            eligibility.offer = offer
            eligibility.backlog = backlog
        case .capped(_, let until): eligibility.roomAt = until
        case .nothing: break
        }
        return eligibility
    }

    /// Whether anything is left for it to send.
    var hasWork: Bool { work.freshCount + work.retryCount > 0 || !open.isEmpty }

    /// When the next of its retries and open batches falls due, or no longer counts as due.
    func dueAt(_ limits: Limits, now: Now) -> Timestamp? {
        let waiting = open.lazy.filter { !$0.awaitsCheck }.map(\.dueAt)
        return (waiting + [work.retryDueAt].compactMap(\.self))
            .compactMap { limits.wait(for: $0, now) }.min()
    }

    /// What it could send now.
    enum Readiness: Sendable, Hashable {
        /// It has nothing that may go now.
        case nothing
        /// So much of this offer, as far as its own cap goes.
        case ready(Offer, fitting: Int)
        /// Its own cap has no room for this offer, until an instant as far as it is known.
        case capped(Offer, until: Instant?)
    }

    /// What it could send now, having been brought up to the present.
    func readiness(_ limits: Limits, now: Now) -> Readiness {
        guard work.state == .running, isOpen, let offer = offer(limits, now: now) else {
            return .nothing
        }
        switch ledger.fit(offer.count, isFixed: offer.batch != nil, now: now.instant) {
        case .fits(let count): return .ready(offer, fitting: count)
        case .waits(let until): return .capped(offer, until: until)
        }
    }

    /// What it has to send now, whatever its own cap and its hours say; nil if it has nothing.
    func offer(_ limits: Limits, now: Now) -> Offer? {
        guard maySend else { return nil }
        if let batch = open.first(where: { isDue($0, limits, now: now) }) {
            return offer(.open(batch), batch.count)
        }
        let limit = limits.batchLimit(of: work)
        if hasDueRetries(limits, now: now) {
            return offer(.dueRetries, min(limit, work.retryCount))
        }
        guard work.freshCount > 0 else { return nil }
        return offer(.fresh, min(limit, work.freshCount))
    }

    private func isDue(_ batch: OpenBatch, _ limits: Limits, now: Now) -> Bool {
        !batch.awaitsCheck && limits.isDue(batch.dueAt, now)
    }

    private func hasDueRetries(_ limits: Limits, now: Now) -> Bool {
        work.retryCount > 0 && work.retryDueAt.map { limits.isDue($0, now) } ?? false
    }

    private func offer(_ content: Offer.Content, _ count: Int, isTrial: Bool = false) -> Offer {
        Offer(
            flow: FairShares.Flow(id: work.id, priority: work.settings.priority),
            content: content,
            count: count,
            isNotice: isTrial || backlog <= Quota.noticeLimit,
            isTrial: isTrial
        )
    }

    /// What it could be tried with in an outage, within its own cap.
    func trials(_ limits: Limits, now: Now) -> [Trial] {
        guard maySend, isOpen else { return [] }
        var trials: [Trial] = []
        for batch in open where isDue(batch, limits, now: now) {
            let rank: Trial.Rank =
                batch.count > 1 ? .large : batch.excusedRefusals > 0 ? .refused : .single
            trials.append(Trial(rank: rank, offer: offer(.open(batch), batch.count, isTrial: true)))
        }
        if work.freshCount > 0 {
            trials.append(Trial(rank: .fresh, offer: offer(.fresh, 1, isTrial: true)))
        }
        if hasDueRetries(limits, now: now) {
            trials.append(Trial(rank: .retry, offer: offer(.dueRetries, 1, isTrial: true)))
        }
        return trials.filter { trial in
            let (count, isFixed) = (trial.offer.count, trial.offer.batch != nil)
            let fit = ledger.fit(count, isFixed: isFixed, now: now.instant)
            return trial.rank == .large || fit.isEnough
        }
    }
}

extension Limits {
    /// The accounts one call of a campaign may hold at most.
    func batchLimit(of work: CampaignWork) -> Int {
        min(largestBatch, work.settings.messagesPerMinute ?? .max, work.accountLimit ?? .max)
    }
}
