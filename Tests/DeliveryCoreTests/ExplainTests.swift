import DeliveryCore
import TestSupport
import Testing

/// Why nothing moves, or nothing faster: every cause, with its figures and its end.
struct ExplainTests {
    private let ok = Outcome.answered(messageKey: "k", refused: [])
    private let one = Dispatcher.Request(id: 1)
    private let id = makeID()

    /// Each cause as `kind until N: text`, N in seconds since the tests' beginning.
    private func told(_ explanation: Explanation) -> [String] {
        explanation.causes.map { cause in
            let end = cause.until.map { at(0).timestamp.duration(to: $0).inSeconds }
            return "\(cause.kind.rawValue)\(end.map { " until \($0)" } ?? ""): \(cause.text)"
        }
    }

    private func explain(
        _ harness: DispatcherHarness,
        _ seconds: Double,
        of campaign: Campaign = makeCampaign(),
        takesIn: Bool = false
    ) -> Explanation {
        harness.dispatcher.explain(campaign, takesIn: takesIn, at(seconds))
    }

    private func campaign(
        _ state: Campaign.State = .running,
        _ change: (inout Campaign) -> Void = { _ in }
    ) -> Campaign {
        var campaign = makeCampaign(state: state)
        campaign.counts.queued = 1_000
        change(&campaign)
        return campaign
    }

    /// One with these campaigns, whatever they wait for.
    private func running(
        _ works: [CampaignWork] = [makeWork(fresh: 1_000)],
        open: [OpenBatch] = [],
        holds: [Hold] = [],
        limits: Limits = Limits(),
        service: ServiceRecord = ServiceRecord()
    ) -> DispatcherHarness {
        var harness = DispatcherHarness(limits: limits)
        let restored = Restored(campaigns: works, open: open, holds: holds, service: service)
        _ = harness.tell(.restored(restored), 0)
        return harness
    }

    private func hold(_ count: Int, campaign: UInt64 = 9, until seconds: Double) -> Hold {
        Hold(campaign: makeID(campaign), count: count, until: at(seconds).instant)
    }

    // MARK: - A campaign that isn't running

