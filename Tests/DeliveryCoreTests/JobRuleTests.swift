import DeliveryCore
import TestSupport
import Testing

/// What an answer to a job's call comes to.
struct JobRuleTests {
    private let now = at(1_000).timestamp
    private let bonnie = Account("bonnie")

    private func rule(_ kind: Job.Kind) -> JobRule {
        var limits = Limits()
        limits.retry = RetryPolicy(attemptLimit: 3)
        return JobRule(kind: kind, limits: limits, now: now)
    }

    private func call(
        _ number: UInt32 = 1,
        sender: String? = "dave",
        at seconds: Double = 0
    ) -> UnknownCall {
        UnknownCall(
            numbers: CallNumbers(sequence: number, random: number),
            sender: sender.map { Array($0.utf8) },
            sentAt: at(seconds).timestamp,
            endedAt: at(seconds + 10).timestamp
        )
    }

    private func target(_ calls: [UnknownCall], attempts: Int = 1, failures: Int = 0) -> JobTarget {
        JobTarget(
            account: bonnie,
            content: .calls(calls, attempts: attempts),
            failures: failures
        )
    }

    private func message(
        key: String? = "1_1_1",
        acceptedAt: Double = 0,
        failures: Int = 0
    ) -> JobTarget {
        let acceptedAt = at(acceptedAt).timestamp
        return JobTarget(
            account: bonnie,
            content: .message(key: key, sender: nil, acceptedAt: acceptedAt),
            failures: failures
        )
    }

    private func decision(
        _ kind: Job.Kind,
        _ target: JobTarget,
        _ inquiry: Inquiry,
        _ outcome: LookUpOutcome
    ) -> JobRule.Decision {
        var random = SplitMix64(seed: 1)
        return rule(kind).decision(on: target, inquiry, outcome, using: &random)
    }

    private func decision(_ target: JobTarget, _ outcome: RecallOutcome) -> JobRule.Decision {
        var random = SplitMix64(seed: 1)
        return rule(.recall).decision(on: target, outcome, using: &random)
    }

    private func page(
        _ numbers: UInt32? = nil,
        next: HistoryPosition? = nil
    ) -> LookUpOutcome {
        let found = numbers.map {
            FoundCall(numbers: CallNumbers(sequence: $0, random: $0), messageKey: "k\($0)")
        }
        return .answered(HistoryPage(found: found, next: next))
    }

    /// The kind of a decision, without what is drawn at random.
    private func text(_ decision: JobRule.Decision) -> String {
        switch decision {
        case .settled(.deferred(_, let isFailure)): isFailure ? "failed" : "deferred"
        case .settled(.absent(let dueAt)): dueAt == nil ? "absent" : "absent, again"
        case .settled(.found(let call)): "found \(call.messageKey ?? "")"
        case .settled(.refused(let code)): "refused \(code)"
        case .settled(.unclear): "unclear"
        case .settled(.recalled(let code)): "recalled \(code)"
        case .settled(.gone(let code)): "gone \(code)"
        case .settled(.kept(let code)): "kept \(code ?? 0)"
        case .settled(.present): "present"
        case .settled(.missing): "missing"
        case .goesOn: "goes on"
        case .again: "again"
        case .halts(let reason): "halts \(reason.code ?? 0)"
        }
    }

    // MARK: Look-ups

