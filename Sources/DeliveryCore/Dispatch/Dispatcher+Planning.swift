extension Dispatcher {
    /// A campaign that has no more recipients left than this is a notice: it may use the part of
    /// the window kept for notices, and goes before a large one that waits for room.
    package static let noticeLimit = 30
    /// In so long the part of the window kept for notices is there again.
    static let noticeRefill: Duration = .seconds(3)
    /// A batch isn't cut smaller than this to fit the room that is left.
    static let leastCut = 50
    /// A wall clock may step, so a wait for one of its times is looked at again after this.
    static let longestSleep: Duration = .seconds(30)

    /// Lets go what is due, before anything is decided.
    mutating func advance(to now: Now) {
        ledger.advance(to: now.instant)
        let rate = pace.applied(to: limits.messagesPerMinute, now: now.instant)
        if rate != bucketRate {
            bucketRate = rate
            bucket = bucket.resized(
                tokens: rate,
                per: LedgerEntry.window,
                capacity: limits.burst,
                now: now.instant
            )
        }
        forgetEnded(now)
    }

    /// Forgets campaigns that ended and of which nothing counts any more.
    private mutating func forgetEnded(_ now: Now) {
        while let first = ended.first, first.key.advanced(by: LedgerEntry.window) <= now.instant {
            ended.remove(first)
            guard let line = lines[first.id], line.work.state.isFinal else { continue }
            lines[first.id]?.ledger.advance(to: now.instant)
            guard lines[first.id]?.ledger.held == 0 else {
                // A call of it is out, or was of unknown outcome: look again a minute later.
                remember(ended: line.work, now: now)
                continue
            }
            lines[first.id] = nil
            shares.forget(first.id)
        }
    }

    /// Remembers a campaign that has ended until its last minute is over.
    mutating func remember(ended work: CampaignWork, now: Now) {
        let place = Place(key: now.instant, order: work.order, id: work.id)
        if !ended.contains(place) { ended.insert(place) }
    }

    /// Decides what goes into the next commit, once the last one is through.
    mutating func plan(_ now: Now, into effects: inout [Effect]) {
        guard isRestored, !isStopped else { return }
        nextAt = nil
        look(now)
        if outstanding == nil, canCommit(now) {
            planTransitions(now)
            if maySend(now) { planCalls(now) }
            planRetry(now)
            planClosing(now)
            planSweep(now)
            let portion = takePortion()
            if !portion.isEmpty {
                effects.append(.commit(portion.map { $0.write(service) }))
                outstanding = portion
                committing = service
            }
        }
        if maySend(now) { planChecks(now, into: &effects) }
        look(now)
        finishDraining(into: &effects)
        reportState(now, into: &effects)
        if !isStopped { wake(now, into: &effects) }
    }

    /// Notes that something may go on at an instant.
    mutating func note(_ instant: Instant?) {
        guard let instant else { return }
        nextAt = nextAt.map { min($0, instant) } ?? instant
    }

    /// Notes a time of the wall clock.
    mutating func note(_ time: Timestamp, now: Now) {
        let wait = min(Self.longestSleep, max(.zero, now.timestamp.duration(to: time)))
        note(now.instant.advanced(by: wait))
    }

    private mutating func canCommit(_ now: Now) -> Bool {
        guard let retryAt = storeFault?.retryAt else { return true }
        guard retryAt <= now.instant else {
            note(retryAt)
            return false
        }
        // With nothing to record, writing the service's own row shows whether the store is back.
        if pending.isEmpty, !isDraining { pending.append(.service(nil)) }
        return true
    }

    /// Takes what goes into the next commit, in order; of operators' changes no more than it holds.
    private mutating func takePortion() -> [Pending] {
        var room = CommitSize.changes
        var portion: [Pending] = []
        var left: [Pending] = []
        for write in pending {
            switch write {
            case .change, .service(_?):
                if room > 0 { portion.append(write) } else { left.append(write) }
                room -= 1
            case .claim, .reclaim, .record, .transition, .service(nil), .sweep, .close:
                portion.append(write)
            }
        }
        pending = left
        return portion
    }

    /// Puts what has fallen due by the clock in the commit, as much as it holds.
    private mutating func planTransitions(_ now: Now) {
        guard !isDraining else { return }
        var due: [(place: Place<Timestamp>, transition: Campaign.Transition)] = []
        for place in lines.board.expiries.prefix(CommitSize.changes)
        where place.key <= now.timestamp {
            due.append((place, .expire))
        }
        for place in lines.board.starts.prefix(CommitSize.changes) where place.key <= now.timestamp
        {
            guard due.count < CommitSize.changes else { break }
            let expiresAt = lines[place.id]?.work.settings.expiresAt
            // Its expiry has come too, if not in this commit: it never begins.
            if let expiresAt, expiresAt <= now.timestamp { continue }
            due.append((place, .begin))
        }
        // By creation, whenever each fell due.
        due.sort { ($0.place.order, $0.place.id) < ($1.place.order, $1.place.id) }
        for (place, transition) in due { pending.append(.transition(place.id, transition)) }
        let nextExpiry = lines.board.expiries.first { $0.key > now.timestamp }
        if let nextExpiry { note(nextExpiry.key, now: now) }
        let nextStart = lines.board.starts.first { $0.key > now.timestamp }
        if let nextStart { note(nextStart.key, now: now) }
    }

    private mutating func maySend(_ now: Now) -> Bool {
        guard !isDraining, !service.isPaused, service.halt == nil, storeFault == nil,
            renewal != .running
        else { return false }
        guard pace.waits(now: now.instant) else { return true }
        note(pace.waitUntil)
        return false
    }

    private mutating func planCalls(_ now: Now) {
        var planned = 0
        while inFlight.count + planned < (trialSince != nil ? 1 : limits.inFlightLimit) {
            let callAt = callBucket.available(1, now: now.instant)
            guard callAt <= now.instant else { return note(callAt) }
            switch health.gate(now: now.instant) {
            case .anything:
                guard !checks.isFull, let offer = nextOffer(now) else { return }
                reserve(offer, isTrial: false, now: now)
                planned += 1
            case .trial: return planTrial(now)
            case .probe, .nothing: return
            }
        }
    }

    private mutating func finishDraining(into effects: inout [Effect]) {
        guard isDraining, !isStopped, inFlight.isEmpty, outstanding == nil, pending.isEmpty
        else { return }
        isStopped = true
        effects.append(.stopped)
    }

    private mutating func wake(_ now: Now, into effects: inout [Effect]) {
        noteDueTimes(now)
        guard let nextAt else { return }
        if let soonest = wakes.last, soonest <= nextAt { return }
        wakes.append(nextAt)
        effects.append(.wake(at: nextAt))
    }

    /// Notes when retries and open batches fall due that aren't yet.
    private mutating func noteDueTimes(_ now: Now) {
        guard outstanding == nil, maySend(now) else { return }
        if let due = lines.board.dues.first { note(due.key, now: now) }
        if let growsAt = pace.growsAt(now: now.instant) { note(growsAt) }
    }

    private mutating func reportState(_ now: Now, into effects: inout [Effect]) {
        let (state, reason) = state(now)
        guard state != reportedState else { return }
        reportedState = state
        effects.append(.report(.service(state, reason)))
    }
}
