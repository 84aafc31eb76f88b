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
        if reopened(flight.batch, by: resolution) == nil { sparedBatches.remove(id) }
        record(resolution, of: flight, releaseAt: releaseAt)
    }

    /// Puts a resolution in the next commit.
    mutating func record(_ resolution: Resolution, of flight: Flight, releaseAt: Instant) {
        let batch = flight.batch
        let write = Write.Record(batch: batch.id, resolution: resolution, releaseAt: releaseAt)
        pending.append(.record(write, reopened(batch, by: resolution)))
    }

    /// Lets a call's recipients go at an instant.
    mutating func release(_ flight: Flight, at instant: Instant) {
        let count = flight.batch.accounts.count
        ledger.release(count, at: instant)
        lines[flight.batch.campaign]?.ledger.release(count, at: instant)
    }

    /// The batch as it waits for its next call; nil if the resolution closes it.
    private func reopened(_ batch: Batch, by resolution: Resolution) -> OpenBatch? {
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
        return OpenBatch(
            id: batch.id,
            campaign: batch.campaign,
            count: batch.accounts.count,
            attempts: attempts,
            maybeAccepted: maybeAccepted,
            dueAt: dueAt,
            isHalf: batch.isHalf
        )
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
        if outcome.refusalForNow(of: flight.batch) != nil, let spared = spared(flight, now: now) {
            return spared
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

    /// An outage that is no longer than this makes nobody `failed`.
    ///
    /// Longer would keep hopeless accounts waiting, where there is nobody else to ask with.
    private static let patience: Duration = .seconds(90 * 60)

    /// Whether it may be the service's fault that a call was refused for all its accounts.
    func isServiceInDoubt(_ now: Now) -> Bool {
        silence.map { now.instant < $0.since.advanced(by: Self.patience) } ?? false
    }

    /// Keeps a call that was refused for all its accounts as it is, where the service may be at fault:
    /// a probe, and one whose accounts have no attempt left; nil if the refusal counts.
    private mutating func spared(_ flight: Flight, now: Now) -> Resolution? {
        guard isServiceInDoubt(now) else { return nil }
        let spent = flight.batch.attempts + (flight.batch.earlierAttempts.max() ?? 0) + 1
        guard flight.isProbe || spent >= limits.retry.attemptLimit else { return nil }
        sparedBatches.insert(flight.batch.id)
        if flight.isProbe { return .held(dueAt: now.timestamp) }
        let dueAt = limits.retry.dueAt(spentAttempts: spent, now: now.timestamp, using: &random)
        return .held(dueAt: dueAt)
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
            guard let index = places[item.account] else {
                preconditionFailure("an answer names an account that its batch hasn't got")
            }
            let verdict = verdict(on: index, of: batch, isRetryable: item.isRetryable, now: now)
            verdicts.append(.init(account: item.account, verdict: verdict, code: item.code))
        }
        return .settled(messageKey: messageKey, verdicts: verdicts)
    }

    private mutating func verdict(
        on index: Int,
        of batch: Batch,
        isRetryable: Bool,
        now: Now
    ) -> Verdict {
        guard isRetryable else { return .failed }
        let verdict = limits.retry.verdict(
            spentAttempts: batch.spentAttempts(at: index) + 1,
            now: now.timestamp,
            using: &random
        )
        // An earlier call may have been accepted, and this refusal doesn't settle it.
        let isDoubted = batch.maybeAccepted || batch.doubted.contains(batch.accounts[index])
        return verdict == .failed && isDoubted ? .unknown : verdict
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
        case .recipientsInDoubt where batch.accounts.count > 1 && !batch.isHalf:
            guard !batch.maybeAccepted else { return refusedForGood(batch, code: code) }
            return .split(doubted: true)
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

    private mutating func everyone(
        of batch: Batch,
        code: Int,
        isRetryable: Bool,
        now: Now
    ) -> Resolution {
        let verdicts = batch.accounts.indices.map { index in
            var verdict = verdict(on: index, of: batch, isRetryable: isRetryable, now: now)
            // That the whole call is refused settles nothing about a call before it.
            if verdict == .failed, batch.doubted.contains(batch.accounts[index]) {
                verdict = .unknown
            }
            return Resolution.AccountVerdict(
                account: batch.accounts[index],
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
        // A probe asks whether the service is there; its accounts aren't to blame if it isn't.
        let spendsAttempt = !flight.isProbe
        let spent =
            batch.attempts + (batch.earlierAttempts.max() ?? 0) + (spendsAttempt ? 1 : 0)
        guard policy == .resend, spent < limits.retry.attemptLimit else {
            return .unknown(info: doubt.text, code: doubt.code, spendsAttempt: spendsAttempt)
        }
        return .repeated(
            dueAt: limits.retry.dueAt(
                spentAttempts: max(1, spent),
                now: now.timestamp,
                using: &random
            ),
            info: doubt.text,
            code: doubt.code,
            spendsAttempt: spendsAttempt
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