    @Test
    func `a history that shows a call settles its recipient, one that shows another's doesn't`() {
        let one = target([call(1), call(2)])
        #expect(text(decision(.settle, one, Inquiry(), page(2))) == "found k2")
        #expect(
            text(decision(.settle, one, Inquiry(), page(3))) == "absent, again",
            "nobody asked for it"
        )
    }

    @Test
    func `where all pages of all senders show nothing, it goes out again while attempts are left`()
    {
        let one = target([call(1, sender: "dave"), call(2, sender: "erin")])
        guard case .goesOn(let second) = decision(.settle, one, Inquiry(), page()) else {
            Issue.record("the other sender's calls are looked for too")
            return
        }
        #expect(
            rule(.settle).calls([call(1), call(2, sender: "erin")], ofSender: second.sender).count
                == 1
        )
        #expect(text(decision(.settle, one, second, page())) == "absent, again")
        let spent = target([call(1)], attempts: 3)
        #expect(text(decision(.settle, spent, Inquiry(), page())) == "absent", "and ends unknown")
    }

    @Test func `a history is read page by page, and one without an end is a failed look-up`() {
        let one = target([call()])
        var inquiry = Inquiry()
        for number in 1..<50 {
            let next = HistoryPosition(time: Int64(number), key: [])
            guard case .goesOn(let turned) = decision(.verify, one, inquiry, page(next: next))
            else {
                Issue.record("page \(number) was the last")
                return
            }
            #expect(turned.position == next)
            inquiry = turned
        }
        let next = HistoryPosition(time: 50, key: [])
        #expect(text(decision(.verify, one, inquiry, page(next: next))) == "failed")
    }

    @Test(
        arguments: [
            (.refused(.recipients, code: 90_003, text: ""), "refused 90003", "refused 90003"),
            (.refused(.throttled(atLeast: .zero), code: 1, text: ""), "again", "again"),
            (.refused(.credentials, code: 1, text: ""), "again", "again"),
            (.refused(.campaign, code: 7, text: ""), "halts 7", "failed"),
            (.refused(.retryable, code: 91_000, text: ""), "failed", "failed"),
            (.notSent("refused"), "failed", "failed"), (.unknown(.timeout), "failed", "failed"),
        ] as [(LookUpOutcome, String, String)]
    )
    func `a look-up without an answer comes to this for a job, and to that for the policy`(
        outcome: LookUpOutcome,
        job: String,
        policy: String
    ) {
        #expect(text(decision(.verify, target([call()]), Inquiry(), outcome)) == job)
        #expect(text(decision(.settle, target([call()]), Inquiry(), outcome)) == policy)
    }

    @Test func `of a message that is kept in no history nobody can know`() {
        let nothing = LookUpOutcome.answered(HistoryPage(found: nil, next: nil, isKept: false))
        #expect(text(decision(.verify, target([call()]), Inquiry(), nothing)) == "unclear")
    }

    @Test func `a look-up that fails too often leaves a job unclear, and the policy asks on`() {
        let tired = target([call()], failures: 2)
        #expect(text(decision(.verify, tired, Inquiry(), .unknown(.timeout))) == "unclear")
        #expect(text(decision(.settle, tired, Inquiry(), .unknown(.timeout))) == "failed")
    }

    @Test
    func `what the history can't know isn't asked, and what it may not show yet is asked later`() {
        let old = call(at: -8 * 86_400)
        #expect(
            rule(.verify).verdictUnasked(target([])) == .unclear("nothing is known of its call")
        )
        guard case .unclear? = rule(.verify).verdictUnasked(target([old])) else {
            Issue.record("the history doesn't reach so far back")
            return
        }
        #expect(rule(.verify).verdictUnasked(target([old, call()])) == nil)
        let fresh = call(at: 950)
        let settled = at(1_020).timestamp
        #expect(
            rule(.verify).verdictUnasked(target([call(), fresh]))
                == .deferred(until: settled, isFailure: false)
        )
    }

    @Test(arguments: [-8.0 * 86_400, 3_600])
    func `that one call isn't there proves nothing where another can't be known`(seconds: Double) {
        // Eight days ago, or ahead of a clock that was set back.
        let both = target([call(1), call(2, at: seconds)])
        #expect(text(decision(.settle, both, Inquiry(), page())) == "unclear")
        #expect(text(decision(.settle, both, Inquiry(), page(1))) == "found k1")
    }

    // MARK: Recalls

    @Test(
        arguments: [
            (.answered(.recalled(code: 0)), "recalled 0"),
            (.answered(.recalled(code: 20_023)), "recalled 20023"),
            (.answered(.missing(code: 20_022)), "gone 20022"),
            (.refused(.recipients, code: 20_016, text: ""), "kept 20016"),
            (.refused(.campaign, code: 90_008, text: ""), "halts 90008"),
            (.refused(.credentialsExpired, code: 1, text: ""), "again"),
            (.unknown(.http(status: 502)), "failed"),
        ] as [(RecallOutcome, String)]
    )
    func `an answer to a recall`(outcome: RecallOutcome, expected: String) {
        #expect(text(decision(message(), outcome)) == expected)
    }

    @Test func `a message that can't be there yet is asked for again`() {
        let young = message(acceptedAt: 990)
        let later = JobResult.Verdict.deferred(until: at(1_050).timestamp, isFailure: false)
        #expect(decision(young, .answered(.missing(code: 20_022))) == .settled(later))
        let tired = message(failures: 2)
        #expect(text(decision(tired, .refused(.retryable, code: 91_000, text: ""))) == "kept 91000")
        #expect(rule(.recall).verdictUnasked(message(key: nil)) == .kept(code: nil))
    }

    // MARK: Checks

    @Test func `a check's answer sorts its accounts, and without one it goes out again as a whole`()
    {
        let names = makeAccounts(3)
        let answer = CheckOutcome.answered(missing: [names[0]], unclear: [names[1]])
        let texts = names.map {
            text(
                rule(.check).decision(
                    on: JobTarget(account: $0, content: .account),
                    Inquiry(),
                    answer
                )
            )
        }
        #expect(texts == ["missing", "unclear", "present"])
        let target = JobTarget(account: names[0], content: .account)
        var inquiry = Inquiry()
        for _ in 1..<3 {
            guard
                case .goesOn(let failed) = rule(.check).decision(
                    on: target,
                    inquiry,
                    .unknown(.timeout)
                )
            else {
                Issue.record("a failed check goes out again")
                return
            }
            inquiry = failed
        }
        let last = rule(.check).decision(on: target, inquiry, .unknown(.timeout))
        #expect(text(last) == "unclear")
    }
}
