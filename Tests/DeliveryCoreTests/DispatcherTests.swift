import DeliveryCore
import TestSupport
import Testing

/// The ordinary way of a batch: claimed, called, recorded.
struct DispatcherTests {
    private let ok = Outcome.answered(messageKey: "k", refused: [])

    @Test func `a batch is claimed, called once that is durable, and recorded`() {
        var harness = DispatcherHarness()
        let claim = Write.claim(
            Write.Claim(
                campaign: makeID(),
                source: .fresh,
                accountLimit: 3,
                byteLimit: 11_800,
                random: harness.firstRandom,
                timeout: .seconds(10),
                quota: 12_000
            )
        )
        let restored = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 3)])), 0)
        #expect(restored == [.commit([claim])])

        let claimed = harness.tell(.committed([.claimed(makeBatch(), makeWork())]), 0.1)
        #expect(claimed == [.call(makeBatch())])

        let record = Write.record(
            Write.Record(
                batch: Batch.ID(rawValue: 1),
                resolution: .settled(messageKey: "k", verdicts: []),
                releaseAt: at(60.2).instant
            )
        )
        #expect(harness.answer(ok, 0.2) == [.commit([record])])

        let done = harness.tell(
            .committed([.recorded(makeWork(state: .completed), opened: [])]),
            0.3
        )
        #expect(done == [.report(.campaign(makeID(), .completed, nil))])
    }

    @Test func `nothing is sent before the queue was read`() {
        var harness = DispatcherHarness()
        #expect(harness.tell(.admitted(makeWork(fresh: 3)), 0).isEmpty)
        #expect(harness.tell(.woke, 1).isEmpty)
        #expect(harness.tell(.restored(Restored()), 2).claims.count == 1)
    }

    @Test func `what comes in while a commit is out shares the next one`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 6))
        // The next claim is out already.
        #expect(harness.answer(ok, 0.2).isEmpty)
        #expect(harness.tell(.admitted(makeWork(2, fresh: 1)), 0.2).isEmpty)
        let next = harness.tell(.committed([.claimed(makeBatch(2), makeWork())]), 0.3)
        #expect(next.calls == [Batch.ID(rawValue: 2)])
        #expect(next.writes.count == 2)
    }

    @Test func `no more calls go out at once than are allowed`() {
        var limits = Limits()
        limits.inFlightLimit = 2
        var harness = DispatcherHarness(limits: limits)
        let first = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 10_000)])), 0)
        #expect(first.claims.map(\.accountLimit) == [500, 500])
        let results = (1...2).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 500), makeWork(fresh: 9_000))
        }
        let called = harness.tell(.committed(results), 0)
        #expect(called.calls.count == 2)
        #expect(called.claims.isEmpty)
        #expect(harness.answer(ok, 0.1).claims.count == 1)
    }

    @Test func `a burst goes at once and then the bucket paces`() {
        var harness = DispatcherHarness()
        let first = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 10_000)])), 0)
        #expect(first.claims.map(\.accountLimit) == [500, 500, 500])
        #expect(harness.held == 1_500)
        let results = (1...3).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 500), makeWork(fresh: 8_500))
        }
        let called = harness.tell(.committed(results), 0)
        #expect(first.wakes + called.wakes == [at(2.5).instant])
        #expect(harness.tell(.woke, 2.5).claims.map(\.accountLimit) == [500])
    }

    @Test func `a claim that took less gives the rest back`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 500)])), 0)
        #expect(harness.held == 500)
        _ = harness.tell(.committed([.claimed(makeBatch(count: 335), makeWork())]), 0)
        #expect(harness.held == 335)
    }

    @Test func `a claim that found nothing gives all back`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 500)])), 0)
        let effects = harness.tell(.committed([.claimed(nil, makeWork(state: .paused))]), 0)
        #expect(effects.isEmpty)
        #expect(harness.held == 0)
    }

    @Test func `only refused accounts that may succeed later are retried`() {
        var harness = DispatcherHarness.calling()
        let names = makeAccounts(3)
        let refused: [Outcome.RefusedAccount] = [
            .init(account: names[1], code: 70_107, kind: .final),
            .init(account: names[2], code: 70_169, kind: .retryable),
        ]
        let effects = harness.answer(.answered(messageKey: "k", refused: refused), 1)
        guard case .settled("k", let verdicts)? = effects.resolutions.first else {
            Issue.record("not settled: \(effects)")
            return
        }
        #expect(verdicts.map(\.account) == [names[1], names[2]])
        #expect(verdicts.map(\.code) == [70_107, 70_169])
        #expect(verdicts[0].verdict == .failed)
        guard case .retry(let dueAt) = verdicts[1].verdict else {
            Issue.record("no retry: \(verdicts[1])")
            return
        }
        #expect((0...6_000).contains(at(1).timestamp.duration(to: dueAt).milliseconds))
    }

    @Test func `the last attempt of an account is final, by its own count`() {
        let batch = makeBatch(count: 2, earlierAttempts: [7, 6])
        var harness = DispatcherHarness.calling(batch, work: makeWork(fresh: 2))
        let refused = makeAccounts(2).map {
            Outcome.RefusedAccount(account: $0, code: 91_000, kind: .retryable)
        }
        let effects = harness.answer(.answered(messageKey: nil, refused: refused), 1)
        guard case .settled(_, let verdicts)? = effects.resolutions.first else {
            Issue.record("not settled: \(effects)")
            return
        }
        #expect(verdicts[0].verdict == .failed)
        #expect(verdicts[1].verdict != .failed)
    }

    @Test func `due retries are asked for once, when they are due`() {
        var harness = DispatcherHarness()
        let due = at(5).timestamp
        let work = makeWork(retries: 2, retryDueAt: due)
        let restored = harness.tell(.restored(Restored(campaigns: [work])), 0)
        #expect(restored == [.wake(at: at(5).instant)])
        let effects = harness.tell(.woke, 5)
        #expect(effects.claims.map(\.source) == [.dueRetries])
        #expect(harness.tell(.woke, 5.1).isEmpty)
    }

    @Test func `a retry dated by a clock that was set back by a year since is due`() {
        var harness = DispatcherHarness()
        let due = at(365 * 86_400).timestamp
        let work = makeWork(retries: 2, retryDueAt: due)
        let effects = harness.tell(.restored(Restored(campaigns: [work])), 0)
        #expect(effects.claims.map(\.source) == [.dueRetries])
        #expect(effects.claims.map(\.dueBy) == [due])
    }

    @Test func `calls from before a restart count whole when the limit is raised again`() {
        var limits = Limits()
        limits.messagesPerMinute = 100
        var harness = DispatcherHarness(limits: limits)
        let hold = Hold(campaign: makeID(), count: 500, until: at(75).instant)
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 900)], holds: [hold])), 0)
        limits.messagesPerMinute = 600
        let effects = harness.tell(.reconfigured(limits, fingerprint: "f"), 1)
        let claimed = effects.claims.reduce(0) { $0 + $1.accountLimit }
        #expect(claimed > 0 && claimed <= 100)
    }

    @Test func `a campaign starts and expires by the clock`() {
        var harness = DispatcherHarness()
        let work = makeWork(
            state: .scheduled,
            startAt: at(10).timestamp,
            expiresAt: at(20).timestamp,
            fresh: 1
        )
        let restored = harness.tell(.restored(Restored(campaigns: [work])), 0)
        #expect(restored == [.wake(at: at(10).instant)])
        #expect(harness.tell(.woke, 10).writes == [.transition(makeID(), .begin)])
        var running = work
        running.state = .running
        let begun = harness.tell(.committed([makeChange(running)]), 10)
        #expect(begun.claims.count == 1)
        var paused = running
        paused.state = .paused
        _ = harness.tell(.committed([.claimed(nil, paused)]), 11)
        #expect(harness.tell(.woke, 20).writes == [.transition(makeID(), .expire)])
    }

    @Test func `a far time of the wall clock is looked at again every 30 seconds`() {
        var harness = DispatcherHarness()
        let work = makeWork(state: .scheduled, startAt: at(100).timestamp)
        let restored = harness.tell(.restored(Restored(campaigns: [work])), 0)
        #expect(restored == [.wake(at: at(30).instant)])
        // Nothing is due and the wake is out already: no other is asked for.
        #expect(harness.tell(.credentialsRenewed, 1).isEmpty)
        #expect(harness.tell(.woke, 30) == [.wake(at: at(60).instant)])
    }

    @Test func `an early wake is asked for again`() {
        var harness = DispatcherHarness()
        let work = makeWork(state: .scheduled, startAt: at(10).timestamp)
        _ = harness.tell(.restored(Restored(campaigns: [work])), 0)
        #expect(harness.tell(.woke, 9.99) == [.wake(at: at(10).instant)])
    }

    @Test func `a sooner wake leaves the later one standing`() {
        var harness = DispatcherHarness()
        let late = makeWork(state: .scheduled, startAt: at(20).timestamp)
        _ = harness.tell(.restored(Restored(campaigns: [late])), 0)
        let soon = makeWork(2, state: .scheduled, startAt: at(5).timestamp)
        #expect(harness.tell(.admitted(soon), 1) == [.wake(at: at(5).instant)])
        _ = harness.tell(.woke, 5)
        let canceled = makeWork(2, state: .canceled)
        // The wake at 20 s is out still.
        #expect(harness.tell(.committed([makeChange(canceled)]), 5).wakes.isEmpty)
    }

    @Test func `room that grew under a campaign's cap while it waited is used`() {
        var limits = Limits()
        limits.batchAccounts = 120
        limits.burst = 120
        var harness = DispatcherHarness(limits: limits)
        let work = makeWork(cap: 200, fresh: 1_000)
        let first = harness.tell(.restored(Restored(campaigns: [work])), 0)
        #expect(first.claims.map(\.accountLimit) == [120])
        var left = work
        left.freshCount = 880
        _ = harness.tell(.committed([.claimed(makeBatch(count: 120), left)]), 0.1)
        _ = harness.answer(ok, 0.2)
        // Ready with the 80 that fit the cap, were it not for the pause.
        _ = harness.tell(.pauseRequested(Dispatcher.Request(id: 1), isPaused: true), 0.3)
        _ = harness.tell(.committed([.recorded(left, opened: [])]), 0.4)
        _ = harness.tell(.committed([.done]), 0.5)
        let request = Dispatcher.Request(id: 2)
        let resumed = harness.tell(.pauseRequested(request, isPaused: false), 70)
        #expect(resumed.claims.map(\.accountLimit) == [120])
    }
}
