import DeliveryCore
import TestSupport
import Testing

/// Jobs: what is asked of the provider, when, and what is recorded of it.
struct JobTests {
    private static let limits: Limits = {
        var limits = Limits()
        limits.checksPerSecond = 20
        limits.verifiesPerSecond = 20
        limits.recallsPerSecond = 20
        return limits
    }()

    /// A dispatcher with one job that was running when it started, and its first step.
    private func running(
        _ kind: Job.Kind,
        perSecond: Int? = nil
    ) -> (harness: DispatcherHarness, step: JobStep?) {
        var harness = DispatcherHarness(limits: Self.limits)
        var restored = Restored()
        let job = Job(kind: kind, total: 10, callsPerSecond: perSecond, startedAt: at(0).timestamp)
        restored.jobs = [.init(campaign: makeID(), job: job)]
        let effects = harness.tell(.restored(restored), 0)
        return (harness, effects.steps.first)
    }

    private func handed(
        _ kind: Job.Kind,
        _ targets: [JobTarget] = [],
        due: [JobTarget] = [],
        next: Account? = nil,
        nextDueAt: Timestamp? = nil,
        isRunning: Bool = true
    ) -> Dispatcher.Event {
        var stepped = JobStepped(campaign: makeID(), kind: kind, isRunning: isRunning)
        stepped.walked = targets
        stepped.due = due
        stepped.next = next
        stepped.nextDueAt = nextDueAt
        stepped.message = CheckedMessage(json: [], packetOverhead: 200)
        return .committed([.stepped(stepped)])
    }

    private func messages(_ count: Int) -> [JobTarget] {
        makeAccounts(count).map {
            let acceptedAt = at(-1_000).timestamp
            return JobTarget(
                account: $0,
                content: .message(key: "k", sender: nil, acceptedAt: acceptedAt)
            )
        }
    }

    private let recalled = JobAnswer.recall(.answered(.recalled(code: 0)))

    // MARK: The walk

    @Test func `a job goes on at its cursor, asks about everybody, and ends when nobody is left`() {
        var (harness, first) = running(.recall)
        #expect(first?.walk == .init(after: nil, limit: 200), "from where its record stands")
        let calls = harness.tell(handed(.recall, messages(2)), 0.1).jobCalls
        #expect(calls.count == 1, "a rate of twenty lets one go at once")
        let second = harness.tell(.jobAnswered(calls[0].id, recalled), 0.2).jobCalls
        let names = makeAccounts(2)
        let asked: [Account] = (calls + second).compactMap { call in
            if case .recall(let recall) = call.call { recall.account } else { nil }
        }
        #expect(asked == names)
        _ = harness.tell(handed(.recall), 0.3)
        let steps = harness.tell(.jobAnswered(second[0].id, recalled), 0.5).steps
        #expect(steps.first?.results.map(\.account) == [names[1]], "the first one's is durable")
        #expect(steps.first?.cursor == names[1])
        #expect(steps.first?.end == .completed)
    }

    @Test func `results are recorded in the order of the walk: the cursor passes nobody who waits`()
    {
        var (harness, _) = running(.recall)
        var calls = harness.tell(handed(.recall, messages(3)), 0.1).jobCalls
        for seconds in [0.2, 0.3] { calls += harness.tell(.woke, seconds).jobCalls }
        let names = makeAccounts(3)
        let behind = harness.tell(.jobAnswered(calls[1].id, recalled), 0.4)
        #expect(behind.steps.isEmpty, "the first one's call is out")
        let steps = harness.tell(.jobAnswered(calls[0].id, recalled), 0.5).steps
        #expect(steps.first?.results.map(\.account) == Array(names[..<2]))
        #expect(steps.first?.cursor == names[1])
        #expect(steps.first?.end == nil)
    }

    @Test func `a check asks about a hundred accounts in a call`() {
        var (harness, _) = running(.check)
        let targets = makeAccounts(150).map { JobTarget(account: $0, content: .account) }
        var calls = harness.tell(handed(.check, targets), 0.1).jobCalls
        calls += harness.tell(.woke, 0.2).jobCalls
        let sizes: [Int] = calls.map { call in
            if case .check(let accounts) = call.call { accounts.count } else { 0 }
        }
        #expect(sizes == [100, 50])
        let missing = [targets[3].account]
        let answer = JobAnswer.check(.answered(missing: missing, unclear: []))
        let steps = harness.tell(.jobAnswered(calls[0].id, answer), 0.3).steps
        let found = steps.first?.results.filter { $0.verdict == .missing }.map(\.account)
        #expect(found == missing)
        #expect(steps.first?.results.count == 100)
    }

