/// What an answer to a job's call comes to: the total function from answers to what is recorded or
/// done next.
package struct JobRule {
    package let kind: Job.Kind
    package let limits: Limits
    package let now: Timestamp
    /// By so much the time of a call may be wrong, as far as this process knows.
    package let slack: Duration

    package init(kind: Job.Kind, limits: Limits, now: Timestamp, slack: Duration = .zero) {
        self.kind = kind
        self.limits = limits
        self.now = now
        self.slack = slack
    }

    /// What becomes of the recipient that a call was for.
    package enum Decision: Sendable, Hashable {
        case settled(JobResult.Verdict)
        /// Another call is needed: the next page of its history, or that of another sender.
        case goesOn(Inquiry)
        /// The answer was about all calls, not about this one: it is made again.
        case again
        /// No call of this job can succeed.
        case halts(Campaign.Reason)
    }

    // MARK: - Without a call

    private static let isUnknown = "nothing is known of its call"
    private static let isNotKept = "its message leaves no history"
    private static let isBeyondHistory = "the history doesn't reach back to one of its calls"

    /// What is certain of a recipient without asking; nil if it has to be asked about.
    package func verdictUnasked(_ target: JobTarget) -> JobResult.Verdict? {
        switch target.content {
        case .account: nil
        case .message(let key, _, _): key == nil ? .kept(code: nil) : nil
        case .calls(let calls, _): verdictUnasked(calls)
        }
    }

    private func verdictUnasked(_ calls: [UnknownCall]) -> JobResult.Verdict? {
        let known = withinReach(calls)
        guard let last = known.map(\.endedAt).max() else {
            return .unclear(calls.isEmpty ? Self.isUnknown : Self.isBeyondHistory)
        }
        let settled = last.advanced(by: limits.settleTime)
        return limits.isSettled(settled, now) ? nil : .deferred(until: settled, isFailure: false)
    }

    /// The calls that the history can still show, as far as their times tell.
    ///
    /// A call that lies ahead was made by a clock that has been set back since: its time says
    /// nothing.
    private func withinReach(_ calls: [UnknownCall]) -> [UnknownCall] {
        calls.filter { call in
            call.sentAt.advanced(by: limits.historyReach) > now
                && call.sentAt <= now.advanced(by: slack + limits.settleTime)
        }
    }

    /// The calls that one look-up may ask for: those in one sender's name.
    package func calls(_ calls: [UnknownCall], ofSender number: Int) -> [UnknownCall] {
        let known = withinReach(calls)
        var senders: [[UInt8]?] = []
        for call in known where !senders.contains(call.sender) { senders.append(call.sender) }
        guard senders.indices.contains(number) else { return [] }
        return known.filter { $0.sender == senders[number] }
    }

    // MARK: - Answers

    /// Pages of one recipient's history that are read before the look-up counts as failed.
    private static let pageLimit = 50

    package func decision(
        on target: JobTarget,
        _ inquiry: Inquiry,
        _ outcome: LookUpOutcome,
        using random: inout SplitMix64
    ) -> Decision {
        guard case .calls(let calls, let attempts) = target.content else { return .again }
        switch outcome {
        case .answered(let page):
            guard page.isKept else { return .settled(.unclear(Self.isNotKept)) }
            // A call that wasn't asked for is none of this answer's, whatever an adapter says.
            if let found = page.found, calls.contains(where: { $0.numbers == found.numbers }) {
                return .settled(.found(found))
            }
            if let next = page.next {
                guard inquiry.pages < Self.pageLimit else { return failed(target, nil, &random) }
                return .goesOn(inquiry.turned(to: next))
            }
            let other = inquiry.ofNextSender()
            if !self.calls(calls, ofSender: other.sender).isEmpty { return .goesOn(other) }
            // Of one of its calls the history can't know: that the others aren't there proves nothing.
            guard withinReach(calls).count == calls.count else {
                return .settled(.unclear(Self.isBeyondHistory))
            }
            guard attempts < limits.retry.attemptLimit else {
                return .settled(.absent(dueAt: nil))
            }
            let dueAt = limits.retry.dueAt(spentAttempts: attempts, now: now, using: &random)
            return .settled(.absent(dueAt: dueAt))
        case .refused(.recipients, let code, _): return .settled(.refused(code: code))
        case .refused, .notSent, .unknown: return unanswered(outcome, target, &random)
        }
    }

    package func decision(
        on target: JobTarget,
        _ outcome: RecallOutcome,
        using random: inout SplitMix64
    ) -> Decision {
        switch outcome {
        case .answered(.recalled(let code)): return .settled(.recalled(code: code))
        case .answered(.missing(let code)):
            guard case .message(_, _, let acceptedAt) = target.content else { return .again }
            // The history may not show the message yet.
            let settled = acceptedAt.advanced(by: limits.settleTime)
            return .settled(
                limits.isSettled(settled, now)
                    ? .gone(code: code) : .deferred(until: settled, isFailure: false)
            )
        case .refused(.recipients, let code, _): return .settled(.kept(code: code))
        case .refused, .notSent, .unknown: return unanswered(outcome, target, &random)
        }
    }

    /// What a check's answer says of one of its accounts.
    package func decision(
        on target: JobTarget,
        _ inquiry: Inquiry,
        _ outcome: CheckOutcome
    ) -> Decision {
        switch outcome {
        case .answered(let missing, let unclear):
            if missing.contains(target.account) { return .settled(.missing) }
            return .settled(unclear.contains(target.account) ? .unclear(nil) : .present)
        case .refused(.throttled, _, _), .refused(.credentials, _, _),
            .refused(.credentialsExpired, _, _):
            return .again
        case .refused(.campaign, let code, let text):
            return .halts(Campaign.Reason(code: code, text: text))
        case .refused, .notSent, .unknown:
            // A hundred others wait for the same answer: the call goes out again as a whole.
            let failed = inquiry.failed()
            let isLast = failed.failures >= limits.retry.attemptLimit
            return isLast ? .settled(.unclear(nil)) : .goesOn(failed)
        }
    }

    /// What a call without an answer about its account comes to.
    private func unanswered<Answer>(
        _ outcome: JobOutcome<Answer>,
        _ target: JobTarget,
        _ random: inout SplitMix64
    ) -> Decision {
        switch outcome {
        case .refused(.throttled, _, _), .refused(.credentials, _, _),
            .refused(.credentialsExpired, _, _):
            .again
        // Nobody waits for what the policy asks: it is asked again, and the campaign shows why.
        case .refused(.campaign, let code, let text) where kind != .settle:
            .halts(Campaign.Reason(code: code, text: text))
        case .refused(_, let code, _): failed(target, code, &random)
        case .unknown(let cause): failed(target, cause.code, &random)
        case .answered, .notSent: failed(target, nil, &random)
        }
    }

    /// A call failed and is made again later, unless it failed too often for its job.
    private func failed(
        _ target: JobTarget,
        _ code: Int?,
        _ random: inout SplitMix64
    ) -> Decision {
        let failures = target.failures + 1
        if failures >= limits.retry.attemptLimit {
            switch kind {
            case .verify: return .settled(.unclear(nil))
            case .recall: return .settled(.kept(code: code))
            // Nobody is lost or told twice as long as it goes on.
            case .settle, .check: break
            }
        }
        let dueAt = limits.retry.dueAt(spentAttempts: failures, now: now, using: &random)
        return .settled(.deferred(until: dueAt, isFailure: true))
    }
}
