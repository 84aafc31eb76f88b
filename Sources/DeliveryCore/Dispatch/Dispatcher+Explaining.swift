/// Why nothing moves, or nothing faster: asked of the functions by which calls are planned.
///
/// Asking changes nothing and draws no number: the answer is that of a copy which is brought up to
/// the present.
extension Dispatcher {
    /// A campaign, or all sending, counts as moving for so long after a call went out.
    private static let stillMoving: Duration = .seconds(2)

    /// Why a campaign moves no faster; `takesIn` says that a stream of recipients into it is open.
    package func explain(_ campaign: Campaign, takesIn: Bool, _ now: Now) -> Explanation {
        present(now).explained(campaign, takesIn: takesIn, now)
    }

    /// Why all sending moves no faster.
    package func explain(_ now: Now) -> Explanation {
        present(now).explained(now)
    }

    private func present(_ now: Now) -> Dispatcher {
        var copy = self
        copy.admission.advance(to: now.instant)
        return copy
    }

    private func explained(_ campaign: Campaign, takesIn: Bool, _ now: Now) -> Explanation {
        let own = campaigns[campaign.id]
        let callsOut = inFlight.values.count { $0.batch.campaign == campaign.id }
        let isMoving = moves(callsOut, own?.lastCall, now)
        let causes: [Explanation.Cause]
        switch campaign.state {
        case .draft:
            let intake = takesIn ? [Explanation.Cause.intakeOpen] : []
            causes = [.draft(campaign)] + intake + jobCauses(campaign, now)
        case .scheduled:
            causes = [.scheduled(campaign, now)] + hoursAtStart(campaign, now) + serviceCauses(now)
        case .paused, .halted:
            causes = [.stopped(campaign)] + serviceCauses(now) + jobCauses(campaign, now)
        case .completed, .canceled, .expired: causes = [.over(campaign)] + jobCauses(campaign, now)
        case .running:
            let held = serviceCauses(now) + (own.map { waits($0, campaign, isMoving, now) } ?? [])
            causes = held.isEmpty ? remainder(own, callsOut, isMoving, now) : held
        }
        return Explanation(
            isMoving: isMoving,
            lastCallAt: own?.lastCall?.timestamp,
            causes: Self.sorted(causes)
        )
    }

    private func explained(_ now: Now) -> Explanation {
        let isMoving = moves(inFlight.count, campaigns.lastCall, now)
        let held = serviceCauses(now) + waits(now)
        return Explanation(
            isMoving: isMoving,
            lastCallAt: campaigns.lastCall?.timestamp,
            causes: Self.sorted(held.isEmpty ? remainder(isMoving, now) : held)
        )
    }

    private func moves(_ callsOut: Int, _ lastCall: Now?, _ now: Now) -> Bool {
        if callsOut > 0 { return true }
        guard let lastCall else { return false }
        return lastCall.instant.duration(to: now.instant) < Self.stillMoving
    }

    /// The cause that lasts longest first; of those that end together, or nobody knows when, what an
    /// operator decided or must see to comes before what passes by itself, as `Kind` lists them.
    private static func sorted(_ causes: [Explanation.Cause]) -> [Explanation.Cause] {
        let ranks = Dictionary(
            uniqueKeysWithValues: zip(Explanation.Kind.allCases, Explanation.Kind.allCases.indices)
        )
        return causes.sorted { one, other in
            let (end, otherEnd) = (one.until ?? .never, other.until ?? .never)
            if end != otherEnd { return end > otherEnd }
            return ranks[one.kind, default: 0] < ranks[other.kind, default: 0]
        }
    }

    // MARK: - All sending

    /// What keeps every call from going out, or all but one.
    private func serviceCauses(_ now: Now) -> [Explanation.Cause] {
        var causes = obstacles(now.instant).map { obstacle in
            Explanation.Cause(obstacle, admission, triedAt: commits.triedAt(now: now.instant), now)
        }
        if !health.isReachable, !isIdle {
            causes.append(.unreachable(health, now))
        }
        return causes
    }

    /// What holds up the campaign whose turn it is, or else what all campaigns wait for.
    private func waits(_ now: Now) -> [Explanation.Cause] {
        if let turn = campaigns.eligible.shares.turn {
            guard case .ready(let offer, let count) = readiness(of: turn.id, now) else { return [] }
            return holdups(of: offer, count, now)
        }
        var causes: [Explanation.Cause] = []
        let eligible = campaigns.eligible
        if let room = eligible.instants.next(.room, after: now.instant) {
            causes.append(.ownCaps(until: room, now))
        }
        // Hours into which the clock was set are noticed at the next wake-up.
        if eligible.closedCount > 0, !eligible.times.isDue(.opening, at: now.timestamp) {
            let opening = eligible.times.next(.opening, after: now.timestamp)
            causes.append(.openings(eligible.closedCount, until: opening, now))
        }
        if let due = eligible.times.next(.due, after: now.timestamp) {
            causes.append(.backoffs(until: due, now))
        }
        if jobs.settling.isThere { causes.append(.lookUps(until: jobs.settling.until, now)) }
        if jobs.accountChecks.count > 0 { causes.append(.accountLookUps(jobs.accountChecks.count)) }
        return causes
    }

