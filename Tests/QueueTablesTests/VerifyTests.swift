import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// A job that looks a campaign's unknown recipients up in the provider's history.
@Suite struct VerifyTests {
    private let stores = Stores()
    private let accounts = makeAccounts(8)

    /// A store whose eight recipients are unknown after two calls, and one more was sent.
    private func makeStore(_ kind: StoreKind, rowsPerStep: Int = 5_000) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: rowsPerStep)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(9)), now: at(0))
        let left = Resolution.unknown(info: "timeout", code: nil)
        for _ in 0..<2 {
            let batch = try await store.claim(makeClaim(accountLimit: 4), now: at(1))
            try await store.commit(makeRecord(batch.id, left), now: at(2))
        }
        try await store.commit(makeRecord(try await store.claim(now: at(3)).id), now: at(4))
        return store
    }

    private func job(_ store: Store) async throws -> Job {
        try #require(try await store.campaign(makeID())?.jobs.first)
    }

    @Test(arguments: StoreKind.allCases)
    func `it is durable, shown with its campaign, and found by a start`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let change = try await store.change(makeStart(.verify, callsPerSecond: 20), now: at(10))
        let job = Job(
            kind: .verify,
            total: 8,
            callsPerSecond: 20,
            startedAt: at(10).timestamp
        )
        #expect(change.campaign.jobs == [job] && change.campaign.state == .completed)
        #expect(try await store.campaign(makeID())?.jobs == [job])
        let listed = try await store.campaigns(
            matching: .init(states: [.completed]),
            before: nil,
            limit: 5
        ).campaigns
        #expect(listed.map(\.jobs) == [[job]])
        let again = store.reopened(bootID: "boot-2")
        let restored = try await again.restore(now: at(11))
        #expect(restored.jobs == [.init(campaign: makeID(), job: job)])
        #expect(restored.campaigns.isEmpty)
    }

    @Test(arguments: StoreKind.allCases, [1, 3, 5_000])
    func `the walk hands out everybody once, in steps`(kind: StoreKind, rows: Int) async throws {
        let store = try await makeStore(kind, rowsPerStep: rows)
        _ = try await store.change(makeStart(.verify), now: at(10))
        var step = try await store.step(makeStep(.verify, walk: 3), now: at(11))
        var walked = step.walked
        var steps = 1
        while let next = step.next, steps < 30 {
            step = try await store.step(makeStep(.verify, walk: 3, after: next), now: at(11))
            walked += step.walked
            #expect(step.walked.count <= min(3, rows))
            steps += 1
        }
        #expect(walked.map(\.account) == accounts && step.isRunning)
        #expect(walked.allSatisfy { $0.calls.count == 1 && $0.attempts == 1 })
    }

    @Test(arguments: StoreKind.allCases)
    func `found ones are sent, absent ones stay unknown and say when they were looked up`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.verify), now: at(10))
        let walked = try await store.step(makeStep(.verify, walk: 100), now: at(11)).walked
        // The key is the call's: recipients of two calls have two.
        let found = try [walked[0], walked[1], walked[4]].map { target in
            let key = target.account == accounts[4] ? "second" : "first"
            let verdict = JobResult.Verdict.found(
                makeFound(try #require(target.calls.first), key: key)
            )
            return JobResult(account: target.account, verdict: verdict)
        }
        let absent = makeResults([accounts[2], accounts[3]], .absent(dueAt: at(99).timestamp))
        let unclear = makeResults([accounts[5]], .unclear(nil))
        let refused = makeResults([accounts[6]], .refused(code: 90_003))
        let results = found + absent + unclear + refused
        let step = try await store.step(
            makeStep(.verify, results: results, cursor: accounts[6]),
            now: at(20)
        )
        #expect(step.tally[.found] == 3 && step.tally[.absent] == 3 && step.tally[.unclear] == 1)
        #expect(step.job?.tally == step.tally && step.job?.state == .running)
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.counts == makeCounts([\.sent: 4, \.unknown: 4, \.failed: 1]))
        #expect(campaign.state == .completed && step.work?.retryCount == 0)
        let all = try await store.everybody()
        #expect(
            all.map(\.messageKey) == ["first", "first", nil, nil, "second"] + [
                nil, nil, nil, "key",
            ]
        )
        #expect(all[2].info == "looked up 2023-11-14T22:13:40.000Z: the history doesn't show it")
        #expect(all[2].updatedAt == at(20).timestamp && all[2].nextAttemptAt == nil)
        #expect(all[5].info == "timeout" && all[5].updatedAt == at(20).timestamp)
        #expect(try await store.contradictions() == [])
        // A retry of whom the history doesn't show counts nobody as resent.
        _ = try await store.change(.retry(makeID(), RetryFilter(failed: false)), now: at(21))
        let claim = makeClaim(source: .dueRetries)
        let batch = try await store.claim(claim, now: at(22))
        #expect(Array(batch.accounts) == [accounts[2], accounts[3], accounts[5], accounts[7]])
        #expect(batch.maybeAcceptedBefore == [accounts[5], accounts[7]])
        #expect(try await store.campaign(makeID())?.resent == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `a result comes too late for who was put back meanwhile`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.verify), now: at(10))
        let walked = try await store.step(makeStep(.verify, walk: 100), now: at(11)).walked
        _ = try await store.change(.retry(makeID(), RetryFilter()), now: at(12))
        let found = makeResults(
            accounts,
            .found(makeFound(try #require(walked.first?.calls.first)))
        )
        let step = try await store.step(makeStep(.verify, results: found), now: at(13))
        #expect(step.tally.done == 0)
        #expect(try await store.counts() == makeCounts([\.sent: 1, \.queued: 8]))
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `it ends only when nobody is put off any more`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.verify), now: at(10))
        let putOff = makeResults(
            [accounts[0]],
            .deferred(until: at(40).timestamp, isFailure: true)
        )
        let unclear = makeResults(Array(accounts.dropFirst()), .unclear("too old"))
        let cursor = accounts[7]
        let first = try await store.step(
            makeStep(.verify, results: putOff + unclear, cursor: cursor, walk: 9, end: .completed),
            now: at(20)
        )
        #expect(first.isRunning && first.walked.isEmpty && first.next == nil)
        #expect(first.nextDueAt == at(40).timestamp)
        // After a restart it doesn't ask about the others again.
        let again = store.reopened(bootID: "boot-2")
        _ = try await again.restore(now: at(30))
        let second = try await again.step(makeStep(.verify, walk: 9, due: at(40)), now: at(40))
        #expect(second.walked.isEmpty && second.next == nil)
        #expect(second.due.map(\.account) == [accounts[0]] && second.due[0].failures == 1)
        let last = try await again.step(
            makeStep(
                .verify,
                results: makeResults([accounts[0]], .absent(dueAt: nil)),
                end: .completed
            ),
            now: at(41)
        )
        #expect(!last.isRunning && last.job?.state == .completed && last.message == nil)
        #expect(last.job?.finishedAt == at(41).timestamp && last.job?.tally.done == 8)
        #expect(try await again.restore(now: at(42)).jobs.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `stopped, it takes results and hands out nobody; asked again, it goes on`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.verify), now: at(10))
        let walked = try await store.step(makeStep(.verify, walk: 4), now: at(11)).walked
        let stopped = try await store.change(.stopJob(makeID(), .verify), now: at(12))
        #expect(stopped.campaign.jobs.map(\.state) == [.stopped])
        #expect(stopped.campaign.jobs[0].finishedAt == at(12).timestamp)
        #expect(try await store.refusal(.stopJob(makeID(), .verify)) == .noJob(.verify))
        let absent = makeResults(walked.map(\.account), .absent(dueAt: nil))
        let late = try await store.step(
            makeStep(.verify, results: absent, cursor: accounts[3], walk: 4, due: at(99)),
            now: at(13)
        )
        #expect(!late.isRunning && late.walked.isEmpty && late.next == nil && late.due.isEmpty)
        #expect(late.job?.tally[.absent] == 4 && late.job?.state == .stopped)
        let change = try await store.change(makeStart(.verify), now: at(14))
        #expect(change.campaign.jobs[0].total == 4 && change.campaign.jobs[0].tally.done == 0)
        #expect(change.campaign.jobs[0].finishedAt == nil)
        let step = try await store.step(makeStep(.verify, walk: 9), now: at(15))
        #expect(step.walked.map(\.account) == Array(accounts.dropFirst(4)))
    }

    @Test(arguments: StoreKind.allCases)
    func `halted, it says why and can be asked for again`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.verify), now: at(10))
        let reason = Campaign.Reason(code: 70_402, text: "refused")
        let step = try await store.step(makeStep(.verify, end: .halted(reason)), now: at(11))
        #expect(!step.isRunning && step.job?.state == .halted && step.job?.reason == reason)
        #expect(try await job(store).reason == reason)
        let change = try await store.change(makeStart(.verify), now: at(12))
        #expect(change.campaign.jobs[0].state == .running && change.campaign.jobs[0].reason == nil)
        #expect(change.campaign.jobs[0].total == 8)
    }

    @Test(arguments: StoreKind.allCases)
    func `one job at a time, and none without anybody to ask about`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        #expect(try await store.refusal(makeStart(.verify, of: makeID(2))) == .notFound)
        _ = try await store.create(makeNewCampaign(makeID(2), start: false), now: at(0))
        let draft = try await store.refusal(makeStart(.verify, of: makeID(2)))
        #expect(draft == .wrongState(.draft))
        _ = try await store.change(makeStart(.verify), now: at(10))
        for kind in [Job.Kind.verify, .recall] {
            #expect(try await store.refusal(makeStart(kind)) == .jobRunning(.verify))
        }
        #expect(try await store.refusal(.stopJob(makeID(), .recall)) == .noJob(.recall))
        #expect(try await store.refusal(.delete(makeID())) == .jobRunning(.verify))
        let swept = try await store.sweep(since: at(1_000), now: at(2_000))
        #expect(swept.retired == [makeID(2)])
        let absent = makeResults(accounts, .absent(dueAt: nil))
        try await store.step(makeStep(.verify, results: absent, end: .completed), now: at(20))
        #expect(try await store.refusal(makeStart(.verify)) == .nobodyLeft(.verify))
        // What it found is shown until the campaign goes, and goes with it.
        #expect(try await job(store).state == .completed)
        #expect(try await store.sweep(since: at(1_000), now: at(2_000)).retired == [makeID()])
        while try await store.sweep(now: at(2_000)).hasMore {}
        #expect(try await store.strayRowCount() == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `a step for a campaign that is gone finds nobody`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.verify), now: at(10))
        _ = try await store.change(.stopJob(makeID(), .verify), now: at(11))
        _ = try await store.change(.delete(makeID()), now: at(12))
        let late = makeStep(.verify, results: makeResults(accounts, .unclear(nil)), walk: 9)
        let step = try await store.step(late, now: at(13))
        #expect(step == JobStepped(campaign: makeID(), kind: .verify, isRunning: false))
    }

    @Test(arguments: StoreKind.allCases)
    func `a delete leaves the rows of unknown calls to steps of bounded size`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind, rowsPerStep: 3)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(9)), now: at(0))
        let left = Resolution.unknown(info: "timeout", code: nil)
        for _ in 0..<9 {
            let batch = try await store.claim(makeClaim(accountLimit: 1), now: at(1))
            try await store.commit(makeRecord(batch.id, left), now: at(2))
        }
        _ = try await store.change(.delete(makeID()), now: at(3))
        // States, batches and calls of nine, their block, and the note that they are to go.
        var stray = try await store.strayRowCount()
        #expect(stray == 3 * 9 + 1 + 1)
        while try await store.sweep().hasMore {
            let now = try await store.strayRowCount()
            #expect((1...4).contains(stray - now))
            stray = now
        }
        #expect(try await store.strayRowCount() == 0)
    }
}