    @Test func `no second holds more calls than the rate, nor than a job's own`() {
        for (perSecond, most) in [(nil, 20), (5, 5)] as [(Int?, Int)] {
            var (harness, _) = running(.recall, perSecond: perSecond)
            var sent: [Double] = []
            var waiting = harness.tell(handed(.recall, messages(100)), 0.1).jobCalls.map(\.id)
            sent += waiting.map { _ in 0.1 }
            for tick in 1...400 {
                let seconds = 0.1 + Double(tick) / 100
                var effects = harness.tell(.woke, seconds)
                for id in waiting { effects += harness.tell(.jobAnswered(id, recalled), seconds) }
                waiting = effects.jobCalls.map(\.id)
                sent += waiting.map { _ in seconds }
                for step in effects.steps where !step.results.isEmpty {
                    _ = harness.tell(handed(.recall, next: step.cursor), seconds)
                }
            }
            let busiest = sent.map { start in sent.count { $0 >= start && $0 < start + 1 } }.max()
            #expect(busiest ?? 0 <= most)
            #expect(sent.count >= most * 3, "and it does go on")
        }
    }

    @Test func `of whom all is known without a call, that is recorded though nothing else happens`()
    {
        var (harness, _) = running(.recall)
        let targets = makeAccounts(3).map {
            let acceptedAt = at(-1_000).timestamp
            return JobTarget(
                account: $0,
                content: .message(key: nil, sender: nil, acceptedAt: acceptedAt)
            )
        }
        let given = harness.tell(handed(.recall, targets), 0.1)
        #expect(given.jobCalls.isEmpty && given.steps.isEmpty)
        #expect(given.wakes == [at(0.2).instant], "no step is nearer to another")
        let steps = harness.tell(.woke, 0.2).steps
        #expect(
            steps.first?.results.map(\.verdict) == [
                .kept(code: nil), .kept(code: nil), .kept(code: nil),
            ]
        )
        #expect(steps.first?.end == .completed)
    }

    @Test
    func `a history's next page is asked for at once, and a call that was throttled again later`() {
        var (harness, _) = running(.verify)
        _ = harness.tell(.woke, 60)
        let call = UnknownCall(
            numbers: CallNumbers(sequence: 1, random: 1),
            sender: nil,
            sentAt: at(-500).timestamp,
            endedAt: at(-490).timestamp
        )
        let target = JobTarget(account: makeAccounts(1)[0], content: .calls([call], attempts: 1))
        let first = harness.tell(handed(.verify, [target]), 60.1).jobCalls
        let next = HistoryPosition(time: 7, key: [7])
        let page = JobAnswer.lookUp(.answered(HistoryPage(found: nil, next: next)))
        let second = harness.tell(.jobAnswered(first[0].id, page), 60.3).jobCalls
        guard case .lookUp(let lookUp)? = second.first?.call else {
            Issue.record("the history goes on")
            return
        }
        #expect(lookUp.account == target.account && lookUp.position == next)
        let refusal = Outcome.Refusal.throttled(atLeast: .seconds(2))
        let slow = JobAnswer.lookUp(.refused(refusal, code: 1, text: "slow"))
        #expect(harness.tell(.jobAnswered(second[0].id, slow), 60.5).jobCalls.isEmpty)
        let again = harness.tell(.woke, 120).jobCalls
        #expect(again.map(\.call) == [.lookUp(lookUp)])
    }

    // MARK: What holds it up

    @Test func `while all sending is paused a job stands still, and says so`() {
        var (harness, _) = running(.recall)
        _ = harness.tell(.pauseRequested(.init(id: 1), isPaused: true), 0.05)
        let calls = harness.tell(handed(.recall, messages(2)), 0.1).jobCalls
        #expect(calls.isEmpty)
        var campaign = makeCampaign()
        campaign.jobs = [Job(kind: .recall, total: 2, startedAt: at(0).timestamp)]
        let waiting = harness.dispatcher.progress(of: campaign, at(0.2))[.recall]
        #expect(waiting?.waitsFor?.text == "paused")
        #expect(waiting?.eta == nil)
        _ = harness.tell(.committed([.done]), 0.2)
        let resumed = harness.tell(.pauseRequested(.init(id: 2), isPaused: false), 0.3)
        #expect(resumed.jobCalls.count == 1)
        #expect(harness.dispatcher.progress(of: campaign, at(0.4))[.recall]?.waitsFor == nil)
    }

    @Test func `a job that is stopped records what is out, and asks about nobody else`() {
        var (harness, _) = running(.recall)
        let calls = harness.tell(handed(.recall, messages(2)), 0.1).jobCalls
        var campaign = makeCampaign(state: .completed)
        campaign.jobs = [
            Job(kind: .recall, state: .stopped, total: 2, startedAt: at(0).timestamp)
        ]
        let work = makeWork(state: .completed)
        _ = harness.tell(.requested(.init(id: 1), .stopJob(makeID(), .recall)), 0.2)
        let change = WriteResult.Change(campaign: campaign, work: work)
        let stopped = harness.tell(.committed([.changed(.success(change))]), 0.3)
        #expect(stopped.jobCalls.isEmpty)
        let steps = harness.tell(.jobAnswered(calls[0].id, recalled), 0.5).steps
        #expect(steps.first?.results.map(\.account) == [makeAccounts(1)[0]])
        #expect(steps.first?.walk == nil)
        #expect(steps.first?.end == nil, "it has ended already")
    }

    @Test func `a refusal of all calls halts a job with its reason`() {
        var (harness, _) = running(.recall)
        let calls = harness.tell(handed(.recall, messages(2)), 0.1).jobCalls
        let refusal = JobAnswer.recall(.refused(.campaign, code: 90_008, text: "no sender"))
        let steps = harness.tell(.jobAnswered(calls[0].id, refusal), 0.3).steps
        #expect(steps.first?.end == .halted(Campaign.Reason(code: 90_008, text: "no sender")))
        #expect(steps.first?.results.isEmpty == true)
    }

    @Test func `refused credentials halt all sending, whichever call they came with`() {
        var (harness, _) = running(.recall)
        let calls = harness.tell(handed(.recall, messages(2)), 0.1).jobCalls
        let refusal = JobAnswer.recall(.refused(.credentials, code: 70_003, text: "bad key"))
        let effects = harness.tell(.jobAnswered(calls[0].id, refusal), 0.3)
        #expect(effects.services.first?.halt?.reason.code == 70_003)
        #expect(harness.dispatcher.state(at(0.4)).0 == .halted)
    }

    @Test func `results in a commit that failed are recorded by the next one`() {
        var (harness, _) = running(.recall)
        let calls = harness.tell(handed(.recall, messages(1)), 0.1).jobCalls
        let first = harness.tell(.jobAnswered(calls[0].id, recalled), 0.3).steps
        #expect(first.first?.results.count == 1)
        _ = harness.tell(.commitFailed(.full("no room")), 0.4)
        let again = harness.tell(.woke, 2).steps
        #expect(again.first?.results == first.first?.results)
        #expect(again.first?.cursor == first.first?.cursor)
    }

    @Test func `a drain waits for the calls that are out, and records them`() {
        var (harness, _) = running(.recall)
        let calls = harness.tell(handed(.recall, messages(2)), 0.1).jobCalls
        #expect(!harness.tell(.drain, 0.2).contains(.stopped))
        let recording = harness.tell(.jobAnswered(calls[0].id, recalled), 0.5)
        #expect(recording.steps.first?.results.count == 1)
        #expect(!recording.contains(.stopped))
        #expect(harness.tell(handed(.recall), 0.6).contains(.stopped))
    }

    // MARK: The policy verify

    @Test func `under verify, recipients of a call of unknown outcome are looked up after a while`()
    {
        let work = makeWork(onUnknown: .verify)
        var harness = DispatcherHarness.calling(work: work, limits: Self.limits)
        let ended = harness.answer(.unknown(.timeout), 10)
        let due = at(70).timestamp
        #expect(ended.resolutions == [.lookedUp(from: due, info: "timeout", code: nil)])
        var waiting = work
        waiting.lookUpDueAt = due
        let recorded = harness.tell(.committed([.recorded(waiting, opened: [])]), 10.1)
        #expect(recorded.steps.isEmpty, "the history may not show it yet")
        let steps = harness.tell(.woke, 70).steps
        #expect(steps.first?.kind == .settle)
        #expect(steps.first?.due == .init(by: due, limit: 200))
        let call = UnknownCall(
            numbers: CallNumbers(sequence: 1, random: 7),
            sender: nil,
            sentAt: at(0).timestamp,
            endedAt: at(10).timestamp
        )
        let target = JobTarget(account: makeAccounts(1)[0], content: .calls([call], attempts: 1))
        let calls = harness.tell(handed(.settle, due: [target]), 70.1).jobCalls
        let found = FoundCall(numbers: call.numbers, messageKey: "key")
        let page = HistoryPage(found: found, next: nil)
        let answer = JobAnswer.lookUp(.answered(page))
        let settled = harness.tell(.jobAnswered(calls[0].id, answer), 70.5).steps
        #expect(
            settled.first?.results == [JobResult(account: target.account, verdict: .found(found))]
        )
    }

    @Test func `recipients that are handed out before their call has settled wait on`() {
        let work = makeWork(onUnknown: .verify)
        var harness = DispatcherHarness.calling(work: work, limits: Self.limits)
        _ = harness.answer(.unknown(.timeout), 10)
        var waiting = work
        waiting.lookUpDueAt = at(70).timestamp
        _ = harness.tell(.committed([.recorded(waiting, opened: [])]), 10.1)
        #expect(harness.tell(.woke, 70).steps.count == 1)
        // The call's end was written down when its commit ran, a little later.
        let call = UnknownCall(
            numbers: CallNumbers(sequence: 1, random: 7),
            sender: nil,
            sentAt: at(0).timestamp,
            endedAt: at(10.05).timestamp
        )
        let target = JobTarget(account: makeAccounts(1)[0], content: .calls([call], attempts: 1))
        let early = harness.tell(handed(.settle, due: [target]), 70.01)
        #expect(early.jobCalls.isEmpty && early.steps.isEmpty)
        #expect(early.wakes == [at(70.2).instant])
        let steps = harness.tell(.woke, 70.2).steps
        let verdict = JobResult.Verdict.deferred(until: at(70.05).timestamp, isFailure: false)
        #expect(steps.first?.results == [JobResult(account: target.account, verdict: verdict)])
    }

    @Test func `the calls of a killed process are looked up, not repeated`() {
        var restored = Restored(campaigns: [makeWork(onUnknown: .verify)])
        restored.inFlight = [makeBatch()]
        restored.holds = [Hold(campaign: makeID(), count: 3, until: at(75).instant)]
        var harness = DispatcherHarness(limits: Self.limits)
        let effects = harness.tell(.restored(restored), 0)
        guard case .lookedUp(let from, _, _)? = effects.resolutions.first else {
            Issue.record("an interrupted call is of unknown outcome")
            return
        }
        #expect(from == at(60).timestamp)
    }

    @Test func `a wall clock that is set has the history asked later, and for longer`() {
        var (harness, _) = running(.verify)
        #expect(harness.tell(.woke, 60).steps.count == 1, "a settling time after the start")
        let call = UnknownCall(
            numbers: CallNumbers(sequence: 1, random: 1),
            sender: nil,
            sentAt: at(0).timestamp,
            endedAt: at(10).timestamp
        )
        let target = JobTarget(account: makeAccounts(1)[0], content: .calls([call], attempts: 1))
        var later = at(200)
        later.timestamp = at(3_800).timestamp
        let set = harness.dispatcher.handle(handed(.verify, [target]), now: later)
        #expect(set.jobCalls.isEmpty)
        var settled = at(260)
        settled.timestamp = at(3_860).timestamp
        let calls = harness.dispatcher.handle(.woke, now: settled).jobCalls
        guard case .lookUp(let lookUp)? = calls.first?.call else {
            Issue.record("a settling time after the step it is asked")
            return
        }
        #expect(lookUp.calls.first?.sentAt == at(-3_600).timestamp)
        #expect(lookUp.calls.first?.endedAt == at(3_610).timestamp)
    }

    @Test func `calls of a campaign that has ended are looked up as well after a kill`() {
        let ended = makeWork(state: .canceled, onUnknown: .verify)
        var restored = Restored(campaigns: [ended])
        restored.inFlight = [makeBatch()]
        restored.holds = [Hold(campaign: makeID(), count: 3, until: at(75).instant)]
        var harness = DispatcherHarness(limits: Self.limits)
        let effects = harness.tell(.restored(restored), 0)
        guard case .lookedUp? = effects.resolutions.first else {
            Issue.record("it is of unknown outcome, whatever became of its campaign")
            return
        }
    }

    @Test func `look-ups take nothing of the quota, and a message's call doesn't wait for them`() {
        var (harness, _) = running(.verify)
        let call = UnknownCall(
            numbers: CallNumbers(sequence: 1, random: 1),
            sender: nil,
            sentAt: at(-500).timestamp,
            endedAt: at(-490).timestamp
        )
        let targets = makeAccounts(200).map {
            JobTarget(account: $0, content: .calls([call], attempts: 1))
        }
        let held = harness.held
        #expect(harness.tell(.woke, 60).steps.first?.kind == .verify)
        let calls = harness.tell(handed(.verify, targets), 60.1).jobCalls
        #expect(!calls.isEmpty)
        #expect(harness.held == held)
        let effects = harness.tell(.admitted(makeWork(2, fresh: 3)), 60.11)
        #expect(effects.claims.count == 1)
    }
}

extension [Dispatcher.Effect] {
    /// The steps of jobs in the commits asked for.
    fileprivate var steps: [JobStep] {
        writes.compactMap { write in
            if case .stepJob(let step) = write { step } else { nil }
        }
    }

    fileprivate var jobCalls: [(id: JobCall.ID, call: JobCall)] {
        compactMap { effect in
            if case .jobCall(let id, let call) = effect { (id, call) } else { nil }
        }
    }
}
