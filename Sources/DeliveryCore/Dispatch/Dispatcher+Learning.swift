extension Dispatcher {
    /// What an outcome says about the provider's health and pace.
    mutating func learn(from outcome: Outcome, _ flight: Flight, now: Now) {
        let news = news(of: outcome, flight)
        switch (news, outcome) {
        case (.doubted, .unknown(let doubt)):
            trouble = Campaign.Reason(code: doubt.code, text: "calls end unknown: \(doubt.text)")
        case (.unsent, .notSent(let text)): trouble = Campaign.Reason(code: nil, text: text)
        case (.refused, _): trouble = outcome.refusalForNow(of: flight.batch) ?? trouble
        case (.useful, .refused(.throttled(let atLeast), let code, let text)):
            throttle = Campaign.Reason(code: code, text: text)
            pace.throttled(callSentAt: flight.sentAt, atLeast: atLeast, now: now.instant)
            bucket.empty(now: now.instant)
        case (.useful, _), (.doubted, _), (.unsent, _): break
        }
        if flight.isTrial {
            health.tried(news, of: flight.batch.campaign, now: now.instant)
        } else {
            health.ended(news, of: flight.batch.id, now: now.instant)
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

    private func news(of outcome: Outcome, _ flight: Flight) -> ProviderHealth.News {
        if outcome.refusalForNow(of: flight.batch) != nil {
            return .refused(isFirst: flight.isFirst)
        }
        return switch outcome {
        case .unknown: .doubted
        case .notSent: .unsent
        case .answered, .refused: .useful
        }
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
