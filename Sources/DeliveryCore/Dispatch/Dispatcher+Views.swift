extension Dispatcher {
    /// Where all sending stands, and why.
    package func state(_ now: Now) -> (ServiceState, Campaign.Reason?) {
        if let halt = service.halt { return (.halted, halt.reason) }
        if let storeFault {
            return (.storeFailed, Campaign.Reason(code: nil, text: storeFault.fault.text))
        }
        if service.isPaused { return (.paused, nil) }
        if !health.isReachable, !isIdle { return (.unreachable, trouble) }
        if pace.isSlowed(now: now.instant) {
            return (.throttled, throttle)
        }
        return (.running, nil)
    }

    /// Whether the provider answers probes and nothing is there to try with: nobody waits.
    private var isIdle: Bool {
        health.isAdmitting && outstanding == nil && inFlight.isEmpty && lines.board.working.isEmpty
    }

    /// Campaigns kept in memory: those that haven't ended, and those whose last minute counts still.
    package var campaignCount: Int { lines.count }

    package var inFlightCount: Int { inFlight.count }

    /// Recipients that count against the quota now; all of it where more do, since it was lowered
    /// or since a restored backup holds any limit's worth.
    package mutating func windowUsed(_ now: Now) -> Int {
        ledger.advance(to: now.instant)
        return min(ledger.held, limits.messagesPerMinute)
    }

    /// When the next full batch fits, as far as it is known.
    package mutating func nextCallAt(_ now: Now) -> Timestamp {
        ledger.advance(to: now.instant)
        let batch = min(limits.batchAccounts, limits.burst, limits.messagesPerMinute)
        let unanswered = now.instant.advanced(by: limits.callTimeout)
        let instant = max(
            ledger.available(batch, now: now.instant) ?? unanswered,
            bucket.available(batch, now: now.instant),
            callBucket.available(1, now: now.instant),
            pace.waitUntil ?? now.instant
        )
        return now.timestamp.advanced(by: now.instant.duration(to: instant))
    }

    /// Recipients of a campaign addressed in the last 60 seconds.
    package func messagesLastMinute(of id: Campaign.ID, _ now: Now) -> Int {
        var recent = lines[id]?.recent
        return recent?.sum(now: now.instant) ?? 0
    }

    /// How often a campaign was looked at, all in all.
    package var lookCount: Int { lines.lookCount }

    /// Whether the index of campaigns is what a look at every one would make it; for tests.
    package func isIndexUpToDate(_ now: Now) -> Bool {
        lines.isUpToDate(limits, shares, now: now)
    }

    /// When a campaign will have ended at the present pace; nil unless running or scheduled.
    ///
    /// It has its share of the quota among the campaigns that have work, or its own cap if that is
    /// less, from the next call or from its start on. The campaign need not be known yet.
    package mutating func eta(
        of id: Campaign.ID,
        state: Campaign.State,
        settings: Campaign.Settings,
        remaining: Int,
        _ now: Now
    ) -> Timestamp? {
        guard state == .running || state == .scheduled else { return nil }
        var claimants = lines.board.claims
        let priority = settings.priority
        if lines.board.claim(of: id) == nil {
            claimants[priority, default: Claimants()].add(cap: settings.messagesPerMinute)
        }
        let quota = pace.applied(to: limits.messagesPerMinute, now: now.instant)
        let share = Claimants.share(of: priority, in: claimants, quota: Double(quota))
        let rate = min(share, Double(settings.messagesPerMinute ?? .max))
        let start = max(nextCallAt(now), settings.startAt ?? now.timestamp)
        let wait = min(Double(remaining) / rate * 60, 100 * 365 * 86_400)
        return start.advanced(by: .milliseconds(Int64(wait * 1_000)))
    }

    /// Takes changed limits and credentials over.
    mutating func reconfigure(_ new: Limits, fingerprint newFingerprint: String, now: Now) {
        // What is past a shorter retention goes at once.
        if new.upkeep != limits.upkeep { sweepAt = now.instant }
        limits = new
        lines.changeAll()
        bucketRate = pace.applied(to: new.messagesPerMinute, now: now.instant)
        bucket = bucket.resized(
            tokens: bucketRate,
            per: LedgerEntry.window,
            capacity: new.burst,
            now: now.instant
        )
        callBucket = Self.callBucket(new, now: now.instant)
        notices = Self.noticeBucket(new, now: now.instant)
        ledger.limit = new.messagesPerMinute
        guard newFingerprint != fingerprint else { return }
        fingerprint = newFingerprint
        renewal = .none
        credentialsSince = now.instant
        trialSince = now.instant
        health.moved(now: now.instant)
        guard service.halt != nil else { return }
        service.halt = nil
        pending.append(.service(nil))
    }
}
