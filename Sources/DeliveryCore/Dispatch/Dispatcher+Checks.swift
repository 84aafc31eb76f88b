extension Dispatcher {
    /// Asks the provider what addresses nobody: whether it answers, and which accounts exist.
    mutating func planCheck(_ now: Now) {
        switch permission(now.instant) {
        case .nothing(let until): wakeUps.note(until)
        case .trial: break
        case .probe where jobs.accountChecks.out == nil:
            health.probe()
            jobs.accountChecks.probe(&jobs.checkPace, now: now.instant)
            effects.append(.check([]))
        case .calls where jobs.accountChecks.out == nil:
            let next = jobs.accountChecks.next(
                &jobs.checkPace,
                accountLimit: limits.checkAccounts,
                now: now.instant
            ) { campaigns.isOpen($0.batch) }
            wakeUps.note(next.at)
            if let accounts = next.accounts { effects.append(.check(accounts)) }
        // One question is out at a time.
        case .probe, .calls: break
        }
    }

    mutating func checked(_ outcome: CheckOutcome, now: Now) {
        let ended = jobs.accountChecks.ended()
        jobs.checkPace.ended(isFailure: outcome.isFailure, now: now.instant)
        if case .refused(.throttled(let atLeast), let code, let text) = outcome {
            let reason = Campaign.Reason(code: code, text: text)
            slowDown(reason, sentAt: ended.sentAt, atLeast: atLeast, now: now.instant)
        }
        switch ended.purpose {
        case .probe:
            health.note(outcome.trouble)
            health.probed(isAnswered: outcome.trouble == nil, now: now.instant)
        case .lookUp:
            if let lookUp = ended.lookUp { resolve(lookUp, outcome, now: now) }
        }
    }

    /// A call that addresses nobody was told to slow down: a command's own rate isn't the quota's,
    /// but the app's slows them all.
    mutating func slowDown(
        _ reason: Campaign.Reason,
        sentAt: Instant,
        atLeast: Duration,
        now: Instant
    ) {
        admission.throttled(reason, callSentAt: sentAt, atLeast: atLeast, now: now)
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
        case .answered(let missing, _):
            // An account that wasn't asked about is none of this answer's, whatever an adapter says.
            let missing = Set(missing).intersection(batch.accounts)
            // Where every account exists something else is at fault: halving finds out whose it is.
            resolution =
                missing.isEmpty
                ? .split(.refused)
                : .settled(
                    messageKey: nil,
                    verdicts: lookUp.verdicts(missing: missing, now: now.timestamp)
                )
        case .refused, .notSent, .unknown:
            if jobs.accountChecks.retry(lookUp, now: now.instant) { return }
            resolution = .split(.refused)
        }
        campaigns[batch.campaign]?.open.removeAll { $0.id == batch.id }
        let record = Write.Record(batch: batch.id, resolution: resolution, releaseAt: now.instant)
        commits.add(.record(record, nil))
    }
}

extension AccountChecks.LookUp {
    /// Accounts that don't exist fail; all others go again, and the refusal costs them nothing.
    fileprivate func verdicts(
        missing: Set<Account>,
        now: Timestamp
    ) -> [Resolution.AccountVerdict] {
        batch.accounts.map { account in
            guard missing.contains(account) else {
                return .init(account: account, verdict: .requeued(dueAt: now), code: code)
            }
            // An earlier call, of another batch, may have been accepted all the same.
            let verdict: Verdict = batch.maybeAcceptedBefore.contains(account) ? .unknown : .failed
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
        case .unknown(let cause): cause.trouble
        }
    }
}
