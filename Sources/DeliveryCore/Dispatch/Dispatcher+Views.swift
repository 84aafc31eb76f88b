/// What operators see; none of it changes what is sent.
extension Dispatcher {
    /// Where all sending stands, and why.
    package func state(_ now: Now) -> (ServiceState, Campaign.Reason?) {
        if let halt = credentials.halt { return (.halted, halt.reason) }
        if let fault = commits.fault {
            return (.storeFailed, Campaign.Reason(code: nil, text: fault.cause.text))
        }
        if isPaused { return (.paused, nil) }
        if !health.isReachable, !isIdle { return (.unreachable, health.trouble) }
        if admission.backoff.isSlowed(now: now.instant) { return (.throttled, admission.throttle) }
        return (.running, nil)
    }

    /// Where all sending stands, with what people want to know of it.
    package func status(_ now: Now) -> ServiceStatus {
        let (state, reason) = state(now)
        return ServiceStatus(
            state: state,
            reason: reason,
            since: state == reported.state ? reported.since : now.timestamp,
            until: until(state, now.instant).map { now.second(at: $0) },
            remedy: state.remedy,
            pace: admission.backoff.currentParts(now.instant)
        )
    }

    /// When all sending is tried again or goes on by itself; nil if it doesn't, or nobody can know.
    private func until(_ state: ServiceState, _ now: Instant) -> Instant? {
        switch state {
        case .halted, .paused, .running: nil
        case .storeFailed: commits.triedAt(now: now)
        case .unreachable: health.triedAt(now: now)
        case .throttled: admission.backoff.endsAt(now: now)
        }
    }

    /// Whether the provider answers probes and nothing is there to try with: nothing waits for it.
    var isIdle: Bool { health.isAdmitting && hasNoMessage }

    /// Whether no message's call is out, is being claimed, or could be.
    var hasNoMessage: Bool {
        commits.out == nil && inFlight.isEmpty && campaigns.eligible.working.isEmpty
    }

    /// Campaigns kept in memory: those that haven't ended, and those whose last minute counts still.
    package var campaignCount: Int { campaigns.count }

    package var inFlightCount: Int { inFlight.count }

    /// Campaigns that have recipients to send to and wait for their sending hours.
    package var closedCampaignCount: Int { campaigns.eligible.closedCount }

    /// How often a campaign was looked at, all in all.
    package var lookCount: Int { campaigns.lookCount }

    /// Recipients that count against the quota now; all of it where more do, since it was lowered
    /// or since a restored backup holds any limit's worth.
    package mutating func windowUsed(_ now: Now) -> Int {
        admission.advance(to: now.instant)
        return min(admission.ledger.held, limits.messagesPerMinute)
    }

    /// The quota and all sending as they are shown.
    package mutating func quota(_ now: Now) -> QuotaStatus {
        let status = status(now)
        return QuotaStatus(
            messagesPerMinute: limits.messagesPerMinute,
            windowUsed: windowUsed(now),
            nextCallAt: nextCallAt(now),
            callsPerSecond: limits.callsPerSecond,
            state: status.state,
            reason: status.reason,
            since: status.since,
            until: status.until,
            remedy: status.remedy,
            pace: status.pace,
            window: window(now),
            inFlight: inFlightCount,
            closedCampaigns: closedCampaignCount
        )
    }

    /// What the quota's window holds.
    package mutating func window(_ now: Now) -> QuotaWindow {
        admission.advance(to: now.instant)
        return admission.window(now: now.instant)
    }

    /// When the next full batch fits, as far as it is known.
    package mutating func nextCallAt(_ now: Now) -> Timestamp {
        admission.advance(to: now.instant)
        let instant = admission.available(
            limits.largestBatch,
            unanswered: now.instant.advanced(by: limits.callTimeout),
            now: now.instant
        )
        return now.timestamp.advanced(by: now.instant.duration(to: instant))
    }

    /// Recipients of a campaign addressed in the last 60 seconds.
    package func messagesLastMinute(of id: Campaign.ID, _ now: Now) -> Int {
        var recent = campaigns[id]?.recent
        return recent?.sum(now: now.instant) ?? 0
    }

    /// When a campaign will have ended at the present pace; nil unless running or scheduled.
    ///
    /// It has its share of the quota among the campaigns that have work, or its own cap if that is
    /// less, from the next call or from its start on, and within its sending hours alone. The campaign
    /// need not be known yet.
    package mutating func eta(
        of id: Campaign.ID,
        state: Campaign.State,
        settings: Campaign.Settings,
        remaining: Int,
        _ now: Now
    ) -> Timestamp? {
        guard state == .running || state == .scheduled else { return nil }
        let quota = admission.rate(now: now.instant)
        let rate = campaigns.eligible.share(of: id, settings, quota: quota)
        let start = max(nextCallAt(now), settings.startAt ?? now.timestamp)
        let wait = min(Double(remaining) / rate * 60, 100 * 365 * 86_400)
        return campaigns.calendar.end(
            of: .milliseconds(Int64(wait * 1_000)),
            within: settings.sendBetween,
            from: start
        )
    }
}