    /// What is left to say where nothing is in the way of anything.
    private func remainder(_ isMoving: Bool, _ now: Now) -> [Explanation.Cause] {
        let hasMore = campaigns.eligible.shares.turn != nil || commits.claims(for: nil)
        if hasMore, isMoving { return [] }
        if !inFlight.isEmpty { return [.awaitingAnswers(inFlight.count)] }
        if isMoving { return [] }
        if !commits.isEmpty { return [.beingWritten] }
        if let start = campaigns.eligible.times.next(.start, after: now.timestamp) {
            return [.nextStart(start, now)]
        }
        return [campaigns.eligible.shares.turn == nil ? .nothingToSend : .plannedNext]
    }

    // MARK: - One campaign

    /// The hours of a campaign that starts while they are closed.
    private func hoursAtStart(_ campaign: Campaign, _ now: Now) -> [Explanation.Cause] {
        guard let hours = campaign.settings.sendBetween else { return [] }
        let start = max(now.timestamp, campaign.settings.startAt ?? now.timestamp)
        let opening = campaigns.calendar.opening(of: hours, from: start)
        return opening == start ? [] : [.outsideHours(campaign, hours, until: opening, now)]
    }

    /// What a campaign could send now.
    private func readiness(of id: Campaign.ID, _ now: Now) -> TrackedCampaign.Readiness {
        guard var campaign = campaigns[id] else { return .nothing }
        campaign.advance(to: now, campaigns.calendar)
        return campaign.readiness(limits, now: now)
    }

    /// What a running campaign waits for, whatever holds up all sending.
    private func waits(
        _ own: TrackedCampaign,
        _ campaign: Campaign,
        _ isMoving: Bool,
        _ now: Now
    ) -> [Explanation.Cause] {
        if let damage = own.damage { return [.damaged(campaign, damage)] }
        if own.isHalting { return [.halting(campaign)] }
        var own = own
        own.advance(to: now, campaigns.calendar)
        if let period = own.period, !period.now.isOpen {
            let closed = Explanation.Cause.outsideHours(
                campaign,
                period.hours,
                until: period.now.end,
                now
            )
            let isReady = own.offer(limits, now: now) != nil
            return (own.hasWork ? [closed] : []) + (isReady ? [] : delays(own, campaign, now))
        }
        switch own.readiness(limits, now: now) {
        case .ready(let offer, let count): return holdups(of: offer, count, isMoving, now)
        case .capped(let offer, let until):
            return [.ownCap(campaign, own.ledger, offer.count, until: until, now)]
        case .nothing: return delays(own, campaign, now)
        }
    }

    /// What a campaign waits for that has nothing to send now.
    private func delays(
        _ own: TrackedCampaign,
        _ campaign: Campaign,
        _ now: Now
    ) -> [Explanation.Cause] {
        var causes: [Explanation.Cause] = []
        let due = own.dueAt(limits, now: now)
        let checked = own.open.filter(\.awaitsCheck)
        let open = own.open.filter { !$0.awaitsCheck }
        if let due {
            let count = own.work.retryCount + open.reduce(0) { $0 + $1.count }
            causes.append(.backoff(count, until: due, now))
        }
        if !checked.isEmpty {
            let count = checked.reduce(0) { $0 + $1.count }
            causes.append(.checking(batches: checked.count, count))
        }
        if let settling = jobs.settling(of: campaign.id, limits, now: now) {
            let addressed = inFlight.values.lazy.filter { $0.batch.campaign == campaign.id }
                .reduce(0) { $0 + $1.batch.accounts.count }
            let others =
                own.work.freshCount + own.work.retryCount
                + own.open.reduce(0) { $0 + $1.count } + addressed
            let count = max(settling.inHand, campaign.counts.unfinished - others)
            causes.append(.verifying(count, limits, until: settling.until, now))
        }
        return causes
    }

