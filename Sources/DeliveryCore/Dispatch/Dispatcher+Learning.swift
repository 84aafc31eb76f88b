extension Dispatcher {
    /// Batches of which nothing was known are refused for all their accounts, for reasons that may
    /// pass, and no call shows the service at work.
    struct Silence: Sendable, Hashable {
        let since: Instant
        /// The accounts of those batches.
        var accounts = 0

        /// A few accounts may all be hopeless; that so many are is the service's fault.
        var isTelling: Bool { accounts > Dispatcher.smallBatch }
    }

    /// What an outcome says about the provider's health and pace.
    mutating func learn(from outcome: Outcome, _ flight: Flight, now: Now) {
        if let reason = outcome.refusalForNow(of: flight.batch) {
            learnOfRefusal(reason, flight, now: now)
        } else {
            learnOfHealth(from: outcome, flight, now: now)
        }
        if case .answered = outcome, case .renewed(let at) = renewal, at <= flight.sentAt {
            // The new credentials work: when these expire one day, they may be renewed again.
            renewal = .none
        }
        if let since = trialSince, since <= flight.sentAt, outcome.showsCredentials {
            trialSince = nil
        }
        learnCode(from: outcome, campaign: flight.batch.campaign)
    }

    private mutating func learnOfHealth(from outcome: Outcome, _ flight: Flight, now: Now) {
        switch outcome {
        case .unknown(let doubt):
            trouble = Campaign.Reason(code: doubt.code, text: "calls end unknown: \(doubt.text)")
            if flight.isProbe { vainProbes.add(flight.batch, isRefused: false) }
            failed(flight, now: now)
        case .notSent(let text):
            trouble = Campaign.Reason(code: nil, text: text)
            if flight.isProbe { vainProbes.add(flight.batch, isRefused: false) }
            failed(flight, now: now)
        case .refused(.throttled(let atLeast), let code, let text):
            throttle = Campaign.Reason(code: code, text: text)
            succeeded(now)
            pace.throttled(callSentAt: flight.sentAt, atLeast: atLeast, now: now.instant)
            bucket.empty(now: now.instant)
        case .answered, .refused:
            succeeded(now)
        }
    }

    /// What it says about the service that nobody of a call got through, for reasons that may pass.
    ///
    /// Accounts that failed before may well all fail again: by itself that says nothing, but that the
    /// service can be reached.
    private mutating func learnOfRefusal(_ reason: Campaign.Reason, _ flight: Flight, now: Now) {
        if flight.batch.earlierAttempts.isEmpty, !sparedBatches.contains(flight.batch.id) {
            silence = silence ?? Silence(since: now.instant)
            silence?.accounts += flight.batch.accounts.count
        } else if !flight.isProbe, silence?.isTelling != true {
            return
        }
        guard silence != nil, !isBelieved(flight, now: now) else { return succeeded(now) }
        trouble = reason
        if flight.isProbe { vainProbes.add(flight.batch, isRefused: true) }
        failed(flight, now: now)
    }

    /// Whether a refused probe is the accounts' own fault by now: they have failed before, nobody is
    /// left to ask with who hasn't, and an outage would be over.
    private func isBelieved(_ flight: Flight, now: Now) -> Bool {
        guard flight.isProbe, !flight.batch.earlierAttempts.isEmpty, !isServiceInDoubt(now) else {
            return false
        }
        return lines.board.freshCount == 0
    }

    private mutating func succeeded(_ now: Now) {
        circuit = circuit.next(after: .succeeded, now: now.instant)
        silence = nil
        vainProbes = VainProbes()
    }

    private mutating func failed(_ flight: Flight, now: Now) {
        // While a probe is out, a call sent before it is late news: only the probe decides.
        if !flight.isProbe, case .probing = circuit { return }
        circuit = circuit.next(after: .failed, now: now.instant)
    }

    /// Counts calls of a campaign that end with the same code that no table lists.
    private mutating func learnCode(from outcome: Outcome, campaign: Campaign.ID) {
        guard case .unknown(.unlisted(let code)) = outcome else {
            lines[campaign]?.unlisted = nil
            return
        }
        let last = lines[campaign]?.unlisted
        lines[campaign]?.unlisted = (code, last?.code == code ? (last?.count ?? 0) + 1 : 1)
    }
}

extension Outcome {
    /// Whether the provider took the credentials and looked at the call itself.
    var showsCredentials: Bool {
        switch self {
        case .answered, .refused(.retryable, _, _), .refused(.recipients, _, _),
            .refused(.recipientsInDoubt, _, _), .refused(.campaign, _, _),
            .refused(.tooLarge, _, _):
            true
        case .refused(.throttled, _, _), .refused(.credentials, _, _),
            .refused(.credentialsExpired, _, _), .notSent, .unknown:
            false
        }
    }

    /// Why nobody of a batch was accepted, where each of them may be another time; nil otherwise.
    func refusalForNow(of batch: Batch) -> Campaign.Reason? {
        switch self {
        case .refused(.retryable, let code, let text):
            return Campaign.Reason(code: code, text: text)
        case .answered(_, let refused):
            guard let first = refused.first, refused.count == batch.accounts.count,
                refused.allSatisfy(\.isRetryable)
            else { return nil }
            return Campaign.Reason(code: first.code, text: "every account got \(first.code)")
        case .refused, .notSent, .unknown:
            return nil
        }
    }
}
