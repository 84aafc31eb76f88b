import DeliveryCore
import TestSupport
import Testing

/// The state of all sending as operators see it, and the quota's window.
struct ServiceStatusTests {
    private let one = Dispatcher.Request(id: 1)

    @Test func `a state has a beginning, which lasts until another comes about`() {
        var harness = DispatcherHarness()
        #expect(harness.dispatcher.status(at(0)).since == nil)
        _ = harness.tell(.restored(Restored()), 1)
        #expect(harness.dispatcher.status(at(5)).since == at(1).timestamp)
        #expect(harness.dispatcher.status(at(5)).remedy == nil)
        _ = harness.tell(.pauseRequested(one, isPaused: true), 6)
        _ = harness.tell(.woke, 8)
        let paused = harness.dispatcher.status(at(9))
        #expect(paused.state == .paused)
        #expect(paused.since == at(6).timestamp)
        #expect(paused.until == nil)
        #expect(paused.remedy == "fanoutd resume --all")
    }

    @Test func `a throttle says when its wait is over, then when the quota is whole`() {
        var harness = DispatcherHarness.calling()
        #expect(harness.dispatcher.status(at(0.5)).pace == 16)
        let refusal = Outcome.refused(.throttled(atLeast: .seconds(5)), code: 60_028, text: "slow")
        _ = harness.answer(refusal, 1)
        let waiting = harness.dispatcher.status(at(1))
        #expect(waiting.state == .throttled)
        #expect(waiting.pace == 8)
        #expect(waiting.until == at(6).timestamp)
        for skew in [0.75, 1.25] {
            let now = Now(instant: at(1).instant, timestamp: at(skew).timestamp)
            #expect(harness.dispatcher.status(now).until == at(6).timestamp, "clocks read apart")
        }
        let growing = harness.dispatcher.status(at(22))
        #expect(growing.pace == 10)
        #expect(growing.until == at(81).timestamp)
        #expect(harness.dispatcher.status(at(81)).pace == 16)
        #expect(harness.dispatcher.status(at(81)).state == .running)
    }

    @Test func `a store that fails is tried again at a time, and until then needs an operator`() {
        var harness = DispatcherHarness.calling()
        _ = harness.tell(.storeFailed(.failed("I/O error")), 1)
        let status = harness.dispatcher.status(at(1.5))
        #expect(status.state == .storeFailed)
        #expect(status.until == at(2).timestamp)
        #expect(status.remedy?.contains("disk") == true)
        _ = harness.tell(.woke, 2)
        #expect(harness.dispatcher.status(at(2)).until == nil, "a commit shows it now")
    }

    @Test func `an outage is probed at a time, and a halt lasts until someone mends it`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 503))
        _ = harness.tell(.committed([.claimed(makeBatch(2), makeWork(fresh: 500))]), 0.1)
        for _ in 1...3 { _ = harness.tell(.woke, 0.2) }
        _ = harness.answer(1, .unknown(.timeout), 1)
        _ = harness.answer(2, .refused(.credentials, code: 70_003, text: "no"), 1)
        let halted = harness.dispatcher.status(at(1))
        #expect(halted.state == .halted)
        #expect(halted.reason?.code == 70_003)
        #expect(halted.until == nil)
        #expect(halted.remedy?.contains("reload") == true)
    }

    @Test func `what the window holds is unanswered or let go at a time, never capped`() {
        let limits = Limits(messagesPerMinute: 600, burst: 600, batchAccounts: 600)
        var harness = DispatcherHarness(limits: limits)
        let holds = [
            Hold(campaign: makeID(8), count: 700, until: at(75).instant),
            Hold(campaign: makeID(8), count: 20, until: at(7).instant),
        ]
        _ = harness.tell(.restored(Restored(holds: holds)), 0)
        let window = harness.dispatcher.window(at(0))
        #expect(window.held == 720, "more than the limit")
        #expect(window.unanswered == 0)
        #expect(window.room == 0)
        #expect(window.releases.count == 16)
        #expect(window.releases[1] == 20)
        #expect(window.releases[15] == 700, "a hold after a crash lasts 75 s")
        let later = harness.dispatcher.window(at(8))
        #expect(later.held == 700)
        #expect(later.releases[13] == 700)
    }

    @Test func `room leaves out what is kept for notices, and calls that are out have no end yet`()
    {
        let limits = Limits(messagesPerMinute: 600, burst: 600, batchAccounts: 600)
        let harness = DispatcherHarness.calling(
            makeBatch(count: 100),
            work: makeWork(fresh: 100),
            limits: limits
        )
        var out = harness
        let window = out.dispatcher.window(at(1))
        #expect(window.held == 100)
        #expect(window.unanswered == 100)
        #expect(window.room == 470, "30 of 600 are kept for notices")
        _ = out.answer(.answered(messageKey: "k", refused: []), 2)
        let answered = out.dispatcher.window(at(2))
        #expect(answered.unanswered == 0)
        #expect(answered.releases[12] == 100)
        #expect(answered.held == answered.unanswered + answered.releases.reduce(0, +))
    }
}
