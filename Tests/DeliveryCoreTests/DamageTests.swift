import DeliveryCore
import TestSupport
import Testing

/// What can't be written about one campaign stops that one, and never the loop.
struct DamageTests {
    private let one = Dispatcher.Request(id: 1)
    private let reason = Campaign.Reason(code: nil, text: "odd row")

    private func failed(_ number: UInt64? = 1, isHalted: Bool = true) -> WriteResult {
        let id = number.map { makeID($0) }
        return .failed(WriteResult.Failure(campaign: id, text: "odd row", isHalted: isHalted))
    }

    private func halted(_ number: UInt64 = 1) -> Dispatcher.Effect {
        .report(.campaign(makeID(number), .halted, reason))
    }

    @Test(arguments: [true, false])
    func `a claim that fails halts its campaign, whose quota is free; others go on`(isHalted: Bool)
    {
        var harness = DispatcherHarness()
        let works = [makeWork(1, fresh: 3), makeWork(2, fresh: 3)]
        #expect(harness.tell(.restored(Restored(campaigns: works)), 0).claims.count == 2)
        let claimed = WriteResult.claimed(makeBatch(2, campaign: 2), makeWork(2))
        let next = harness.tell(.committed([failed(isHalted: isHalted), claimed]), 0.1)
        #expect(next.calls == [Batch.ID(rawValue: 2)])
        #expect(next.contains(halted()) && next.writes.isEmpty)
        #expect(harness.held == 3)
        // Neither now nor later: with nothing changed it would fail again.
        for second in [1.0, 2, 60, 3_600] { #expect(harness.tell(.woke, second).claims.isEmpty) }
    }

    @Test func `an answer that can't be recorded keeps nobody waiting, and isn't lost`() throws {
        var harness = DispatcherHarness.calling(makeBatch(), work: makeWork(fresh: 3))
        let record = harness.answer(.answered(messageKey: "k", refused: []), 1).writes
        #expect(record.count == 1)
        let next = harness.tell(.committed([failed()]), 1.1)
        #expect(next.contains(halted()) && next.writes.isEmpty)
        #expect(harness.tell(.woke, 5).writes.isEmpty)
        // Another campaign is sent as ever.
        #expect(harness.tell(.admitted(makeWork(2, fresh: 3)), 6).claims.count == 1)
        _ = harness.tell(.committed([.claimed(makeBatch(2, campaign: 2), makeWork(2))]), 6.1)
        // An operator has seen to it.
        let resume = Write.transition(makeID(), .resume)
        #expect(harness.tell(.requested(one, resume), 7).writes == [resume])
        let again = harness.tell(.committed([makeChange(makeWork())]), 7.1)
        #expect(again.replies.count == 1 && again.writes == record)
        // If it fails again it is as before.
        #expect(harness.tell(.committed([failed()]), 7.2).writes.isEmpty)
        #expect(harness.tell(.woke, 8).writes.isEmpty)
    }

    @Test func `a drain doesn't wait for what can't be recorded`() {
        var harness = DispatcherHarness.calling(makeBatch(), work: makeWork(fresh: 3))
        _ = harness.answer(.answered(messageKey: "k", refused: []), 1)
        _ = harness.tell(.committed([failed(isHalted: false)]), 1.1)
        #expect(harness.tell(.drain, 2).last == .stopped)
    }

    @Test func `what falls due and can't be written isn't tried in each commit`() {
        for work in [
            makeWork(state: .scheduled, startAt: at(1).timestamp),
            makeWork(state: .paused, expiresAt: at(1).timestamp),
        ] {
            var harness = DispatcherHarness()
            _ = harness.tell(.restored(Restored(campaigns: [work])), 0)
            #expect(harness.tell(.woke, 1).writes.count == 1)
            let next = harness.tell(.committed([failed(isHalted: false)]), 1.1)
            #expect(next.writes.isEmpty && next.contains(halted()))
            #expect(harness.tell(.woke, 2).writes.isEmpty)
        }
    }

    @Test func `an operator hears that a change failed, and the campaign goes on`() {
        var harness = DispatcherHarness.calling(makeBatch(), work: makeWork(fresh: 3))
        let write = Write.patch(makeID(), CampaignPatch())
        #expect(harness.tell(.requested(one, write), 1).writes == [write])
        let next = harness.tell(.committed([failed(isHalted: false)]), 1.1)
        #expect(next.replies == [.failed(.failed("odd row"))])
        let answered = harness.answer(.answered(messageKey: "k", refused: []), 2)
        #expect(answered.resolutions.count == 1)
    }

    @Test func `a failure that concerns nobody stops nothing`() {
        var limits = Limits()
        limits.upkeep.interval = .seconds(60)
        var harness = DispatcherHarness(limits: limits)
        #expect(harness.tell(.restored(Restored()), 0).writes.count == 1)
        let next = harness.tell(.committed([failed(nil)]), 0.1)
        #expect(next.writes.isEmpty && next.replies.isEmpty)
        #expect(harness.tell(.woke, 59).writes.isEmpty)
        #expect(harness.tell(.woke, 61).writes.count == 1)
        let pause = harness.tell(.pauseRequested(one, isPaused: true), 61.1)
        #expect(pause.writes.isEmpty)
        let paused = harness.tell(.committed([.swept(.init(hasMore: false))]), 61.2)
        #expect(paused.services.map(\.isPaused) == [true])
        let refused = harness.tell(.committed([failed(nil)]), 61.3)
        #expect(refused.replies == [.failed(.failed("odd row"))])
        #expect(harness.dispatcher.state(at(61.3)).0 == .running)
    }

    @Test func `what a start can't read of a campaign halts that one`() {
        var harness = DispatcherHarness()
        var restored = Restored(campaigns: [makeWork(1, fresh: 3), makeWork(2, fresh: 3)])
        restored.damaged = [.init(campaign: makeID(), text: "odd row")]
        let effects = harness.tell(.restored(restored), 0)
        #expect(effects.claims.map(\.campaign) == [makeID(2)])
        #expect(effects.contains(halted()))
    }

    // MARK: Campaigns that aren't there

    @Test func `a campaign deleted before the dispatcher hears of it is dropped`() {
        for work in [
            makeWork(fresh: 3, retryDueAt: nil),
            makeWork(state: .scheduled, startAt: at(0).timestamp, fresh: 3),
            makeWork(state: .scheduled, startAt: at(-9).timestamp, expiresAt: at(-1).timestamp),
        ] {
            var harness = DispatcherHarness()
            _ = harness.tell(.restored(Restored()), 0)
            let writes = harness.tell(.admitted(work), 0.1).writes
            #expect(writes.count == 1)
            let isClaim = if case .claim? = writes.first { true } else { false }
            let gone: WriteResult = isClaim ? .claimed(nil, nil) : .changed(.failure(.notFound))
            #expect(harness.tell(.committed([gone]), 0.2).writes.isEmpty)
            #expect(harness.dispatcher.campaignCount == 0 && harness.held == 0)
            #expect(harness.tell(.woke, 1).writes.isEmpty)
        }
    }

    @Test func `one that ended before its time came isn't tried again`() {
        var harness = DispatcherHarness()
        let work = makeWork(state: .scheduled, startAt: at(0).timestamp)
        _ = harness.tell(.restored(Restored(campaigns: [work])), 0)
        let next = harness.tell(.committed([.changed(.failure(.wrongState(.canceled)))]), 0.1)
        #expect(next.writes.isEmpty && harness.tell(.woke, 1).writes.isEmpty)
    }

    // MARK: Other durable writes

    @Test func `a write that failed elsewhere shows, and the dispatcher tries until one succeeds`()
    {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored()), 0)
        let fault = CommitFault.failed("I/O error")
        let shown = harness.tell(.storeFailed(fault), 1)
        let report = Dispatcher.Report.service(.storeFailed, .init(code: nil, text: "I/O error"))
        #expect(shown == [.report(report), .wake(at: at(2).instant)])
        #expect(harness.tell(.woke, 2).services.count == 1)
        let later = CommitFault.failed("I/O error again")
        #expect(harness.tell(.commitFailed(later), 2.1).wakes == [at(3.1).instant])
        #expect(harness.dispatcher.state(at(2.1)).0 == .storeFailed)
        #expect(harness.tell(.woke, 3.1).services.count == 1)
        let healed = harness.tell(.committed([.done]), 3.2)
        #expect(healed == [.report(.service(.running, nil))])
        #expect(harness.tell(.woke, 9).writes.isEmpty)
    }
}
