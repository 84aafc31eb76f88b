extension Dispatcher {
    /// A call ended: what it shows is learnt, its recipients are released, and what becomes of them
    /// is recorded.
    mutating func answered(_ id: Batch.ID, _ outcome: Outcome, now: Now) {
        guard let flight = inFlight.removeValue(forKey: id) else {
            preconditionFailure("batch \(id.rawValue) was answered and isn't in flight")
        }
        let batch = flight.batch
        switch outcome {
        case .answered: break
        case .refused, .notSent, .unknown:
            let count = batch.accounts.count
            effects.append(.report(.call(id, batch.campaign, count: count, outcome)))
        }
        learn(from: outcome, flight, now: now)
        let releaseAt = release(flight, after: outcome, now: now.instant)
        react(to: outcome, flight, now: now)
        let isExcused =
            outcome.refusalForNow(of: batch) != nil
            && health.excusesRefusals(now: now.instant)
        let policy = campaigns[batch.campaign]?.work.settings.onUnknown ?? .resend
        let rule = outcomeRule(policy, now: now.timestamp)
        let resolution = rule.resolution(of: outcome, batch, isExcused: isExcused, using: &random)
        let isUnsent = if case .notSent = outcome { true } else { false }
        record(
            resolution,
            of: flight,
            releaseAt: releaseAt,
            isExcused: isExcused,
            isUnsent: isUnsent
        )
    }

    func outcomeRule(_ policy: UnknownPolicy, now: Timestamp) -> OutcomeRule {
        OutcomeRule(
            policy: policy,
            retry: limits.retry,
            settleTime: limits.settleTime,
            now: now
        )
    }

    mutating func record(
        _ resolution: Resolution,
        of flight: Flight,
        releaseAt: Instant,
        isExcused: Bool = false,
        isUnsent: Bool = false
    ) {
        let id = flight.batch.id
        let open = flight.reopened(
            by: resolution,
            isExcused: isExcused,
            awaitsCheck: jobs.accountChecks.awaits(id)
        )
        let record = Write.Record(
            batch: id,
            resolution: resolution,
            releaseAt: releaseAt,
            isUnsent: isUnsent
        )
        commits.add(.record(record, open))
    }

    /// What an outcome shows about the provider's health and pace, and about the credentials.
    private mutating func learn(from outcome: Outcome, _ flight: Flight, now: Now) {
        let batch = flight.batch
        let news: ProviderHealth.News
        switch outcome {
        case _ where outcome.refusalForNow(of: batch) != nil:
            news = .refused(isFirst: flight.isFirst)
        case .unknown: news = .unknown
        case .notSent: news = .unsent
        case .answered, .refused: news = .useful
        }
        health.note(outcome.trouble(of: batch))
        if flight.isTrial {
            health.tried(news, of: batch.campaign, now: now.instant)
        } else {
            health.ended(news, of: batch.id, now: now.instant)
        }
        if case .refused(.throttled(let atLeast), let code, let text) = outcome {
            admission.throttled(
                Campaign.Reason(code: code, text: text),
                callSentAt: flight.sentAt,
                atLeast: atLeast,
                now: now.instant
            )
            admission.emptyBucket(now: now.instant)
        }
        let isAccepted = if case .answered = outcome { true } else { false }
        credentials.answered(
            isAccepted: isAccepted,
            isShown: outcome.showsCredentials,
            sentAt: flight.sentAt
        )
    }

    /// Lets a call's recipients count until the provider can count them no longer.
    private mutating func release(
        _ flight: Flight,
        after outcome: Outcome,
        now: Instant
    ) -> Instant {
        let hold: Duration
        switch outcome {
        case .answered, .refused: hold = LedgerEntry.window
        case .unknown: hold = LedgerEntry.window + LedgerEntry.grace
        // Nothing went out, so nothing can have been counted.
        case .notSent: hold = .zero
        }
        let count = flight.batch.accounts.count
        let instant = now.advanced(by: hold)
        admission.release(count, at: instant, now: now)
        campaigns[flight.batch.campaign]?.ledger.release(count, at: instant)
        return instant
    }

    /// Halts, renews or looks up what an outcome asks for, beside what becomes of its batch.
    private mutating func react(to outcome: Outcome, _ flight: Flight, now: Now) {
        let batch = flight.batch
        let unlisted = campaigns[batch.campaign]?.heard(outcome)
        if let reason = outcome.refusalOfMessage(of: batch) ?? unlisted {
            halt(batch.campaign, reason)
        }
        guard case .refused(let refusal, let code, let text) = outcome else { return }
        if outcome.asksForLookUp(of: batch) {
            jobs.accountChecks.add(batch, code: code, now: now.instant)
        }
        guard refusal == .credentials || refusal == .credentialsExpired else { return }
        let reason = Campaign.Reason(code: code, text: text)
        refused(reason, isExpired: refusal == .credentialsExpired, sentAt: flight.sentAt)
    }

    /// The provider refused the credentials of a call, of whatever kind.
    mutating func refused(_ reason: Campaign.Reason, isExpired: Bool, sentAt: Instant) {
        let reaction = credentials.refused(reason, isExpired: isExpired, sentAt: sentAt)
        switch reaction {
        case .none: break
        case .renew: effects.append(.renewCredentials)
        case .halt: commits.add(.service(nil))
        }
    }

    /// Halts a campaign in the next commit; until that is durable nothing more of it is sent.
    private mutating func halt(_ id: Campaign.ID, _ reason: Campaign.Reason) {
        guard let campaign = campaigns[id], campaign.work.state == .running, !campaign.isHalting
        else { return }
        campaigns[id]?.isHalting = true
        campaigns[id]?.unlisted = nil
        commits.add(.transition(id, .halt(reason)))
    }
}
