import DeliveryCore
import TestSupport
import Testing

/// Calls that are refused as a whole, by what must be done about it.
struct DispatcherRefusalTests {
    private let ok = Outcome.answered(messageKey: "k", refused: [])
    private let id = makeID()

    private func refused(_ refusal: Outcome.Refusal, _ code: Int = 90_000) -> Outcome {
        .refused(refusal, code: code, text: "no")
    }

    private func verdicts(_ effects: [Dispatcher.Effect]) -> [Verdict] {
        guard case .settled(_, let verdicts)? = effects.resolutions.first else { return [] }
        return verdicts.map(\.verdict)
    }

    @Test func `a retryable refusal is one of each account`() {
        var harness = DispatcherHarness.calling()
        let verdicts = verdicts(harness.answer(refused(.retryable), 1))
        #expect(verdicts.count == 3)
        #expect(!verdicts.contains(.failed))
    }

    @Test func `a final refusal of the recipients fails each`() {
        var harness = DispatcherHarness.calling()
        #expect(verdicts(harness.answer(refused(.recipients), 1)) == [.failed, .failed, .failed])
    }

    /// One whose batch of three was refused for recipients at fault, and what it asks then.
    private func doubting() -> (harness: DispatcherHarness, effects: [Dispatcher.Effect]) {
        var harness = DispatcherHarness.calling()
        let held = harness.answer(refused(.recipientsUnconfirmed, 90_012), 1)
        #expect(held.resolutions == [.held(dueAt: at(1).timestamp)])
        let asked = harness.tell(.committed([.recorded(makeWork(), opened: [])]), 1.1)
        return (harness, asked)
    }

    @Test func `recipients in doubt are looked up: who isn't there fails, the others go again`() {
        var (harness, asked) = doubting()
        let names = makeAccounts(3)
        #expect(asked == [.check(names)], "and the batch waits")
        let known = harness.tell(.checked(.answered(missing: [names[1]], unclear: [names[2]])), 1.2)
        let again = Verdict.requeued(dueAt: at(1.2).timestamp)
        #expect(verdicts(known) == [again, .failed, again])
    }

    @Test func `where a look-up explains nothing the batch is halved, down to single accounts`() {
        var (harness, _) = doubting()
        let strangers = [Account("stranger")]
        let split = harness.tell(.checked(.answered(missing: strangers, unclear: [])), 1.2)
        #expect(split.resolutions == [.split(.refused)])
        let halves = [makeOpen(2, count: 2, isHalf: true), makeOpen(3, count: 1, isHalf: true)]
        let next = harness.tell(.committed([.recorded(makeWork(), opened: halves)]), 1.3)
        #expect(next.reclaims == [Batch.ID(rawValue: 2), Batch.ID(rawValue: 3)])

        var half = DispatcherHarness.calling(
            makeBatch(count: 2, isHalf: true),
            work: makeWork(fresh: 2)
        )
        let quarters = half.answer(refused(.recipientsUnconfirmed, 90_012), 1)
        #expect(quarters.resolutions == [.split(.refused)])

        var single = DispatcherHarness.calling(makeBatch(count: 1), work: makeWork(fresh: 1))
        #expect(verdicts(single.answer(refused(.recipientsUnconfirmed), 1)) == [.failed])
    }

    @Test func `a look-up that fails is made again, and after three the batch is halved`() {
        var (harness, _) = doubting()
        #expect(harness.tell(.checked(.unknown(.timeout)), 2).writes.isEmpty)
        #expect(harness.tell(.woke, 4).contains(.check(makeAccounts(3))))
        #expect(harness.tell(.checked(.notSent("refused")), 5).writes.isEmpty)
        #expect(harness.tell(.woke, 9).contains(.check(makeAccounts(3))))
        let last = harness.tell(.checked(.refused(.retryable, code: 91_000, text: "")), 10)
        #expect(last.resolutions == [.split(.refused)])
    }

    @Test func `a look-up of a campaign that was canceled meanwhile changes nothing`() {
        var (harness, _) = doubting()
        let request = Dispatcher.Request(id: 1)
        _ = harness.tell(.requested(request, .transition(id, .cancel)), 1.2)
        let closed = makeChange(makeWork(state: .canceled), closed: [Batch.ID(rawValue: 1)])
        _ = harness.tell(.committed([closed]), 1.3)
        let late = harness.tell(.checked(.answered(missing: makeAccounts(3), unclear: [])), 1.4)
        #expect(late.writes.isEmpty)
    }

