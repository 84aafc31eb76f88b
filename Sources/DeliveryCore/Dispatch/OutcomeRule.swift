/// What becomes of a batch when its call has ended: the total function from outcomes to resolutions.
///
/// That an earlier call may have been accepted is forgotten on no path: only an answer that names an
/// account says what became of it.
package struct OutcomeRule {
    /// What its campaign wants done about calls of unknown outcome.
    package let policy: UnknownPolicy
    package let retry: RetryPolicy
    /// How long after a call's end its recipients may be looked up.
    package let settleTime: Duration
    package let now: Timestamp

    package init(
        policy: UnknownPolicy,
        retry: RetryPolicy,
        settleTime: Duration = .seconds(60),
        now: Timestamp
    ) {
        self.policy = policy
        self.retry = retry
        self.settleTime = settleTime
        self.now = now
    }

    /// `isExcused` says that an outage is to blame for a refusal, which then costs no attempt.
    package func resolution(
        of outcome: Outcome,
        _ batch: Batch,
        isExcused: Bool,
        using random: inout SplitMix64
    ) -> Resolution {
        if isExcused { return .held(dueAt: now) }
        switch outcome {
        case .answered(let key, let refused):
            return settled(messageKey: key, refused, batch, using: &random)
        case .refused(let refusal, let code, _):
            return refused(refusal, code, batch, using: &random)
        case .notSent:
            return .held(dueAt: now)
        case .unknown(let cause):
            return unknown(cause, batch, using: &random)
        }
    }

    /// Sends a batch of unknown outcome again if its campaign wants that and an attempt is left, or
    /// has its accounts looked up if it wants that.
    package func unknown(
        _ cause: Outcome.UnknownCause,
        _ batch: Batch,
        using random: inout SplitMix64
    ) -> Resolution {
        let spent = batch.attempts + (batch.earlierAttempts.max() ?? 0) + 1
        switch policy {
        case .resend where spent < retry.attemptLimit:
            return .repeated(
                dueAt: retry.dueAt(spentAttempts: spent, now: now, using: &random),
                info: cause.text,
                code: cause.code
            )
        case .resend, .leave: return .unknown(info: cause.text, code: cause.code)
        case .verify:
            let from = now.advanced(by: settleTime)
            return .lookedUp(from: from, info: cause.text, code: cause.code)
        }
    }

    private func settled(
        messageKey: String?,
        _ refused: [Outcome.RefusedAccount],
        _ batch: Batch,
        using random: inout SplitMix64
    ) -> Resolution {
        guard !refused.isEmpty else { return .settled(messageKey: messageKey, verdicts: []) }
        let indices = Dictionary(
            zip(batch.accounts, batch.accounts.indices),
            uniquingKeysWith: { first, _ in first }
        )
        var verdicts: [Resolution.AccountVerdict] = []
        for item in refused {
            // An account that wasn't addressed is none of this call's, whatever an adapter says.
            guard let index = indices[item.account] else { continue }
            let verdict = verdict(on: index, of: batch, item, using: &random)
            verdicts.append(.init(account: item.account, verdict: verdict, code: item.code))
        }
        return .settled(messageKey: messageKey, verdicts: verdicts)
    }

    /// The verdict on an account that wasn't accepted.
    private func verdict(
        on index: Int,
        of batch: Batch,
        _ refused: Outcome.RefusedAccount,
        using random: inout SplitMix64
    ) -> Verdict {
        let maybeAccepted =
            batch.maybeAccepted || batch.maybeAcceptedBefore.contains(batch.accounts[index])
        switch refused.kind {
        case .final: return maybeAccepted && !refused.isNamed ? .unknown : .failed
        case .unconfirmed:
            // The accounts that are named are out of the way: the others go again, or are looked up.
            return maybeAccepted ? .unknown : .requeued(dueAt: now)
        case .retryable:
            let verdict = retry.verdict(
                spentAttempts: batch.spentAttempts(at: index) + 1,
                now: now,
                using: &random
            )
            return verdict == .failed && maybeAccepted ? .unknown : verdict
        }
    }

    private func refused(
        _ refusal: Outcome.Refusal,
        _ code: Int,
        _ batch: Batch,
        using random: inout SplitMix64
    ) -> Resolution {
        switch refusal {
        case .throttled, .credentials, .credentialsExpired, .campaign: return .held(dueAt: now)
        case .retryable where batch.maybeAccepted:
            return unknown(.service(code: code), batch, using: &random)
        case .recipients where batch.maybeAccepted,
            .recipientsUnconfirmed where batch.maybeAccepted,
            .tooLarge where batch.maybeAccepted:
            // Refused for good, and an earlier call may have been accepted all the same.
            let info = "an earlier call may have been accepted"
            return .unknown(info: info, code: code)
        case .retryable:
            return everyone(of: batch, .retryable, code, using: &random)
        case .recipientsUnconfirmed where batch.accounts.count > 1:
            // Halves are of batches whose accounts all exist: a look-up would find nothing.
            return batch.isHalf ? .split(.refused) : .held(dueAt: now)
        case .recipients, .recipientsUnconfirmed:
            return everyone(of: batch, .final, code, using: &random)
        case .tooLarge:
            return batch.accounts.count > 1 ? .split(.tooLarge) : .held(dueAt: now)
        }
    }

    /// The whole call is refused as if each account were, none of them named.
    private func everyone(
        of batch: Batch,
        _ kind: Outcome.RefusedAccount.Kind,
        _ code: Int,
        using random: inout SplitMix64
    ) -> Resolution {
        let refused = batch.accounts.map {
            Outcome.RefusedAccount(account: $0, code: code, kind: kind, isNamed: false)
        }
        return settled(messageKey: nil, refused, batch, using: &random)
    }
}

extension Outcome {
    /// Whether the provider took the credentials and looked at the call itself.
    var showsCredentials: Bool {
        switch self {
        case .answered, .refused(.retryable, _, _), .refused(.recipients, _, _),
            .refused(.recipientsUnconfirmed, _, _), .refused(.campaign, _, _),
            .refused(.tooLarge, _, _):
            true
        case .refused(.throttled, _, _), .refused(.credentials, _, _),
            .refused(.credentialsExpired, _, _), .notSent, .unknown:
            false
        }
    }

    /// Whether the accounts of a refused batch are looked up before it goes again: some of them are
    /// at fault, and nothing says which.
    func asksForLookUp(of batch: Batch) -> Bool {
        guard case .refused(.recipientsUnconfirmed, _, _) = self else { return false }
        return batch.accounts.count > 1 && !batch.maybeAccepted && !batch.isHalf
    }

    /// Why the message of a batch can't be sent at all; nil if it can.
    func refusalOfMessage(of batch: Batch) -> Campaign.Reason? {
        switch self {
        case .refused(.campaign, let code, let text):
            return Campaign.Reason(code: code, text: text)
        case .refused(.tooLarge, let code, let text):
            // With one recipient it can't be made smaller.
            guard batch.accounts.count == 1, !batch.maybeAccepted else { return nil }
            return Campaign.Reason(code: code, text: text)
        case .answered, .refused, .notSent, .unknown: return nil
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

    /// Why a call showed nothing of the provider's service; nil if it did.
    func trouble(of batch: Batch) -> Campaign.Reason? {
        switch self {
        case .unknown(let cause): cause.trouble
        case .notSent(let text): Campaign.Reason(code: nil, text: text)
        case .answered, .refused: refusalForNow(of: batch)
        }
    }
}

extension Outcome.UnknownCause {
    var trouble: Campaign.Reason { .init(code: code, text: "calls end unknown: \(text)") }
}