    /// What holds up a campaign that has something to send: its turn, and what the campaign whose
    /// turn it is waits for.
    private func holdups(
        of offer: Offer,
        _ count: Int,
        _ isMoving: Bool,
        _ now: Now
    ) -> [Explanation.Cause] {
        guard let turn = campaigns.eligible.shares.turn, turn.id != offer.flow.id,
            case .ready(let first, let firstCount) = readiness(of: turn.id, now)
        else {
            let causes = holdups(of: offer, count, now)
            let isShared = isMoving && !causes.isEmpty && share(of: offer.flow.id, now).part < 1
            return causes + (isShared ? [share(of: offer.flow.id, turn: nil, now)] : [])
        }
        let causes = holdups(of: first, firstCount, now)
        let notice = nextNotice(passing: turn, now: now.instant)
        let isPassing = notice == offer.flow && holdups(of: offer, count, now).isEmpty
        // Even while the other one's call is about to go out, it isn't this one's turn.
        guard !isPassing, !isMoving || !causes.isEmpty else { return [] }
        return causes + [share(of: offer.flow.id, turn: turn.id, now)]
    }

    /// The share of the quota that a campaign has, in recipients a minute and as a part.
    private func share(of id: Campaign.ID, _ now: Now) -> (rate: Double, quota: Int, part: Double) {
        let quota = admission.rate(now: now.instant)
        guard let settings = campaigns[id]?.work.settings else { return (0, quota, 1) }
        let rate = campaigns.eligible.share(of: id, settings, quota: quota)
        return (rate, quota, rate / Double(quota))
    }

    private func share(of id: Campaign.ID, turn: Campaign.ID?, _ now: Now) -> Explanation.Cause {
        let share = share(of: id, now)
        return .share(of: id, Int(share.rate), quota: share.quota, turn: turn)
    }

    /// What holds up an offer whose turn it is.
    private func holdups(of offer: Offer, _ count: Int, _ now: Now) -> [Explanation.Cause] {
        guard case .calls(let room) = permission(now.instant) else { return [] }
        if room <= 0 {
            return [
                credentials.isTrusted
                    ? .callsOut(inFlight.count, limit: limits.inFlightLimit) : .provingCredentials
            ]
        }
        var causes: [Explanation.Cause] = []
        if jobs.accountChecks.isFull {
            causes.append(.accountLookUps(jobs.accountChecks.count))
        }
        let callAt = admission.callAvailable(now: now.instant)
        if callAt > now.instant { causes.append(.callPace(limits, until: callAt, now)) }
        switch admission.room(
            for: count,
            isFixed: offer.batch != nil,
            isNotice: offer.isNotice,
            now: now.instant
        ) {
        case .fits: break
        case .full(let until):
            causes.append(.window(admission, of: limits, for: offer, count, until: until, now))
        case .paced(let until):
            causes.append(.pace(count, rate: admission.rate(now: now.instant), until: until, now))
            if admission.backoff.isSlowed(now: now.instant) {
                causes.append(.slowed(admission, now))
            }
        }
        return causes
    }

    /// What is left to say of a running campaign where nothing is in its way.
    private func remainder(
        _ own: TrackedCampaign?,
        _ callsOut: Int,
        _ isMoving: Bool,
        _ now: Now
    ) -> [Explanation.Cause] {
        let hasOffer = own.map { campaigns.eligible.offer(of: $0.work.id) != nil } ?? false
        let hasMore = hasOffer || (own.map { commits.claims(for: $0.work.id) } ?? false)
        if hasMore, isMoving { return [] }
        if callsOut > 0 { return [.awaitingAnswers(callsOut)] }
        if isMoving { return [] }
        if !commits.isEmpty { return [.beingWritten] }
        if hasOffer, !isTurnOver(besides: own, now), !isPlanOver(of: own, now) {
            return [.plannedNext]
        }
        guard let own, let wake = wakeUps.soonest else { return [.nothingLeft] }
        switch readiness(of: own.work.id, now) {
        case .nothing: return [.nothingLeft]
        case .ready(let offer, _), .capped(let offer, _):
            return [.unplanned(offer.count, until: now.timestamp(at: wake), now)]
        }
    }

    /// Whether the campaign whose turn it is has nothing to send since the clock was set, which hasn't
    /// been noticed.
    private func isTurnOver(besides own: TrackedCampaign?, _ now: Now) -> Bool {
        guard let turn = campaigns.eligible.shares.turn, turn.id != own?.work.id else {
            return false
        }
        return readiness(of: turn.id, now) == .nothing
    }

    /// Whether a campaign could send something else than what it is planned to, since the clock was set,
    /// which hasn't been noticed.
    private func isPlanOver(of own: TrackedCampaign?, _ now: Now) -> Bool {
        guard let id = own?.work.id, case .ready(let offer, _) = readiness(of: id, now) else {
            return false
        }
        return campaigns.eligible.offer(of: id)?.content != offer.content
    }

    // MARK: - Jobs

    /// What the jobs of a campaign do that isn't running.
    private func jobCauses(_ campaign: Campaign, _ now: Now) -> [Explanation.Cause] {
        let progress = progress(of: campaign, now)
        return campaign.jobs.compactMap { job in
            job.state == .running ? .job(job, progress[job.kind], campaign.id) : nil
        }
    }
}