    @Test func `those whom a refusal's list doesn't name go again, or stay in doubt`() throws {
        let names = makeAccounts(3)
        func answer(_ kind: Outcome.RefusedAccount.Kind) -> Outcome {
            .answered(
                messageKey: nil,
                refused: names.enumerated().map { index, account in
                    .init(
                        account: account,
                        code: index == 0 ? 70_107 : 90_012,
                        kind: index == 0 ? .final : kind,
                        isNamed: index == 0
                    )
                }
            )
        }
        let again = Verdict.requeued(dueAt: at(1).timestamp)
        for (doubted, kind, others) in [
            (false, Outcome.RefusedAccount.Kind.unconfirmed, again), (true, .unconfirmed, .unknown),
            (false, .final, .failed), (true, .final, .unknown),
        ] {
            var harness = DispatcherHarness.calling(
                makeBatch(attempts: doubted ? 1 : 0, maybeAccepted: doubted)
            )
            #expect(verdicts(harness.answer(answer(kind), 1)) == [.failed, others, others])
        }
    }

    @Test func `a throttled batch is held, nothing goes out meanwhile, and the pace is halved`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 1_003))
        let throttled = harness.answer(refused(.throttled(atLeast: .seconds(2))), 1)
        #expect(throttled.resolutions.isEmpty)
        // The claim that was being made when the answer came is held too, and given back.
        let claimed = WriteResult.claimed(makeBatch(2, count: 500), makeWork(fresh: 500))
        let other = WriteResult.claimed(makeBatch(3, count: 500), makeWork())
        let after = harness.tell(.committed([claimed, other]), 1.1)
        #expect(after.calls.isEmpty)
        #expect(after.claims.isEmpty)
        let due = at(1.1).timestamp
        #expect(
            after.resolutions
                == [.held(dueAt: at(1).timestamp), .held(dueAt: due), .held(dueAt: due)]
        )
        #expect(harness.held == 3)
        let results = [WriteResult](repeating: .recorded(makeWork(), opened: []), count: 3)
        let recorded = harness.tell(.committed(results), 1.2)
        #expect(recorded.isEmpty)
        #expect(throttled.wakes == [at(3).instant])
        #expect(harness.dispatcher.state(at(1.2)).0 == .throttled)
        #expect(harness.dispatcher.state(at(1.2)).1?.code == 90_000)
        // An emptied bucket at half the pace, 100 a second, has 200 tokens by then.
        #expect(harness.tell(.woke, 3).reclaims == [Batch.ID(rawValue: 1)])
    }

    @Test func `refused credentials halt all sending without a second call`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 1_003))
        let effects = harness.answer(refused(.credentials, 70_003), 1)
        #expect(
            effects == [
                .report(
                    .call(Batch.ID(rawValue: 1), id, count: 3, refused(.credentials, 70_003))
                ), .report(.service(.halted, Campaign.Reason(code: 70_003, text: "no"))),
            ]
        )
        let claims = (2...3).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 500), makeWork())
        }
        let after = harness.tell(.committed(claims), 1.1)
        #expect(after.calls.isEmpty)
        #expect(after.services.map(\.halt?.fingerprint) == ["f"])
        #expect(after.resolutions.count == 3)
        let results =
            [WriteResult.done]
            + [WriteResult](repeating: .recorded(makeWork(fresh: 9), opened: []), count: 3)
        #expect(harness.tell(.committed(results), 1.2).isEmpty)
        #expect(harness.tell(.reconfigured(Limits(), fingerprint: "f"), 5).isEmpty)
        let fixed = harness.tell(.reconfigured(Limits(), fingerprint: "g"), 6)
        #expect(fixed.services.map(\.halt) == [nil])
        #expect(fixed.reclaims.count == 1, "they are tried by one call")
    }

    @Test func `what was being claimed when the credentials changed waits for the trial`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 1_003))
        _ = harness.tell(.reconfigured(Limits(), fingerprint: "g"), 1)
        let claims = (2...3).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 500), makeWork())
        }
        let effects = harness.tell(.committed(claims), 2)
        #expect(effects.calls.isEmpty)
        #expect(
            effects.resolutions == [.held(dueAt: at(2).timestamp), .held(dueAt: at(2).timestamp)]
        )
    }

    @Test(arguments: [Outcome.Refusal.credentials, .credentialsExpired])
    func `a refusal of credentials that were replaced meanwhile says nothing of the new ones`(
        _ refusal: Outcome.Refusal
    ) {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 1_003))
        let claims = (2...3).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 500), makeWork())
        }
        _ = harness.tell(.committed(claims), 1)
        #expect(harness.tell(.reconfigured(Limits(), fingerprint: "g"), 2).isEmpty)
        let late = harness.answer(refused(refusal), 3)
        #expect(late.resolutions == [.held(dueAt: at(3).timestamp)])
        #expect(late.services.isEmpty)
        #expect(!late.contains(.renewCredentials))
        #expect(harness.dispatcher.state(at(3)).0 == .running)
        // The new ones are tried by one call, once those with the old ones are back.
        let recorded = Dispatcher.Event.committed([.recorded(makeWork(), opened: [])])
        #expect(harness.tell(recorded, 4).reclaims.isEmpty)
        _ = harness.answer(2, refused(refusal), 5)
        #expect(harness.tell(recorded, 6).reclaims.isEmpty)
        let last = harness.answer(3, ok, 7)
        #expect(last.reclaims == [Batch.ID(rawValue: 1)])
        let results = [
            WriteResult.recorded(makeWork(), opened: []), .claimed(makeBatch(), makeWork()),
        ]
        #expect(harness.tell(.committed(results), 8).reclaims.isEmpty)
        #expect(
            harness.answer(refused(.credentials), 10).services.map(\.halt?.fingerprint) == ["g"]
        )
    }

    @Test func `a halt stands after a restart with the same credentials`() {
        var record = ServiceRecord()
        record.halt = .init(reason: Campaign.Reason(code: 70_003, text: "no"), fingerprint: "f")
        let restored = Restored(campaigns: [makeWork(fresh: 3)], service: record)
        var same = DispatcherHarness(fingerprint: "f")
        #expect(same.tell(.restored(restored), 0).writes.isEmpty)
        var other = DispatcherHarness(fingerprint: "g")
        let effects = other.tell(.restored(restored), 0)
        #expect(effects.services.map(\.halt) == [nil])
        #expect(effects.claims.count == 1)
    }

    @Test func `expired credentials are renewed once and the batch goes again`() {
        var harness = DispatcherHarness.calling()
        let expired = refused(.credentialsExpired, 70_001)
        let effects = harness.answer(expired, 1)
        #expect(effects.contains(.renewCredentials))
        #expect(effects.resolutions == [.held(dueAt: at(1).timestamp)])
        #expect(harness.tell(.committed([.recorded(makeWork(), opened: [])]), 1.1).isEmpty)
        #expect(harness.tell(.credentialsRenewed, 1.2).reclaims == [Batch.ID(rawValue: 1)])
        _ = harness.tell(.committed([.claimed(makeBatch(), makeWork())]), 1.3)
        let again = harness.answer(expired, 1.4)
        #expect(!again.contains(.renewCredentials))
        #expect(again.services.map(\.halt?.reason.code) == [70_001])
    }

    @Test func `credentials that worked after a renewal may expire again`() {
        var harness = DispatcherHarness.calling()
        let expired = refused(.credentialsExpired, 70_001)
        _ = harness.answer(expired, 1)
        _ = harness.tell(.committed([.recorded(makeWork(fresh: 3), opened: [])]), 1.1)
        _ = harness.tell(.credentialsRenewed, 1.2)
        _ = harness.tell(.committed([.claimed(makeBatch(), makeWork(fresh: 3))]), 1.3)
        _ = harness.answer(ok, 1.4)
        _ = harness.tell(
            .committed([.recorded(makeWork(), opened: []), .claimed(makeBatch(2), makeWork())]),
            1.5
        )
        #expect(harness.answer(2, expired, 10_000).contains(.renewCredentials))
    }

    @Test func `a message that can't be sent halts its campaign and nothing more of it goes out`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 503))
        let reason = Campaign.Reason(code: 80_001, text: "no")
        _ = harness.answer(refused(.campaign, 80_001), 1)
        let claimed = WriteResult.claimed(makeBatch(2, count: 500), makeWork(fresh: 7))
        let after = harness.tell(.committed([claimed]), 1.1)
        #expect(after.calls.isEmpty)
        #expect(after.claims.isEmpty)
        #expect(after.writes.first == .transition(id, .halt(reason)))
        #expect(after.resolutions.count == 2)
        let halted = makeWork(state: .halted, fresh: 7)
        var campaign = makeCampaign(state: .halted)
        campaign.reason = reason
        let change = WriteResult.Change(campaign: campaign, work: halted)
        let last = harness.tell(
            .committed(
                [.changed(.success(change))]
                    + [WriteResult](repeating: .recorded(halted, opened: []), count: 2)
            ),
            1.2
        )
        #expect(last == [.report(.campaign(id, .halted, reason))])
    }

    @Test func `a packet that is too large is halved, a single account halts the campaign`() {
        var harness = DispatcherHarness.calling()
        #expect(harness.answer(refused(.tooLarge), 1).resolutions == [.split(.tooLarge)])
        var single = DispatcherHarness.calling(makeBatch(count: 1), work: makeWork(fresh: 1))
        let effects = single.answer(refused(.tooLarge), 1)
        #expect(effects.resolutions == [.held(dueAt: at(1).timestamp)])
        #expect(effects.writes.count == 2)
    }

    @Test(arguments: [Outcome.Refusal.recipients, .recipientsUnconfirmed, .tooLarge])
    func `a repeat refused for good ends as unknown`(refusal: Outcome.Refusal) {
        var harness = DispatcherHarness.calling(makeBatch(attempts: 1, maybeAccepted: true))
        guard
            case .unknown(_, 90_000)? =
                harness.answer(refused(refusal), 1).resolutions.first
        else {
            Issue.record("not unknown")
            return
        }
    }

    @Test func `a held repeat stays one that may have been accepted`() {
        var harness = DispatcherHarness.calling(makeBatch(attempts: 1, maybeAccepted: true))
        _ = harness.answer(.notSent("refused"), 1)
        let effects = harness.tell(.committed([.recorded(makeWork(), opened: [])]), 1.1)
        #expect(effects.reclaims == [Batch.ID(rawValue: 1)])
        #expect(harness.held == 3)
        let again = makeBatch(attempts: 1, maybeAccepted: true)
        let called = harness.tell(.committed([.claimed(again, makeWork())]), 1.2)
        #expect(called == [.report(.resent(id, count: 3)), .call(again)])
    }

    @Test func `an unknown outcome is repeated unchanged under resend`() {
        var harness = DispatcherHarness.calling()
        let effects = harness.answer(.unknown(.timeout), 1)
        guard case .record(let record)? = effects.writes.first,
            case .repeated(let dueAt, "timeout", nil) = record.resolution
        else {
            Issue.record("not repeated: \(effects)")
            return
        }
        #expect(record.releaseAt == at(66).instant)
        let recorded = harness.tell(.committed([.recorded(makeWork(), opened: [])]), 1.1)
        let wait = at(1.1).timestamp.duration(to: dueAt)
        #expect(recorded.wakes == [at(1.1).instant.advanced(by: wait)])
        #expect(harness.tell(.woke, 7).reclaims == [Batch.ID(rawValue: 1)])
    }

    @Test func `an unknown outcome is left under leave and after the last attempt`() {
        let left = Resolution.unknown(info: "HTTP 502", code: nil)
        var leaving = DispatcherHarness.calling(work: makeWork(onUnknown: .leave, fresh: 3))
        #expect(leaving.answer(.unknown(.http(status: 502)), 1).resolutions == [left])
        var last = DispatcherHarness.calling(makeBatch(attempts: 7, maybeAccepted: true))
        #expect(last.answer(.unknown(.http(status: 502)), 1).resolutions == [left])
        var before = DispatcherHarness.calling(makeBatch(attempts: 6, maybeAccepted: true))
        #expect(before.answer(.unknown(.http(status: 502)), 1).resolutions != [left])
    }

    @Test func `the same unlisted code three times in a row halts the campaign`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 9))
        for number in 1...3 {
            let effects = harness.answer(Int64(number), .unknown(.unlisted(code: 12_345)), 1)
            let isHalting = effects.writes.contains { write in
                if case .transition(_, .halt) = write { true } else { false }
            }
            #expect(!isHalting)
            let claimed = WriteResult.claimed(makeBatch(Int64(number + 1)), makeWork(fresh: 3))
            let recorded = WriteResult.recorded(makeWork(fresh: 3), opened: [])
            let results: [WriteResult] = number == 1 ? [claimed] : [recorded, claimed]
            let next = harness.tell(.committed(results), 1)
            guard number == 3 else { continue }
            #expect(next.calls.isEmpty)
            let text = "three calls in a row ended with code 12345"
            let halt = Campaign.Transition.halt(Campaign.Reason(code: 12_345, text: text))
            #expect(next.writes.contains(.transition(id, halt)))
        }
    }
}
