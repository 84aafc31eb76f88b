extension Dispatcher {
    /// A call ended: decides what becomes of its accounts, and what it says about the service.
    mutating func answered(
        _ id: Batch.ID,
        _ outcome: Outcome,
        now: Now,
        into effects: inout [Effect]
    ) {
        guard let flight = inFlight.removeValue(forKey: id) else {
            preconditionFailure("batch \(id.rawValue) was answered and isn't in flight")
        }
        if case .answered = outcome {
        } else {
            let count = flight.batch.accounts.count
            effects.append(.report(.call(id, flight.batch.campaign, count: count, outcome)))
        }
        learn(from: outcome, flight, now: now)
        let releaseAt = release(after: outcome, now: now.instant)
        release(flight, at: releaseAt)
        // What never went out is free at once, for this event's own plan.
        ledger.advance(to: now.instant)
        let resolution = resolution(of: outcome, flight, now: now, into: &effects)
        let isExcused =
            outcome.refusalForNow(of: flight.batch) != nil
            && health.excusesRefusals(now: now.instant)
        record(resolution, of: flight, releaseAt: releaseAt, isExcused: isExcused)
    }

    /// Puts a resolution in the next commit.
    ///
    /// `isExcused` says that the call was refused and an outage is to blame.
    mutating func record(
        _ resolution: Resolution,
        of flight: Flight,
        releaseAt: Instant,
        isExcused: Bool = false
    ) {
        let batch = flight.batch
        let write = Write.Record(batch: batch.id, resolution: resolution, releaseAt: releaseAt)
        pending.append(.record(write, reopened(flight, by: resolution, isExcused: isExcused)))
    }

    /// Lets a call's recipients go at an instant.
    mutating func release(_ flight: Flight, at instant: Instant) {
        let count = flight.batch.accounts.count
        ledger.release(count, at: instant)
        lines[flight.batch.campaign]?.ledger.release(count, at: instant)
    }

    /// The batch as it waits for its next call; nil if the resolution closes it.
    private func reopened(
        _ flight: Flight,
        by resolution: Resolution,
        isExcused: Bool
    ) -> OpenBatch? {
        let batch = flight.batch
        let dueAt: Timestamp
        var attempts = batch.attempts
        var maybeAccepted = batch.maybeAccepted
        switch resolution {
        case .settled, .unknown, .split, .divided:
            return nil
        case .held(let due):
            dueAt = due
        case .repeated(let due, _, _, let spendsAttempt):
            dueAt = due
            maybeAccepted = true
            if spendsAttempt { attempts += 1 }
        }
        var open = OpenBatch(
            id: batch.id,
            campaign: batch.campaign,
            count: batch.accounts.count,
            attempts: attempts,
            maybeAccepted: maybeAccepted,
            dueAt: dueAt,
            isHalf: batch.isHalf
        )
        open.refusals = flight.refusals + (isExcused ? 1 : 0)
        open.awaitsCheck = checks.awaits(batch.id)
        return open
    }

    /// When the quota lets the recipients of a call go.
    private func release(after outcome: Outcome, now: Instant) -> Instant {
        switch outcome {
        case .answered, .refused: now.advanced(by: LedgerEntry.window)
        case .unknown: now.advanced(by: LedgerEntry.window + LedgerEntry.grace)
        // Nothing went out, so nothing can have been counted.
        case .notSent: now
        }
    }

    /// The total function from an outcome to what becomes of the batch.
    private mutating func resolution(
        of outcome: Outcome,
        _ flight: Flight,
        now: Now,
        into effects: inout [Effect]
    ) -> Resolution {
        if outcome.refusalForNow(of: flight.batch) != nil,
            health.excusesRefusals(now: now.instant)
        {
            return .held(dueAt: now.timestamp)
        }
        switch outcome {
        case .answered(let key, let refused):
            return settled(messageKey: key, refused: refused, flight.batch, now: now)
        case .refused(let refusal, let code, let text):
            let reason = Campaign.Reason(code: code, text: text)
            return refused(refusal, reason: reason, code, flight, now: now, into: &effects)
        case .notSent:
            return .held(dueAt: now.timestamp)
        case .unknown(let doubt):
            if let unlisted = lines[flight.batch.campaign]?.unlisted, unlisted.count >= 3 {
                let text = "three calls in a row ended with code \(unlisted.code)"
                halt(flight.batch.campaign, Campaign.Reason(code: unlisted.code, text: text))
            }
            return doubted(doubt, flight, now: now)
        }
    }

    private mutating func settled(
        messageKey: String?,
        refused: [Outcome.RefusedAccount],
        _ batch: Batch,
        now: Now
    ) -> Resolution {
        guard !refused.isEmpty else {
            return .settled(messageKey: messageKey, verdicts: [])
        }
        let places = Dictionary(
            zip(batch.accounts, batch.accounts.indices),
            uniquingKeysWith: { first, _ in first }
        )
        var verdicts: [Resolution.AccountVerdict] = []
        for item in refused {
            // Whoever wasn't addressed is nobody of this call's, whatever an adapter says.
            guard let index = places[item.account] else { continue }
            let verdict = verdict(on: index, of: batch, refused: item, now: now)
            verdicts.append(.init(account: item.account, verdict: verdict, code: item.code))
        }
        return .settled(messageKey: messageKey, verdicts: verdicts)
    }

    /// The verdict on an account that wasn't accepted.
    ///
    /// Doubt is lost on no path: where an earlier call may have been accepted, only an answer that
    /// names the account says what became of it.
    private mutating func verdict(
        on index: Int,
        of batch: Batch,
        refused: Outcome.RefusedAccount,
        now: Now
    ) -> Verdict {
        let isDoubted = batch.maybeAccepted || batch.doubted.contains(batch.accounts[index])
        switch refused.kind {
        case .final: return isDoubted && !refused.isNamed ? .unknown : .failed
        case .inDoubt:
            // Those named are out of the way: the others go again, or are asked after.
            return isDoubted ? .unknown : .requeued(dueAt: now.timestamp)
        case .retryable:
            let verdict = limits.retry.verdict(
                spentAttempts: batch.spentAttempts(at: index) + 1,
                now: now.timestamp,
                using: &random
            )
            return verdict == .failed && isDoubted ? .unknown : verdict
        }
    }

    private mutating func refused(
        _ refusal: Outcome.Refusal,
        reason: Campaign.Reason,
        _ code: Int,
        _ flight: Flight,
        now: Now,
        into effects: inout [Effect]
    ) -> Resolution {
        let batch = flight.batch
        switch refusal {
        case .retryable:
            guard !batch.maybeAccepted else {
                return doubted(.service(code: code), flight, now: now)
            }
            return everyone(of: batch, code: code, isRetryable: true, now: now)
        case .recipientsInDoubt where batch.accounts.count > 1:
            guard !batch.maybeAccepted else { return refusedForGood(batch, code: code) }
            // Halves are of batches whose accounts all exist: nothing is left to ask.
            guard !batch.isHalf else { return .split(doubted: true) }
            checks.add(batch, code: code, now: now.instant)
            return .held(dueAt: now.timestamp)
        case .recipients, .recipientsInDoubt:
            guard !batch.maybeAccepted else { return refusedForGood(batch, code: code) }
            return everyone(of: batch, code: code, isRetryable: false, now: now)
        case .throttled:
            return .held(dueAt: now.timestamp)
        case .credentialsExpired where isOutdated(flight), .credentials where isOutdated(flight):
            return .held(dueAt: now.timestamp)
        case .credentialsExpired where mayRenew(flight):
            if renewal != .running {
                renewal = .running
                effects.append(.renewCredentials)
            }
            return .held(dueAt: now.timestamp)
        case .credentialsExpired, .credentials:
            if service.halt == nil {
                service.halt = .init(reason: reason, fingerprint: fingerprint)
                pending.append(.service(nil))
            }
            return .held(dueAt: now.timestamp)
        case .campaign:
            halt(batch.campaign, reason)
            return .held(dueAt: now.timestamp)
        case .tooLarge:
            guard !batch.maybeAccepted else { return refusedForGood(batch, code: code) }
            guard batch.accounts.count > 1 else {
                halt(batch.campaign, reason)
                return .held(dueAt: now.timestamp)
            }
            return .split(doubted: false)
        }
    }

    /// Whether a call went out with other credentials than the present ones.
    private func isOutdated(_ flight: Flight) -> Bool {
        credentialsSince.map { flight.sentAt < $0 } ?? false
    }

    /// Whether credentials said to be expired may just be the old ones.
    private func mayRenew(_ flight: Flight) -> Bool {
        switch renewal {
        case .none, .running: true
        case .renewed(let at): flight.sentAt < at
        }
    }

    /// A repeat that is refused for good: an earlier call may have been accepted all the same.
    private func refusedForGood(_ batch: Batch, code: Int) -> Resolution {
        .unknown(info: "an earlier call may have been accepted", code: code, spendsAttempt: true)
    }

    /// The whole call is refused as if each account were, none of them named.
    private mutating func everyone(
        of batch: Batch,
        code: Int,
        isRetryable: Bool,
        now: Now
    ) -> Resolution {
        let verdicts = batch.accounts.indices.map { index in
            let refused = Outcome.RefusedAccount(
                account: batch.accounts[index],
                code: code,
                kind: isRetryable ? .retryable : .final,
                isNamed: false
            )
            let verdict = verdict(on: index, of: batch, refused: refused, now: now)
            return Resolution.AccountVerdict(
                account: refused.account,
                verdict: verdict,
                code: code
            )
        }
        return .settled(messageKey: nil, verdicts: verdicts)
    }

    /// What a call of unknown outcome comes to, by its campaign's policy.
    mutating func doubted(_ doubt: Outcome.Doubt, _ flight: Flight, now: Now) -> Resolution {
        let batch = flight.batch
        let policy = lines[batch.campaign]?.work.settings.onUnknown ?? .resend
        let spent = batch.attempts + (batch.earlierAttempts.max() ?? 0) + 1
        guard policy == .resend, spent < limits.retry.attemptLimit else {
            return .unknown(info: doubt.text, code: doubt.code, spendsAttempt: true)
        }
        return .repeated(
            dueAt: limits.retry.dueAt(spentAttempts: spent, now: now.timestamp, using: &random),
            info: doubt.text,
            code: doubt.code,
            spendsAttempt: true
        )
    }

    /// Halts a campaign in the next commit; until that is durable nothing more of it goes out.
    private mutating func halt(_ id: Campaign.ID, _ reason: Campaign.Reason) {
        guard let line = lines[id], line.work.state == .running, !line.isHalting else { return }
        lines[id]?.isHalting = true
        lines[id]?.unlisted = nil
        pending.append(.transition(id, .halt(reason)))
    }
}
