import DeliveryCore
import TestSupport
import Testing

/// What operators, the disk, the network and a restart do to the dispatcher.
struct DispatcherTroubleTests {
    private let ok = Outcome.answered(messageKey: "k", refused: [])
    private let fault = CommitFault.failed("disk I/O error")
    private let id = makeID()
    private let one = Dispatcher.Request(id: 1)

    // MARK: - The store

    @Test func `a failed commit undoes its claims, keeps its answers and replies`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 503))
        // A claim of 500 is out; an answer and a request wait for the next commit.
        _ = harness.answer(ok, 1)
        _ = harness.tell(.requested(one, .transition(id, .pause)), 1)
        let next = harness.tell(.commitFailed(fault), 1)
        #expect(harness.held == 3)
        #expect(
            next == [
                .report(.service(.storeFailed, Campaign.Reason(code: nil, text: fault.text))),
                .wake(at: at(2).instant),
            ]
        )
        let retried = harness.tell(.woke, 2)
        #expect(retried.resolutions == [.settled(messageKey: "k", verdicts: [])])
        #expect(retried.writes.last == .transition(id, .pause))
        #expect(retried.claims.isEmpty)
        let failed = harness.tell(.commitFailed(fault), 2.1)
        #expect(failed == [.reply(one, .failed(fault)), .wake(at: at(3.1).instant)])
        let again = harness.tell(.woke, 3.1)
        #expect(again.writes.count == 1)
        let done = harness.tell(.committed([.recorded(makeWork(fresh: 500), opened: [])]), 3.2)
        #expect(done.claims.map(\.accountLimit) == [500])
        #expect(done.contains(.report(.service(.running, nil))))
    }

    @Test func `a failed claim of due retries and of an open batch is tried again`() {
        var harness = DispatcherHarness()
        let work = makeWork(retries: 2, retryDueAt: at(0).timestamp)
        let restored = Restored(campaigns: [work], open: [makeOpen()])
        let first = harness.tell(.restored(restored), 0)
        #expect(first.writes.count == 2)
        _ = harness.tell(.commitFailed(fault), 0)
        #expect(harness.held == 0)
        // With nothing to record, one row shows whether the store is back.
        #expect(harness.tell(.woke, 1).writes == [.service(ServiceRecord())])
        let back = harness.tell(.committed([.done]), 1)
        #expect(back.reclaims == [Batch.ID(rawValue: 1)])
        #expect(back.claims.map(\.source) == [.dueRetries])
    }

    @Test func `a pause that could not be written does not hold, a halt meanwhile does`() {
        var harness = DispatcherHarness.calling()
        let asked = harness.tell(.pauseRequested(one, isPaused: true), 1)
        #expect(asked.services.map(\.isPaused) == [true])
        _ = harness.answer(.refused(.credentials, code: 70_003, text: "no"), 1)
        let failed = harness.tell(.commitFailed(fault), 1.1)
        #expect(failed.contains(.reply(one, .failed(fault))))
        #expect(harness.dispatcher.state(at(1.1)).0 == .halted)
        let again = harness.tell(.woke, 2.1)
        #expect(again.services.map(\.isPaused) == [false])
        #expect(again.services.map(\.halt?.reason.code) == [70_003])
    }

    // MARK: - Operators

    @Test func `a request is answered with what became of it`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork()])), 0)
        let write = Write.transition(id, .pause)
        #expect(harness.tell(.requested(one, write), 1) == [.commit([write])])
        let paused = makeWork(state: .paused)
        guard case .changed(.success(let change)) = makeChange(paused) else {
            Issue.record("no change")
            return
        }
        #expect(
            harness.tell(.committed([makeChange(paused)]), 1) == [
                .report(.campaign(id, .paused, nil)), .reply(one, .changed(change)),
            ]
        )
        _ = harness.tell(.requested(one, write), 2)
        #expect(
            harness.tell(.committed([.changed(.failure(.wrongState(.halted)))]), 2)
                == [.reply(one, .refused(.wrongState(.halted)))]
        )
    }

    @Test func `a patch of a campaign the dispatcher doesn't know reports nothing`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored()), 0)
        _ = harness.tell(.requested(one, .patch(id, CampaignPatch())), 1)
        let effects = harness.tell(.committed([makeChange(makeWork(state: .completed))]), 1)
        #expect(effects.count == 1)
    }

    @Test func `a batch that a pause overtook waits, one that a cancel closed doesn't`() {
        for (state, reclaims) in [(Campaign.State.paused, 1), (.canceled, 0)] {
            var harness = DispatcherHarness()
            let restored = Restored(campaigns: [makeWork()], open: [makeOpen()])
            _ = harness.tell(.restored(restored), 0)
            // The queue found the campaign stopped and claimed nothing.
            _ = harness.tell(.committed([.claimed(nil, makeWork(state: state))]), 0)
            #expect(harness.held == 0)
            _ = harness.tell(.requested(one, .transition(id, .resume)), 1)
            #expect(
                harness.tell(.committed([makeChange(makeWork())]), 1).reclaims.count == reclaims
            )
        }
    }

    @Test func `a record after a cancel in the same commit opens nothing`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 6))
        // A claim is out; the cancel and the answer share the next commit.
        _ = harness.tell(.requested(one, .transition(id, .cancel)), 1)
        _ = harness.answer(.notSent("refused"), 1)
        _ = harness.tell(.committed([.claimed(nil, makeWork(fresh: 0))]), 1)
        let canceled = makeWork(state: .canceled)
        _ = harness.tell(.committed([makeChange(canceled), .recorded(canceled, opened: [])]), 1)
        _ = harness.tell(.requested(one, .retry(id, RetryFilter())), 2)
        #expect(harness.tell(.committed([makeChange(makeWork())]), 2).writes.isEmpty)
    }

    @Test func `a pause of all sending stops what is being claimed and survives`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 3)])), 0)
        _ = harness.tell(.pauseRequested(one, isPaused: true), 0)
        let effects = harness.tell(.committed([.claimed(makeBatch(), makeWork())]), 0.1)
        #expect(effects.calls.isEmpty)
        #expect(effects.services.map(\.isPaused) == [true])
        #expect(effects.resolutions == [.held(dueAt: at(0.1).timestamp)])
        let paused = harness.tell(.committed([.done, .recorded(makeWork(), opened: [])]), 0.2)
        #expect(paused == [.reply(one, .done)])
        let resumed = harness.tell(.pauseRequested(one, isPaused: false), 1)
        #expect(resumed.reclaims == [Batch.ID(rawValue: 1)])
    }

    // MARK: - The network

    /// One whose last three calls got no answer.
    private func makeUnreachable(onUnknown: UnknownPolicy = .resend) -> DispatcherHarness {
        var harness = DispatcherHarness()
        let work = makeWork(onUnknown: onUnknown, fresh: 1_500)
        _ = harness.tell(.restored(Restored(campaigns: [work])), 0)
        let left = makeWork(onUnknown: onUnknown, fresh: 2_000)
        let claims = (1...3).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 500), left)
        }
        _ = harness.tell(.committed(claims), 0)
        for number in 1...3 { _ = harness.answer(Int64(number), .unknown(.timeout), 0.1) }
        _ = harness.tell(.committed([.recorded(left, opened: [])]), 0.1)
        let records = [WriteResult](repeating: .recorded(left, opened: []), count: 2)
        _ = harness.tell(.committed(records), 0.1)
        return harness
    }

    /// One that was probed, and answered, in that state.
    private func makeTried(
        onUnknown: UnknownPolicy = .resend
    ) -> (DispatcherHarness, [Dispatcher.Effect]) {
        var harness = makeUnreachable(onUnknown: onUnknown)
        #expect(harness.tell(.woke, 2) == [.check([])])
        let trying = harness.tell(.checked(.answered(missing: [], unclear: [])), 20)
        return (harness, trying)
    }

    @Test func `three unknown outcomes in a row leave a probe that addresses nobody`() {
        var harness = makeUnreachable()
        #expect(harness.dispatcher.state(at(10)).0 == .unreachable)
        #expect(harness.dispatcher.state(at(10)).1?.text == "calls end unknown: timeout")
        #expect(harness.tell(.woke, 2) == [.check([])])
        #expect(!harness.tell(.woke, 2.5).contains(.check([])), "one at a time")
        let failed = harness.tell(.checked(.unknown(.timeout)), 3)
        #expect(failed.writes.isEmpty)
        #expect(!harness.tell(.woke, 4.9).contains(.check([])))
        #expect(harness.tell(.woke, 5) == [.check([])])
    }

    @Test(arguments: [UnknownPolicy.resend, .leave])
    func `an answered probe lets one recipient go as a trial`(onUnknown: UnknownPolicy) {
        var (harness, trying) = makeTried(onUnknown: onUnknown)
        #expect(trying.claims.map(\.accountLimit) == [1], "rather than batches that wait")
        #expect(trying.reclaims.isEmpty)
        let left = makeWork(onUnknown: onUnknown, fresh: 1_999)
        let called = harness.tell(.committed([.claimed(makeBatch(9, count: 1), left)]), 20)
        #expect(called.calls.count == 1)
        #expect(called.writes.isEmpty)
        #expect(harness.tell(.woke, 21).isEmpty)
        let back = harness.answer(9, ok, 22)
        #expect(back.contains(.report(.service(.running, nil))))
        #expect(back.writes.count > 1)
    }

    @Test func `a late answer while a trial is being claimed makes it a call like any other`() {
        var limits = Limits()
        limits.batchAccounts = 300
        var harness = DispatcherHarness(limits: limits)
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 1_200)])), 0)
        let claims = (1...4).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 300), makeWork())
        }
        #expect(harness.tell(.committed(claims), 0).calls.count == 4)
        for number in 1...3 { _ = harness.answer(Int64(number), .unknown(.timeout), 0.1) }
        let record = WriteResult.recorded(makeWork(), opened: [])
        _ = harness.tell(.committed([record]), 0.1)
        _ = harness.tell(.committed([record, record]), 0.1)
        _ = harness.tell(.admitted(makeWork(2, fresh: 9)), 1)
        #expect(harness.tell(.woke, 2).contains(.check([])))
        let trying = harness.tell(.checked(.answered(missing: [], unclear: [])), 3)
        #expect(trying.claims.map(\.accountLimit) == [1])
        #expect(harness.answer(4, ok, 3.1).contains(.report(.service(.running, nil))))
        let trial = makeBatch(9, campaign: 2, count: 1)
        let called = harness.tell(.committed([.claimed(trial, makeWork(2, fresh: 8))]), 3.2)
        #expect(called.calls == [trial.id])
        #expect(harness.dispatcher.inFlightCount == 1)
    }

    @Test func `with nothing left to try, the service is ready once it answers probes`() {
        var harness = makeUnreachable()
        let done = makeWork(state: .canceled, fresh: 0)
        _ = harness.tell(.admitted(done), 1)
        #expect(harness.dispatcher.state(at(20)).0 == .unreachable)
        _ = harness.tell(.woke, 20)
        _ = harness.tell(.checked(.answered(missing: [], unclear: [])), 21)
        #expect(harness.dispatcher.state(at(21)).0 == .running)
    }

    @Test func `a trial of unknown outcome spends an attempt, a refused one doesn't`() {
        for (outcome, isSpent) in [
            (Outcome.unknown(.timeout), true),
            (.refused(.retryable, code: 91_000, text: ""), false),
        ] {
            var (harness, _) = makeTried()
            _ = harness.tell(.committed([.claimed(makeBatch(9, count: 1), makeWork(fresh: 9))]), 20)
            let failed = harness.answer(9, outcome, 21)
            if isSpent {
                guard
                    case .repeated(_, "timeout", nil)? =
                        failed.resolutions.first
                else {
                    Issue.record("not repeated: \(failed)")
                    continue
                }
            } else {
                #expect(failed.resolutions == [.held(dueAt: at(21).timestamp)])
            }
            _ = harness.tell(.committed([.recorded(makeWork(fresh: 9), opened: [])]), 21)
            #expect(!harness.tell(.woke, 25.9).contains(.check([])))
            #expect(harness.tell(.woke, 26) == [.check([])], "after a rest of five seconds")
        }
    }

    @Test func `a trial that finds nobody leaves the next one to others`() {
        var (harness, _) = makeTried(onUnknown: .leave)
        let empty = makeWork(state: .paused, onUnknown: .leave)
        _ = harness.tell(.committed([.claimed(nil, empty)]), 20)
        let other = harness.tell(.admitted(makeWork(2, fresh: 100)), 22)
        #expect(other.claims.map(\.accountLimit) == [1])
    }

    @Test func `where no campaign has anything to try, all are searched once a second`() {
        var harness = makeUnreachable()
        _ = harness.tell(.admitted(makeWork(state: .paused, fresh: 2_000)), 1)
        for number in 2...201 {
            let due = at(300).timestamp
            _ = harness.tell(.admitted(makeWork(UInt64(number), retries: 1, retryDueAt: due)), 1)
        }
        #expect(harness.tell(.woke, 2) == [.check([])])
        let answered = harness.tell(.checked(.answered(missing: [], unclear: [])), 20)
        #expect(answered.claims.isEmpty)
        let looks = harness.dispatcher.lookCount
        for event in 1...50 { _ = harness.tell(.woke, 20 + Double(event) / 100) }
        #expect(harness.dispatcher.lookCount == looks)
        _ = harness.tell(.woke, 21)
        #expect(harness.dispatcher.lookCount == looks + 200)
    }

    @Test func `batches that wait are halved for a trial, a doubt about them too`() {
        var harness = DispatcherHarness()
        let open = (1...3).map { makeOpen(Int64($0), count: 4, attempts: 1, maybeAccepted: true) }
        _ = harness.tell(.restored(Restored(campaigns: [makeWork()], open: open)), 0)
        let claims = (1...3).map { number in
            WriteResult.claimed(
                makeBatch(Int64(number), count: 4, attempts: 1, maybeAccepted: true),
                makeWork()
            )
        }
        _ = harness.tell(.committed(claims), 0)
        for number in 1...3 { _ = harness.answer(Int64(number), .unknown(.timeout), 1) }
        let record = WriteResult.recorded(makeWork(), opened: [])
        _ = harness.tell(.committed([record]), 1)
        _ = harness.tell(.committed([record, record]), 1)
        _ = harness.tell(.woke, 400)
        let effects = harness.tell(.checked(.answered(missing: [], unclear: [])), 401)
        #expect(effects.resolutions == [.split(.limits)])
        #expect(effects.reclaims.isEmpty)
    }

    @Test func `one recipient who is always refused fails after the last attempt`() {
        var limits = Limits()
        limits.retry.attemptLimit = 3
        var harness = DispatcherHarness.calling(
            makeBatch(count: 1),
            work: makeWork(fresh: 1),
            limits: limits
        )
        let refused = Outcome.refused(.retryable, code: 91_000, text: "")
        var verdicts: [Verdict] = []
        for spent in 1...3 {
            guard
                case .settled(_, let list)? = harness.answer(Int64(spent), refused, 1)
                    .resolutions.first, let verdict = list.first?.verdict
            else {
                Issue.record("attempt \(spent) is not settled")
                return
            }
            verdicts.append(verdict)
            #expect(harness.dispatcher.state(at(1)).0 == .running)
            let waiting = makeWork(retries: 1, retryDueAt: at(1).timestamp)
            _ = harness.tell(.committed([.recorded(waiting, opened: [])]), 1)
            let next = makeBatch(Int64(spent) + 1, count: 1, earlierAttempts: [spent])
            if spent < 3 { _ = harness.tell(.committed([.claimed(next, makeWork())]), 1) }
        }
        #expect(verdicts.last == .failed)
        #expect(!verdicts.dropLast().contains(.failed))
    }

    @Test func `a resume ends the wait that the provider asked for`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 1_003))
        _ = harness.answer(
            .refused(.throttled(atLeast: .seconds(3_600)), code: 60_028, text: ""),
            1
        )
        let late = WriteResult.claimed(nil, makeWork(fresh: 1_000))
        _ = harness.tell(.committed([late, late]), 1)
        _ = harness.tell(.committed([.recorded(makeWork(fresh: 1_000), opened: [])]), 1)
        #expect(harness.tell(.woke, 100).writes.isEmpty)
        let resumed = harness.tell(.pauseRequested(one, isPaused: false), 100)
        #expect(!resumed.reclaims.isEmpty || !resumed.claims.isEmpty)
    }

    // MARK: - Restart and drain

    @Test func `what was out at a crash is of unknown outcome and held`() {
        var harness = DispatcherHarness()
        let hold = Hold(campaign: id, count: 3, until: at(125).instant)
        let restored = Restored(
            campaigns: [makeWork()],
            inFlight: [makeBatch()],
            holds: [hold]
        )
        let effects = harness.tell(.restored(restored), 0)
        #expect(harness.held == 3)
        guard case .record(let record)? = effects.writes.first,
            case .repeated(_, "interrupted by a restart", nil) = record.resolution
        else {
            Issue.record("not repeated: \(effects)")
            return
        }
        // Its own timeout was 60 s, as its hold knows.
        #expect(record.releaseAt == at(125).instant)
    }

    @Test func `a hold counts against the cap of a campaign that is reopened later`() {
        var harness = DispatcherHarness()
        let hold = Hold(campaign: id, count: 80, until: at(50).instant)
        _ = harness.tell(.restored(Restored(holds: [hold])), 0)
        _ = harness.tell(.requested(one, .retry(id, RetryFilter())), 1)
        let work = makeWork(cap: 100, fresh: 60)
        let effects = harness.tell(.committed([makeChange(work)]), 1)
        #expect(effects.claims.isEmpty)
        #expect(effects.wakes == [at(50).instant])
        #expect(harness.tell(.woke, 50).claims.map(\.accountLimit) == [60])
    }

    @Test func `a drain finishes the calls in flight and makes no new ones`() {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 503))
        #expect(harness.tell(.drain, 1).isEmpty)
        #expect(harness.tell(.requested(one, .delete(id)), 1) == [.reply(one, .stopping)])
        let claimed = harness.tell(.committed([.claimed(makeBatch(2), makeWork())]), 1)
        #expect(claimed.calls.isEmpty)
        #expect(claimed.resolutions == [.held(dueAt: at(1).timestamp)])
        _ = harness.tell(.committed([.recorded(makeWork(), opened: [])]), 1)
        #expect(harness.answer(ok, 2).resolutions.count == 1)
        let done = harness.tell(.committed([.recorded(makeWork(fresh: 500), opened: [])]), 2)
        #expect(done == [.stopped])
        #expect(harness.tell(.woke, 3).isEmpty)
    }

    @Test func `a drain with nothing to record stops though the store is down`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 3)])), 0)
        _ = harness.tell(.commitFailed(fault), 0)
        _ = harness.tell(.woke, 1)
        #expect(harness.tell(.drain, 1).isEmpty)
        #expect(harness.tell(.commitFailed(fault), 1) == [.stopped])
    }

    // MARK: - Room

    @Test func `small notices pass a large batch that waits for room, but not without end`() {
        var limits = Limits()
        limits.messagesPerMinute = 600
        limits.burst = 600
        var harness = DispatcherHarness(limits: limits)
        let hold = Hold(campaign: id, count: 580, until: at(50).instant)
        let large = makeWork(fresh: 5_000)
        let notices = (2...30).map { makeWork($0, fresh: 5) }
        let restored = Restored(campaigns: [large] + notices, holds: [hold])
        let effects = harness.tell(.restored(restored), 0)
        #expect(effects.claims.map(\.accountLimit) == [5, 5, 5, 5])
        #expect(!effects.claims.map(\.campaign).contains(id))
        #expect(harness.held == 600)
    }

    /// What waits is divided to the limits in force when it goes out, whichever was lowered.
    @Test(arguments: ["messagesPerMinute", "batchAccounts", "burst", "cap"], [false, true])
    func `what waits is divided to a limit that was lowered, a repeat too`(
        lowered: String,
        isDoubted: Bool
    ) {
        var limits = Limits()
        switch lowered {
        case "messagesPerMinute": limits.messagesPerMinute = 2
        case "batchAccounts": limits.batchAccounts = 2
        case "burst": limits.burst = 2
        default: break
        }
        let cap = lowered == "cap" ? 2 : nil
        var harness = DispatcherHarness(limits: limits)
        let restored = Restored(
            campaigns: [makeWork(cap: cap)],
            open: [makeOpen(count: 3, attempts: isDoubted ? 1 : 0, maybeAccepted: isDoubted)]
        )
        let effects = harness.tell(.restored(restored), 0)
        #expect(effects.resolutions == [.split(.limits)])
        #expect(effects.reclaims.isEmpty)
    }

    @Test func `what is too large by bytes comes back as halves, which go instead`() {
        var limits = Limits()
        limits.packetBytes = 1_000
        var harness = DispatcherHarness(limits: limits)
        let restored = Restored(campaigns: [makeWork()], open: [makeOpen(count: 4)])
        let effects = harness.tell(.restored(restored), 0)
        #expect(
            effects.writes == [
                .reclaim(
                    .init(
                        batch: Batch.ID(rawValue: 1),
                        byteLimit: 800,
                        timeout: limits.callTimeout,
                        quota: 12_000
                    )
                )
            ]
        )
        let halves = [makeOpen(2, count: 2), makeOpen(3, count: 2)]
        let next = harness.tell(.committed([.recorded(makeWork(), opened: halves)]), 0)
        #expect(next.reclaims == [Batch.ID(rawValue: 2), Batch.ID(rawValue: 3)])
    }

    @Test func `a lowered limit is kept from the next call on`() {
        var harness = DispatcherHarness.calling(makeBatch(count: 500), work: makeWork(fresh: 500))
        var limits = Limits()
        limits.messagesPerMinute = 600
        _ = harness.tell(.reconfigured(limits, fingerprint: "f"), 1)
        let effects = harness.tell(.admitted(makeWork(2, fresh: 1_000)), 1)
        #expect(effects.claims.map(\.accountLimit) == [70], "30 are kept for notices")
    }

    @Test func `a limit raised in mid-campaign adds its difference, and no window more`() {
        var limits = Limits()
        limits.messagesPerMinute = 600
        var harness = DispatcherHarness.calling(
            makeBatch(count: 500),
            work: makeWork(fresh: 2_000),
            limits: limits
        )
        let left = makeWork(fresh: 1_400)
        let early = harness.tell(.committed([.claimed(makeBatch(2, count: 70), left)]), 0)
        #expect(early.claims.isEmpty)
        limits.messagesPerMinute = 1_000
        let effects = harness.tell(.reconfigured(limits, fingerprint: "f"), 30)
        // All but the part that is kept for small batches.
        let claimed = effects.claims.reduce(0) { $0 + $1.accountLimit }
        #expect((390...400).contains(claimed))
    }

    @Test func `a campaign's own cap holds back that campaign alone`() {
        var harness = DispatcherHarness()
        let works = [makeWork(1, cap: 40, fresh: 1_000), makeWork(2, fresh: 1_000)]
        let effects = harness.tell(.restored(Restored(campaigns: works)), 0)
        let capped = effects.claims.filter { $0.campaign == id }
        #expect(capped.map(\.accountLimit) == [40])
        #expect(effects.claims.count > 1)
    }

    @Test func `an ended campaign is forgotten when nothing of it counts any more`() {
        var harness = DispatcherHarness.calling()
        _ = harness.answer(ok, 1)
        _ = harness.tell(.committed([.recorded(makeWork(state: .completed), opened: [])]), 1)
        #expect(harness.dispatcher.campaignCount == 1)
        _ = harness.tell(.woke, 62)
        #expect(harness.dispatcher.campaignCount == 0)
    }

    @Test func `a campaign that ended twice is forgotten once its call that is out has counted`() {
        var harness = DispatcherHarness.calling()
        let story: [(Write, Campaign.State)] = [
            (.transition(id, .cancel), .canceled), (.retry(id, RetryFilter()), .running),
            (.transition(id, .cancel), .canceled),
        ]
        for (index, (asked, state)) in story.enumerated() {
            let request = Dispatcher.Request(id: index)
            var writes = harness.tell(.requested(request, asked), Double(index)).writes
            while !writes.isEmpty {
                let results = writes.map { _ in makeChange(makeWork(state: state)) }
                writes = harness.tell(.committed(results), Double(index)).writes
            }
        }
        // Both ends are more than a minute ago, and the call has had no answer.
        _ = harness.tell(.woke, 100)
        #expect(harness.dispatcher.campaignCount == 1)
        _ = harness.answer(ok, 101)
        _ = harness.tell(.committed([.recorded(makeWork(state: .canceled), opened: [])]), 101)
        _ = harness.tell(.woke, 162)
        #expect(harness.dispatcher.campaignCount == 0)
    }

    @Test func `a campaign that rises to a class doesn't wait for what it was served before`() {
        var harness = DispatcherHarness()
        let low = makeWork(1, priority: .low, fresh: 100_000)
        let first = harness.tell(.restored(Restored(campaigns: [low])), 0)
        #expect(first.claims.count == 3)
        let claims = (1...3).map { WriteResult.claimed(makeBatch(Int64($0), count: 500), low) }
        _ = harness.tell(.committed(claims), 0)
        _ = harness.tell(.admitted(makeWork(2, priority: .high, fresh: 100_000)), 0)
        _ = harness.tell(.requested(one, .patch(id, CampaignPatch())), 0)
        var high = low
        high.settings.priority = .high
        _ = harness.tell(.committed([makeChange(high)]), 0)
        #expect(harness.tell(.woke, 30).claims.first?.campaign == id)
    }
}
