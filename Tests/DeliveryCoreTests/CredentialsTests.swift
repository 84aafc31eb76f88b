import DeliveryCore
import TestSupport
import Testing

private let reason = Campaign.Reason(code: 70_003, text: "no")
private let halt = ServiceRecord.Halt(reason: reason, fingerprint: "f")

/// Credentials that are tried, renewed, refused and replaced.
struct CredentialsTests {
    /// What may happen to credentials.
    enum Step: Sendable {
        case accepted(sentAt: Double)
        /// An answer that shows only that the provider looked at the call.
        case shown(sentAt: Double)
        /// One that doesn't show even that.
        case busy(sentAt: Double)
        case expired(sentAt: Double)
        case refused(sentAt: Double)
        case renewed
        case resumed
        case resumeFailed
        case replaced
    }

    /// Tells credentials these steps, one a second from 10 s on; the last reaction, if there is one.
    private func tell(
        _ credentials: inout Credentials,
        _ steps: [Step]
    ) -> Credentials.Reaction {
        var reaction = Credentials.Reaction.none
        for (index, step) in steps.enumerated() {
            let now = at(10 + Double(index)).instant
            switch step {
            case .accepted(let sentAt), .shown(let sentAt), .busy(let sentAt):
                let isAccepted = if case .accepted = step { true } else { false }
                let isShown = if case .busy = step { false } else { true }
                let sentAt = at(sentAt).instant
                credentials.answered(isAccepted: isAccepted, isShown: isShown, sentAt: sentAt)
            case .expired(let sentAt), .refused(let sentAt):
                let isExpired = if case .expired = step { true } else { false }
                let sentAt = at(sentAt).instant
                reaction = credentials.refused(reason, isExpired: isExpired, sentAt: sentAt)
            case .renewed: credentials.renewed(now: now)
            case .resumed: credentials.resumed(now: now)
            case .resumeFailed: credentials.resumeFailed(halt)
            case .replaced: _ = credentials.replaced("g", now: now)
            }
        }
        return reaction
    }

    @Test(
        arguments: [
            ([.expired(sentAt: 1)], .renew, .renewing),
            ([.expired(sentAt: 1), .expired(sentAt: 2)], .none, .renewing),
            ([.expired(sentAt: 1), .renewed], .renew, .unverified(since: at(11).instant)),
            // A call that went out before the renewal says nothing of what it gave.
            (
                [.expired(sentAt: 1), .renewed, .accepted(sentAt: 10.9)], .renew,
                .unverified(since: at(11).instant)
            ),
            ([.expired(sentAt: 1), .renewed, .shown(sentAt: 11)], .renew, .trusted),
            ([.replaced, .busy(sentAt: 11)], .none, .unverified(since: at(10).instant)),
            // Expired again, though sent with renewed ones: renewing once more won't help.
            (
                [.expired(sentAt: 1), .renewed, .shown(sentAt: 11), .expired(sentAt: 11)], .halt,
                .halted(halt, isRenewing: false)
            ),
            (
                [.expired(sentAt: 1), .renewed, .accepted(sentAt: 10.9), .expired(sentAt: 11)],
                .halt, .halted(halt, isRenewing: false)
            ),
            (
                [.expired(sentAt: 1), .renewed, .accepted(sentAt: 11), .expired(sentAt: 12)],
                .renew, .renewing
            ),
            // Nor does what happened before an operator went on, or before there were others.
            ([.expired(sentAt: 1), .renewed, .resumed, .expired(sentAt: 12)], .renew, .renewing),
            ([.expired(sentAt: 1), .renewed, .replaced, .expired(sentAt: 12)], .renew, .renewing),
            ([.replaced, .expired(sentAt: 10)], .renew, .renewing),
            ([.refused(sentAt: 1)], .halt, .halted(halt, isRenewing: false)),
            ([.refused(sentAt: 1), .refused(sentAt: 2)], .none, .halted(halt, isRenewing: false)),
            ([.refused(sentAt: 1), .expired(sentAt: 2)], .renew, .halted(halt, isRenewing: true)),
            (
                [.refused(sentAt: 1), .expired(sentAt: 2), .renewed], .renew,
                .halted(halt, isRenewing: false)
            ),
            ([.refused(sentAt: 1), .resumed], .halt, .unverified(since: at(11).instant)),
            ([.refused(sentAt: 1), .replaced], .halt, .unverified(since: at(11).instant)),
            // What a call with the former ones is told says nothing of the present ones.
            ([.replaced, .refused(sentAt: 9.9)], .none, .unverified(since: at(10).instant)),
            ([.replaced, .expired(sentAt: 9.9)], .none, .unverified(since: at(10).instant)),
            (
                [.expired(sentAt: 1), .replaced, .renewed], .renew,
                .unverified(since: at(12).instant)
            ),
            ([.expired(sentAt: 1), .refused(sentAt: 2), .resumed], .halt, .renewing),
            // A resume that isn't durable leaves the halt, unless others came meanwhile.
            (
                [.refused(sentAt: 1), .resumed, .resumeFailed], .halt,
                .halted(halt, isRenewing: false)
            ),
            (
                [.refused(sentAt: 1), .resumed, .replaced, .resumeFailed], .halt,
                .unverified(since: at(12).instant)
            ),
            (
                [.expired(sentAt: 1), .refused(sentAt: 2), .resumed, .resumeFailed], .halt,
                .halted(halt, isRenewing: true)
            ),
            (
                [.refused(sentAt: 1), .expired(sentAt: 2), .resumeFailed], .renew,
                .halted(halt, isRenewing: true)
            ),
            ([.resumed], .none, .trusted),
            ([.renewed], .none, .unverified(since: at(10).instant)),
        ] as [([Step], Credentials.Reaction, Credentials.State)]
    )
    func `what happens to them leads on`(
        steps: [Step],
        reaction: Credentials.Reaction,
        state: Credentials.State
    ) {
        var credentials = Credentials(fingerprint: "f")
        #expect(tell(&credentials, steps) == reaction)
        #expect(credentials.state == state)
    }

    @Test func `one call at a time goes while they are tried, none while they are renewed`() {
        var credentials = Credentials(fingerprint: "f")
        #expect(credentials.callLimit(64) == 64)
        _ = tell(&credentials, [.expired(sentAt: 1)])
        #expect(credentials.callLimit(64) == 0)
        credentials.renewed(now: at(20).instant)
        #expect(credentials.callLimit(64) == 1)
        _ = tell(&credentials, [.refused(sentAt: 21)])
        #expect(credentials.callLimit(64) == 0 && credentials.halt == halt)
    }

    @Test func `a halt survives a restart, unless others are configured`() {
        var same = Credentials(fingerprint: "f")
        let isOver = same.restored(halt, now: at(0).instant)
        #expect(!isOver)
        #expect(same.halt == halt)
        let ends = [1.0, 2].map { same.replaced("g", now: at($0).instant) }
        #expect(ends == [true, false])
        var other = Credentials(fingerprint: "g")
        let isOtherOver = other.restored(halt, now: at(0).instant)
        #expect(isOtherOver)
        #expect(other.state == .unverified(since: at(0).instant))
    }
}
