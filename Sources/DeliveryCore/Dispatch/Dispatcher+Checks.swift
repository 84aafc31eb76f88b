extension Dispatcher {
    /// Asks the provider what addresses nobody: whether it answers, and which accounts exist.
    mutating func planChecks(_ now: Now, into effects: inout [Effect]) {
        guard checks.out == nil else { return }
        switch health.gate(now: now.instant) {
        case .probe:
            health.probe()
            checks.probe(now: now.instant)
            effects.append(.check([]))
        case .anything:
            let next = checks.next(now: now.instant) { lookUp in
                lines[lookUp.batch.campaign]?.open.contains { $0.id == lookUp.batch.id } ?? false
            }
            note(next.at)
            if let accounts = next.accounts { effects.append(.check(accounts)) }
        case .trial: break
        case .nothing(let until): note(until)
        }
    }

    /// A question has come back.
    mutating func checked(_ outcome: CheckOutcome, now: Now) {
        let sentAt = checks.sentAt
        let ended = checks.ended()
        if case .refused(.throttled(let atLeast), let code, let text) = outcome {
            // A command's own rate isn't the quota's, but the app's slows them all.
            throttle = Campaign.Reason(code: code, text: text)
            pace.throttled(callSentAt: sentAt, atLeast: atLeast, now: now.instant)
        }
        switch ended.purpose {
        case .probe:
            if let reason = outcome.trouble { trouble = reason }
            health.probed(isAnswered: outcome.trouble == nil, now: now.instant)
        case .lookUp:
            guard let lookUp = ended.lookUp else { return }
            resolve(lookUp, outcome, now: now)
        }
    }

    /// Decides about a held batch by what its look-up found.
    private mutating func resolve(
        _ lookUp: AccountChecks.LookUp,
        _ outcome: CheckOutcome,
        now: Now
    ) {
        let batch = lookUp.batch
        let resolution: Resolution
        switch outcome {
        case .answered(let missing, _) where !missing.isEmpty:
            resolution = .settled(
                messageKey: nil,
                verdicts: narrowed(batch, missing: Set(missing), code: lookUp.code, now: now)
            )
        case .answered:
            // Everybody exists, so somebody else is at fault: halving finds out who.
            resolution = .split(doubted: true)
        case .refused, .notSent, .unknown:
            if checks.retry(lookUp, now: now.instant) { return }
            resolution = .split(doubted: true)
        }
        lines[batch.campaign]?.open.removeAll { $0.id == batch.id }
        let record = Write.Record(batch: batch.id, resolution: resolution, releaseAt: now.instant)
        pending.append(.record(record, nil))
    }

    /// Those who don't exist fail; all others go again, and the refusal costs them nothing.
    private func narrowed(
        _ batch: Batch,
        missing: Set<Account>,
        code: Int,
        now: Now
    ) -> [Resolution.AccountVerdict] {
        batch.accounts.map { account in
            guard missing.contains(account) else {
                let again = Verdict.requeued(dueAt: now.timestamp)
                return .init(account: account, verdict: again, code: code)
            }
            // An earlier call, of another batch, may have been accepted all the same.
            let verdict: Verdict = batch.doubted.contains(account) ? .unknown : .failed
            return .init(account: account, verdict: verdict, code: code)
        }
    }
}

extension CheckOutcome {
    /// Why the provider gave no answer; nil if it gave one, be it that the call isn't allowed.
    fileprivate var trouble: Campaign.Reason? {
        switch self {
        case .answered: nil
        case .refused(.retryable, let code, let text): Campaign.Reason(code: code, text: text)
        case .refused: nil
        case .notSent(let text): Campaign.Reason(code: nil, text: text)
        case .unknown(let doubt):
            Campaign.Reason(code: doubt.code, text: "calls end unknown: \(doubt.text)")
        }
    }
}
