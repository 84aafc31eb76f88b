import DeliveryCore
import TestSupport
import Testing

/// What an outcome comes to, by the batch and its campaign's policy.
struct OutcomeRuleTests {
    private let now = at(0).timestamp

    /// What a resolution is, without what is drawn at random.
    enum Kind: Sendable, Hashable {
        case sent, failed, retried, requeued, unknownEach
        case unknown, lookedUp, held, repeated, halves
    }

    private func kind(
        of outcome: Outcome,
        _ batch: Batch,
        policy: UnknownPolicy = .resend,
        isExcused: Bool = false
    ) -> Kind {
        var random = SplitMix64(seed: 1)
        let rule = OutcomeRule(policy: policy, retry: RetryPolicy(attemptLimit: 3), now: now)
        let resolution = rule.resolution(
            of: outcome,
            batch,
            isExcused: isExcused,
            using: &random
        )
        switch resolution {
        case .settled(_, let verdicts):
            guard let first = verdicts.first else { return .sent }
            switch first.verdict {
            case .failed: return .failed
            case .retry: return .retried
            case .requeued: return .requeued
            case .unknown: return .unknownEach
            }
        case .unknown: return .unknown
        case .lookedUp: return .lookedUp
        case .held: return .held
        case .repeated: return .repeated
        case .split: return .halves
        }
    }

    private func refused(_ refusal: Outcome.Refusal) -> Outcome {
        .refused(refusal, code: 90_000, text: "no")
    }

    @Test(
        arguments: [
            (.retryable, .retried, .repeated), (.recipients, .failed, .unknown),
            (.recipientsUnconfirmed, .held, .unknown), (.throttled(atLeast: .zero), .held, .held),
            (.credentialsExpired, .held, .held), (.credentials, .held, .held),
            (.campaign, .held, .held), (.tooLarge, .halves, .unknown),
        ] as [(Outcome.Refusal, Kind, Kind)]
    )
    func `a refused call comes to this, and to that if an earlier one may have been accepted`(
        refusal: Outcome.Refusal,
        plain: Kind,
        repeated: Kind
    ) {
        #expect(kind(of: refused(refusal), makeBatch()) == plain)
        #expect(kind(of: refused(refusal), makeBatch(maybeAccepted: true)) == repeated)
    }

    @Test(
        arguments: [
            (.recipientsUnconfirmed, 1, false, .failed), (.recipientsUnconfirmed, 2, true, .halves),
            (.tooLarge, 1, false, .held),
        ] as [(Outcome.Refusal, Int, Bool, Kind)]
    )
    func `halving ends with single accounts`(
        refusal: Outcome.Refusal,
        count: Int,
        isHalf: Bool,
        expected: Kind
    ) {
        #expect(kind(of: refused(refusal), makeBatch(count: count, isHalf: isHalf)) == expected)
    }

    @Test func `an unknown outcome is sent again while the policy and the attempts allow it`() {
        let timeout = Outcome.unknown(.timeout)
        #expect(kind(of: timeout, makeBatch(attempts: 1)) == .repeated)
        #expect(kind(of: timeout, makeBatch(attempts: 2)) == .unknown)
        #expect(kind(of: timeout, makeBatch(earlierAttempts: [0, 2, 0])) == .unknown)
        #expect(kind(of: timeout, makeBatch(), policy: .leave) == .unknown)
    }

    @Test func `an outage excuses a refusal, and what never went out waits`() {
        #expect(kind(of: refused(.retryable), makeBatch(), isExcused: true) == .held)
        #expect(kind(of: .notSent("refused"), makeBatch(maybeAccepted: true)) == .held)
        #expect(kind(of: .answered(messageKey: nil, refused: []), makeBatch()) == .sent)
    }

    @Test(
        arguments: [
            (.final, true, false, 0, .failed), (.final, false, false, 0, .failed),
            (.final, true, true, 0, .failed), (.final, false, true, 0, .unknownEach),
            (.retryable, true, false, 1, .retried), (.retryable, true, false, 2, .failed),
            (.retryable, true, true, 1, .retried), (.retryable, true, true, 2, .unknownEach),
            (.unconfirmed, false, false, 0, .requeued),
            (.unconfirmed, false, true, 0, .unknownEach),
        ] as [(Outcome.RefusedAccount.Kind, Bool, Bool, Int, Kind)]
    )
    func `only an answer that names an account settles what may have been accepted`(
        kind: Outcome.RefusedAccount.Kind,
        isNamed: Bool,
        maybeAccepted: Bool,
        attempts: Int,
        expected: Kind
    ) {
        let account = makeAccounts(1)[0]
        let refused = Outcome.RefusedAccount(
            account: account,
            code: 90_000,
            kind: kind,
            isNamed: isNamed
        )
        let answer = Outcome.answered(messageKey: nil, refused: [refused])
        // The whole batch may have been accepted, or this account by a batch before.
        let before = makeBatch(
            maybeAcceptedBefore: maybeAccepted ? [account] : [],
            attempts: attempts
        )
        let whole = makeBatch(attempts: attempts, maybeAccepted: maybeAccepted)
        #expect(self.kind(of: answer, before) == expected)
        #expect(self.kind(of: answer, whole) == expected)
    }

    @Test func `an account that was not addressed is none of the call's`() {
        let stranger = Outcome.RefusedAccount(
            account: Account("stranger"),
            code: 90_000,
            kind: .final
        )
        let answer = Outcome.answered(messageKey: nil, refused: [stranger])
        #expect(kind(of: answer, makeBatch()) == .sent)
    }
}