    @Test func `a draft says how far it is, whether it takes in and what checks it`() {
        let harness = running([])
        let draft = campaign(.draft) {
            $0.jobs = [Job(kind: .check, total: 900, startedAt: at(0).timestamp)]
        }
        let explanation = explain(harness, 1, of: draft, takesIn: true)
        #expect(
            told(explanation) == [
                "draft: it takes recipients, 1,000 so far, and hasn't been started",
                "intake_open: a stream of recipients into it is open, and it can't be started before"
                    + " that has ended",
                "checking until 1.18: its check runs, 0 of 900 recipients done",
            ]
        )
        #expect(explanation.causes[0].remedy == "fanoutd start \(id)")
        #expect(!explanation.isMoving && explanation.lastCallAt == nil)
    }

    @Test func `a planned one says when, and what else will hold it up for longer comes first`() {
        var harness = running([makeWork(state: .scheduled, startAt: at(7_200).timestamp)])
        let planned = campaign(.scheduled) { $0.settings.startAt = at(7_200).timestamp }
        #expect(
            told(explain(harness, 0, of: planned)) == ["scheduled until 7200.0: it starts in 2 h"]
        )
        _ = harness.tell(.pauseRequested(one, isPaused: true), 1)
        #expect(explain(harness, 1, of: planned).causes.map(\.kind) == [.allPaused, .scheduled])
        #expect(harness.dispatcher.explain(at(1)).causes.map(\.kind) == [.allPaused])
    }

    @Test func `a paused and a halted one say what is left, why, and how to go on`() {
        let harness = running([makeWork(state: .paused)])
        let paused = campaign(.paused) {
            var job = Job(kind: .recall, total: 20, startedAt: at(0).timestamp)
            job.tally[.recalled] = 10
            $0.jobs = [job]
        }
        #expect(
            told(explain(harness, 0, of: paused)) == [
                "paused: an operator paused it; 1,000 recipients are left",
                "recalling until 0.1: its recall runs, 10 of 20 recipients done",
            ]
        )
        #expect(explain(harness, 0, of: paused).causes[0].remedy == "fanoutd resume \(id)")
        let halted = campaign(.halted) { $0.reason = .init(code: 80_001, text: "refused text") }
        #expect(
            told(explain(harness, 0, of: halted)) == [
                "halted: its message can't be sent (80001: refused text); 1,000 recipients are left"
            ]
        )
    }

    @Test func `one that has ended says how`() {
        let ended = campaign(.completed) {
            $0.counts = Counts()
            $0.counts.sent = 1_990
            $0.counts.failed = 10
        }
        let explanation = explain(running([]), 0, of: ended)
        #expect(told(explanation) == ["over: it is completed: 1,990 sent, 10 failed"])
        #expect(explanation.causes[0].remedy?.hasSuffix("fanoutd retry \(id)") == true)
    }

    @Test func `a refused message halts before that is durable, and damage is named`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 503))
        _ = harness.answer(.refused(.campaign, code: 80_001, text: "no"), 1)
        #expect(explain(harness, 1).causes.map(\.kind) == [.halted])
        var damaged = running([makeWork(fresh: 500)])
        let failure = WriteResult.Failure(
            campaign: id,
            text: "row 7 can't be read",
            isHalted: false
        )
        _ = damaged.tell(.committed([.failed(failure)]), 1)
        let told = told(explain(damaged, 1))
        #expect(told == ["halted: its rows in the store can't be used: row 7 can't be read"])
    }

    // MARK: - All sending

    @Test func `a pause, a halt, a full disk and a stop are all told, each with its remedy`() {
        let halt = ServiceRecord.Halt(
            reason: Campaign.Reason(code: 70_003, text: "bad signature"),
            fingerprint: "f"
        )
        var service = ServiceRecord()
        service.isPaused = true
        service.halt = halt
        var harness = running(service: service)
        _ = harness.tell(.storeFailed(.full("the disk is full")), 1)
        // The commit that was out shows nothing of a fault that came after it.
        let causes = explain(harness, 1).causes
        #expect(causes.map(\.kind) == [.allPaused, .serviceHalted, .storeFailed])
        #expect(causes[2].until == at(2).timestamp)
        #expect(
            causes[2].text
                == "nothing can be written to the store (the disk is full); it is tried again in 1 s"
        )
        #expect(causes.allSatisfy { $0.remedy != nil })
        _ = harness.tell(.drain, 1)
        #expect(explain(harness, 1).causes.map(\.kind).contains(.stopping))
    }

    @Test func `before the queue has been read, that is what everything waits for`() {
        let harness = DispatcherHarness()
        #expect(explain(harness, 0).causes.map(\.kind) == [.restartHold])
        #expect(harness.dispatcher.explain(at(0)).causes.map(\.kind) == [.restartHold])
    }

    @Test func `an outage says when the provider is asked, and a throttle when its wait is over`() {
        var harness = running(
            [makeWork()],
            open: [
                makeOpen(1, count: 1), makeOpen(2, count: 1), makeOpen(3, count: 1),
            ]
        )
        _ = harness.tell(
            .committed(
                (1...3).map { .claimed(makeBatch($0, count: 1), makeWork()) }
            ),
            0.1
        )
        for number in Int64(1)...3 { _ = harness.answer(number, .unknown(.timeout), 1) }
        let outage = explain(harness, 1).causes
        #expect(outage.map(\.kind) == [.unreachable])
        #expect(outage.first?.until == at(2).timestamp)
        #expect(
            outage.first?.text
                == "the provider can't be reached (calls end unknown: timeout): it is asked in 1 s"
        )
        var throttled = DispatcherHarness.calling(work: makeWork(fresh: 503))
        let refusal = Outcome.refused(.throttled(atLeast: .seconds(5)), code: 60_028, text: "slow")
        _ = throttled.answer(refusal, 1)
        let waiting = explain(throttled, 1)
        #expect(
            told(waiting).first
                == "throttled until 6.0: the provider said to slow down (60028: slow): nothing goes"
                + " out for 5 s"
        )
    }

    // MARK: - Window and pace

    @Test func `a window full of calls from before the start isn't one of its own calls`() {
        let restarted = running(holds: [hold(11_980, until: 75)])
        #expect(
            told(explain(restarted, 5)) == [
                "restart_hold until 75.0: 11,980 of 12,000 recipients in 60 s are used, 11,980 of"
                    + " them by calls from before the start, 60 are kept for notices; room comes"
                    + " back in 70 s"
            ]
        )
        #expect(restarted.dispatcher.explain(at(5)).causes.map(\.kind) == [.restartHold])
    }

    @Test func `a full window says what it holds, and when room comes back`() {
        let limits = Limits(messagesPerMinute: 600, burst: 600, batchAccounts: 600)
        var harness = running([makeWork(fresh: 2_000)], limits: limits)
        let batch = makeBatch(count: 570)
        _ = harness.tell(.committed([.claimed(batch, makeWork(fresh: 1_430))]), 0.1)
        let out = explain(harness, 1)
        #expect(out.isMoving && out.lastCallAt == at(0.1).timestamp)
        #expect(
            told(out) == [
                "window_full: 570 of 600 recipients in 60 s are used, 30 are kept for notices; room"
                    + " comes back a minute after calls that are out are answered"
            ]
        )
        _ = harness.answer(ok, 3)
        _ = harness.tell(.committed([.recorded(makeWork(fresh: 1_430), opened: [])]), 3.1)
        let held = explain(harness, 5)
        #expect(!held.isMoving && held.lastCallAt == at(0.1).timestamp)
        #expect(
            told(held) == [
                "window_full until 63.0: 570 of 600 recipients in 60 s are used, 30 are kept for"
                    + " notices; room comes back in 58 s"
            ]
        )
    }

    @Test func `an empty bucket and the rate of calls are the pace`() {
        let limits = Limits(messagesPerMinute: 600, burst: 100, batchAccounts: 100)
        var harness = running([makeWork(fresh: 2_000)], limits: limits)
        let left = makeWork(fresh: 1_900)
        _ = harness.tell(.committed([.claimed(makeBatch(count: 100), left)]), 0)
        _ = harness.answer(ok, 1)
        _ = harness.tell(.committed([.recorded(left, opened: [])]), 1)
        let paced = explain(harness, 4)
        #expect(!paced.isMoving)
        #expect(
            told(paced) == ["pace until 10.0: at 600 recipients a minute the next 100 go in 6 s"]
        )
        let slow = Limits(callsPerSecond: 1)
        var calling = running([makeWork(fresh: 1_500)], limits: slow)
        let more = makeWork(fresh: 1_000)
        _ = calling.tell(.committed([.claimed(makeBatch(count: 500), more)]), 0)
        #expect(
            told(explain(calling, 0.5))
                == ["pace until 1.0: at 1 calls a second the next goes in 0.5 s"]
        )
    }

    @Test func `after a throttle answer the pace says which part of the quota is used`() {
        var harness = running([makeWork(fresh: 2_000)], limits: Limits(burst: 500))
        let left = makeWork(fresh: 1_500)
        _ = harness.tell(.committed([.claimed(makeBatch(count: 500), left)]), 0)
        _ = harness.answer(.refused(.throttled(atLeast: .zero), code: 60_028, text: "slow"), 0)
        _ = harness.tell(.committed([.recorded(left, opened: [])]), 0.1)
        let kinds = explain(harness, 1.5).causes.map(\.kind)
        #expect(kinds == [.throttled, .pace])
        let slowed = explain(harness, 1.5).causes[0]
        #expect(slowed.until == at(80).timestamp)
        #expect(slowed.text.hasSuffix("8 of 16 parts of the quota are used, whole again in 79 s"))
    }

    @Test func `a cap of its own holds one campaign up and no other`() {
        let capped = makeWork(cap: 100, fresh: 1_000)
        let harness = running([capped], holds: [hold(100, campaign: 1, until: 40)])
        let explanation = explain(harness, 5)
        #expect(
            told(explanation) == [
                "own_cap until 40.0: 100 of its own 100 recipients in 60 s are used; room comes back"
                    + " in 35 s"
            ]
        )
        #expect(harness.dispatcher.explain(at(5)).causes.map(\.kind) == [.ownCap])
    }

    @Test func `another campaign's turn is told with the share, and calls out only at the limit`() {
        let limits = Limits(messagesPerMinute: 600, burst: 100, batchAccounts: 100)
        let works = [makeWork(1, priority: .high, fresh: 2_000), makeWork(2, fresh: 2_000)]
        var harness = running(works, limits: limits)
        let left = makeWork(1, priority: .high, fresh: 1_900)
        _ = harness.tell(.committed([.claimed(makeBatch(count: 100), left)]), 0)
        _ = harness.answer(ok, 1)
        _ = harness.tell(.committed([.recorded(left, opened: [])]), 1)
        // The high one has had a hundred: it is the other one's turn.
        let first = explain(harness, 4)
        #expect(first.causes.map(\.kind) == [.share, .pace])
        #expect(
            first.causes.first?.text
                == "it is the turn of campaign \(makeID(2)); its share is 480 of 600 recipients a"
                + " minute (80 %)"
        )
        #expect(explain(harness, 4, of: makeCampaign(2)).causes.map(\.kind) == [.pace])
        // The other one's call is about to go out.
        #expect(explain(harness, 11).causes.map(\.kind) == [.share])
        var few = Limits()
        few.inFlightLimit = 1
        var calling = running([makeWork(fresh: 1_500)], limits: few)
        _ = calling.tell(
            .committed([.claimed(makeBatch(count: 500), makeWork(fresh: 1_000))]),
            0
        )
        #expect(
            told(explain(calling, 9)) == ["calls_out: 1 calls are out, of 1 that may be at once"]
        )
        #expect(calling.dispatcher.explain(at(9)).causes.map(\.kind) == [.callsOut])
    }

    // MARK: - What waits by itself

    @Test func `retries that a step of the wall clock made due are noticed at the next wake-up`() {
        let harness = running([makeWork(retries: 2, retryDueAt: at(90).timestamp)])
        let now = Now(instant: at(5).instant, timestamp: at(-86_400 * 365).timestamp)
        let causes = harness.dispatcher.explain(makeCampaign(), takesIn: false, now).causes
        #expect(causes.map(\.kind) == [.backoff])
        #expect(
            causes.first?.text
                == "2 recipients are due since the clock was set, which is noticed in 25 s"
        )
        #expect(causes.first?.until == at(-86_400 * 365 + 25).timestamp)
    }

    @Test func `a batch that came due by a set clock is noticed when other work's wait is over`() {
        let limits = Limits(messagesPerMinute: 600, burst: 100, batchAccounts: 100)
        let later = makeOpen(9, count: 3, dueAt: at(90).timestamp)
        var harness = running([makeWork(fresh: 2_000)], open: [later], limits: limits)
        let left = makeWork(fresh: 1_900)
        _ = harness.tell(.committed([.claimed(makeBatch(count: 100), left)]), 0)
        _ = harness.answer(ok, 1)
        _ = harness.tell(.committed([.recorded(left, opened: [])]), 1)
        let now = Now(instant: at(4).instant, timestamp: at(86_400 * 365).timestamp)
        let causes = harness.dispatcher.explain(makeCampaign(), takesIn: false, now).causes
        #expect(
            causes.map(\.text)
                == ["3 recipients are due since the clock was set, which is noticed in 6 s"]
        )
    }

    @Test func `retries that aren't due, with their number and the first one's time`() {
        let work = makeWork(retries: 2, retryDueAt: at(90).timestamp)
        let harness = running([work], open: [makeOpen(count: 3, dueAt: at(30).timestamp)])
        #expect(
            told(explain(harness, 5)) == [
                "backoff until 30.0: 5 recipients wait for their next attempt; the first is due in"
                    + " 25 s"
            ]
        )
        #expect(
            told(harness.dispatcher.explain(at(5))) == [
                "backoff until 30.0: all that is left waits for its next attempt; the first is due in"
                    + " 25 s"
            ]
        )
    }

    @Test func `look-ups of the policy wait for the settling time, and say for whom`() {
        var work = makeWork(onUnknown: .verify)
        work.lookUpDueAt = at(50).timestamp
        let waiting = campaign {
            $0.counts.queued = 0
            $0.counts.retrying = 7
        }
        let harness = running([work])
        let explanation = explain(harness, 5, of: waiting)
        // A clock may have been set before the start, so nothing is asked for a settling time.
        #expect(
            told(explanation) == [
                "verifying until 60.0: 7 recipients of calls of unknown outcome are looked up in the"
                    + " history, 60 s after the call's end, before anything more is sent to them; the"
                    + " first in 55 s"
            ]
        )
        #expect(harness.dispatcher.explain(at(5)).causes.map(\.kind) == [.verifying])
    }

    @Test func `a batch whose accounts are looked up waits for that`() {
        var harness = DispatcherHarness.calling()
        let refused = Outcome.refused(.recipientsUnconfirmed, code: 90_012, text: "")
        let held = harness.answer(refused, 1)
        #expect(held.resolutions == [.held(dueAt: at(1).timestamp)])
        _ = harness.tell(.committed([.recorded(makeWork(), opened: [])]), 1.1)
        #expect(
            told(explain(harness, 4)) == [
                "checking: 3 recipients of 1 refused calls wait until their accounts have been looked"
                    + " up"
            ]
        )
        #expect(harness.dispatcher.explain(at(4)).causes.map(\.kind) == [.checking])
    }

    @Test func `with calls out and nothing else in the way, answers are awaited`() {
        var harness = DispatcherHarness.calling()
        let out = explain(harness, 9)
        #expect(out.isMoving)
        #expect(
            told(out) == ["awaiting_answers: 1 call is out, and nothing else is in the way"]
        )
        _ = harness.answer(ok, 10)
        #expect(explain(harness, 10).causes.map(\.kind) == [.awaitingAnswers], "it is written")
        _ = harness.tell(.committed([.recorded(makeWork(), opened: [])]), 10.1)
        #expect(explain(harness, 10.1).causes.map(\.kind) == [.none])
        #expect(harness.dispatcher.explain(at(10.1)).causes.map(\.kind) == [.none])
    }

    @Test func `it moves for two seconds after a call went out, and may move unhindered`() {
        let work = makeWork(fresh: 1_000)
        var harness = DispatcherHarness.calling(work: work)
        #expect(explain(harness, 0.1).causes.isEmpty, "the next claim is being written")
        _ = harness.answer(.notSent("refused"), 0.2)
        let (before, after) = (explain(harness, 1.9), explain(harness, 2))
        #expect(before.isMoving && !after.isMoving)
        #expect(before.lastCallAt == at(0).timestamp && after.lastCallAt == at(0).timestamp)
        #expect(harness.dispatcher.explain(at(1.9)).isMoving)
        #expect(!harness.dispatcher.explain(at(2)).isMoving)
    }

    @Test func `nothing is sent otherwise for having been asked`() {
        var (asked, unasked) = (running(), running())
        let events: [(Dispatcher.Event, Double)] = [
            (.committed((1...2).map { .claimed(makeBatch($0, count: 500), makeWork()) }), 0.1),
            (.answered(Batch.ID(rawValue: 1), .unknown(.timeout)), 0.2),
            (.woke, 3),
        ]
        for (event, seconds) in events {
            _ = explain(asked, seconds)
            _ = asked.dispatcher.explain(at(seconds))
            #expect(asked.tell(event, seconds) == unasked.tell(event, seconds))
        }
    }
}
