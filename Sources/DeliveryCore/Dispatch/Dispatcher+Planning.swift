extension Dispatcher {
    /// What may be sent now: the one place that says so.
    ///
    /// It is asked when a claim is planned, when the claim is durable and its call is about to go
    /// out, and before every question to the provider.
    func permission(_ now: Instant) -> Permission {
        if let obstacle = obstacles(now).first { return .nothing(until: obstacle.wakesAt) }
        let room = credentials.callLimit(limits.inFlightLimit) - inFlight.count
        return switch health.gate(now: now) {
        case .anything: .calls(room)
        case .trial: room > 0 ? .trial : .nothing(until: nil)
        case .probe: .probe
        case .nothing(let until): .nothing(until: until)
        }
    }

    /// All that keeps every call from going out, whatever is to be sent.
    func obstacles(_ now: Instant) -> [Obstacle] {
        var obstacles: [Obstacle] = []
        switch lifecycle {
        case .restoring: obstacles.append(.restoring)
        case .running: break
        case .draining, .stopped: obstacles.append(.stopping)
        }
        if let halt = credentials.halt { obstacles.append(.halted(halt.reason)) }
        if credentials.state == .renewing { obstacles.append(.renewing) }
        if let fault = commits.fault { obstacles.append(.storeFailed(fault)) }
        if isPaused { obstacles.append(.paused) }
        if let until = admission.backoff.waitUntil, until > now {
            obstacles.append(.throttled(until: until))
        }
        return obstacles
    }

    /// Decides what goes into the next commit, once the last one is through, and what is asked.
    mutating func plan(_ now: Now) {
        switch lifecycle {
        case .restoring, .stopped: return
        case .running, .draining: break
        }
        wakeUps.begin()
        campaigns.look(limits, now: now)
        // With what makes it durable: a start takes it for granted that hooks know of a halt.
        noteEvents(isUnreachable: nil, now)
        switch commits.readiness(now: now.instant) {
        case .ready: planCommit(now)
        case .waits(let until): wakeUps.note(until)
        case .busy: break
        }
        planCheck(now)
        planJobCalls(now)
        campaigns.look(limits, now: now)
        tellHooks(now)
        if lifecycle == .draining, inFlight.isEmpty, commits.isEmpty, jobs.isIdle {
            lifecycle = lifecycle.next(after: .drained)
            effects.append(.stopped)
        }
        reportState(now)
        wake(now)
    }

    private mutating func planCommit(_ now: Now) {
        if lifecycle == .running {
            // With nothing to record, the service's own row shows whether the store is back.
            if commits.fault != nil, commits.isEmpty { commits.add(.service(nil)) }
            let due = campaigns.eligible.transitions(at: now.timestamp, limit: CommitSize.changes)
            for (id, transition) in due { commits.add(.transition(id, transition)) }
            planCalls(now)
            if commits.fault == nil {
                let (steps, next) = operations.steps(limits.upkeep.retention, now: now)
                commits.add(contentsOf: steps)
                wakeUps.note(next)
            }
        }
        planJobSteps(now)
        let writes = commits.take(serviceRecord)
        if !writes.isEmpty { effects.append(.commit(writes)) }
    }

    private mutating func planCalls(_ now: Now) {
        switch permission(now.instant) {
        case .calls(let limit):
            var planned = 0
            while planned < limit, !jobs.accountChecks.isFull, callFits(now),
                let offer = nextOffer(now)
            {
                plan(offer, now: now)
                planned += 1
            }
        case .trial: if callFits(now) { planTrial(now) }
        case .nothing(let until): wakeUps.note(until)
        case .probe: break
        }
    }

    /// Whether the calls' own rate has room for one more.
    private mutating func callFits(_ now: Now) -> Bool {
        let at = admission.callAvailable(now: now.instant)
        if at > now.instant { wakeUps.note(at) }
        return at <= now.instant
    }

    // MARK: - Whose turn it is

    /// The offer that goes next, cut to the room there is; nil if nothing may go now.
    private mutating func nextOffer(_ now: Now) -> Offer? {
        campaigns.look(limits, now: now)
        // Campaigns that wait for room under their own cap aren't among the shares.
        wakeUps.note(campaigns.eligible.instants.next(after: now.instant))
        guard let turn = campaigns.nextTurn() else { return nil }
        let offer = campaigns.offer(of: turn.id, now: now.instant)
        return fitted(offer, now: now) ?? passingNotice(turn, now: now)
    }

    /// A notice that passes a large campaign which waits for room.
    ///
    /// A notice to three people doesn't wait for the window. How many recipients may pass is
    /// bounded, so the large campaign isn't held up for long.
    private mutating func passingNotice(_ turn: FairShares.Flow, now: Now) -> Offer? {
        let next = nextNotice(passing: turn, now: now.instant)
        let offer = next.map { campaigns.offer(of: $0.id, now: now.instant) }
        guard let offer, let fitting = fitted(offer, now: now) else {
            // Once more of them may pass, another notice may be next, and fit.
            let room = noticeRoom(now.instant)
            if room < min(Quota.noticeLimit, admission.notices.capacity) {
                wakeUps.note(admission.notices.available(room + 1, now: now.instant))
            }
            return nil
        }
        admission.pass(fitting.count, now: now.instant)
        return fitting
    }

    /// The notice that may pass the campaign whose turn it is; nil if none may now.
    func nextNotice(passing turn: FairShares.Flow, now: Instant) -> FairShares.Flow? {
        let size = min(Quota.noticeLimit, noticeRoom(now))
        guard size > 0 else { return nil }
        return campaigns.eligible.shares.nextNotice(upTo: size, without: turn)
    }

    private func noticeRoom(_ now: Instant) -> Int { max(0, admission.notices.level(now: now)) }

    /// An offer cut to the quota's room; nil if it doesn't fit the quota or the pace now.
    private mutating func fitted(_ offer: Offer, now: Now) -> Offer? {
        let fit = admission.fit(
            offer.count,
            isFixed: offer.batch != nil,
            isNotice: offer.isNotice,
            now: now.instant
        )
        switch fit {
        case .waits(let until):
            wakeUps.note(until)
            return nil
        case .fits(let count):
            var offer = offer
            offer.count = count
            return offer
        }
    }

    // MARK: - Trials

    /// Puts the trial in the commit that shows at the least cost whether calls get through again.
    ///
    /// One recipient is enough, whatever the policy: nobody else is put in doubt.
    private mutating func planTrial(_ now: Now) {
        campaigns.look(limits, now: now)
        var best: (order: (Int, Int, Int, Int), offer: Offer)?
        for place in campaigns.eligible.working {
            guard let campaign = campaigns[place.id] else { continue }
            let policy = campaign.work.settings.onUnknown
            let turns = health.failedTrials?.turns(of: place.id, policy) ?? 0
            for trial in campaigns.trials(of: place.id, limits, now: now) {
                let order = trial.order(turns: turns)
                if let best, best.order <= order { continue }
                best = (order, trial.offer)
            }
        }
        guard let offer = best?.offer else {
            // Without work nothing is waited for: whatever comes is an event.
            guard !campaigns.eligible.working.isEmpty else { return }
            wakeUps.note(health.foundNoTrial(now: now.instant))
            return
        }
        if let batch = offer.batch, batch.count > 1 { return divide(batch, now: now) }
        if let fitting = fitted(offer, now: now) { plan(fitting, now: now) }
    }

    // MARK: - Claims

    /// Takes an offer's recipients from the quota and its campaign, and plans their claim.
    private mutating func plan(_ offer: Offer, now: Now) {
        let id = offer.flow.id
        guard let work = campaigns[id]?.work else {
            preconditionFailure("campaign \(id) makes an offer and isn't known")
        }
        if let batch = offer.batch, batch.count > limits.batchLimit(of: work) {
            // A limit was lowered since it was claimed, or another batch of the campaign has shown
            // that this size is refused.
            return divide(batch, now: now)
        }
        admission.reserve(offer.count, now: now.instant)
        campaigns.reserve(offer)
        commits.add(.claim(claim(offer, work), offer))
    }

    private mutating func claim(_ offer: Offer, _ work: CampaignWork) -> Write {
        let byteLimit = limits.packetBytes - work.packetOverhead
        let timeout = limits.callTimeout
        let isFresh: Bool
        switch offer.content {
        case .open(let batch):
            let reclaim = Write.Reclaim(
                batch: batch.id,
                byteLimit: byteLimit,
                timeout: timeout,
                quota: limits.messagesPerMinute
            )
            return .reclaim(reclaim)
        case .dueRetries: isFresh = false
        case .fresh: isFresh = true
        }
        let claim = Write.Claim(
            campaign: work.id,
            source: isFresh ? .fresh : .dueRetries,
            accountLimit: offer.count,
            byteLimit: byteLimit,
            random: UInt32.random(in: 0...UInt32.max, using: &random),
            timeout: timeout,
            dueBy: isFresh ? nil : work.retryDueAt,
            quota: limits.messagesPerMinute
        )
        return .claim(claim)
    }

    /// Gives back what a claim reserved and doesn't use.
    mutating func giveBack(_ count: Int, of offer: Offer) {
        guard count > 0 else { return }
        admission.giveBack(count, isWhole: count == offer.count)
        campaigns.giveBack(count, of: offer)
    }

    /// Halves a batch that waits; that it may have been accepted goes with its halves.
    private mutating func divide(_ batch: OpenBatch, now: Now) {
        campaigns[batch.campaign]?.open.removeAll { $0.id == batch.id }
        let record = Write.Record(
            batch: batch.id,
            resolution: .split(.limits),
            releaseAt: now.instant
        )
        commits.add(.record(record, nil))
    }

    // MARK: - What is told

    /// Stores the events of all sending that hooks want; what came last has no other news to wait
    /// for.
    private mutating func tellHooks(_ now: Now) {
        noteEvents(isUnreachable: !health.isReachable && !isIdle, now)
        guard commits.holdsEvent, commits.readiness(now: now.instant) == .ready else { return }
        effects.append(.commit(commits.take(serviceRecord)))
    }

    private mutating func noteEvents(isUnreachable: Bool?, _ now: Now) {
        let kinds = reported.events(
            isHalted: credentials.halt != nil,
            isUnreachable: isUnreachable,
            isStoreFailing: commits.fault != nil
        )
        for kind in kinds where limits.serviceEvents.contains(kind) {
            let event = ServiceEvent(kind: kind, at: now.timestamp, quota: quota(now))
            commits.add(.event(event))
        }
    }

    private mutating func reportState(_ now: Now) {
        let (state, reason) = state(now)
        guard reported.changes(to: state, now: now.timestamp) else { return }
        effects.append(.report(.service(state, reason)))
    }

    private mutating func wake(_ now: Now) {
        // While a commit is out, its end is the next event.
        if lifecycle == .running, commits.out == nil {
            wakeUps.note(campaigns.eligible.times.next(after: now.timestamp), now: now)
            wakeUps.note(admission.backoff.growsAt(now: now.instant))
        }
        guard lifecycle != .stopped, let at = wakeUps.ask() else { return }
        effects.append(.wake(at: at))
    }
}
