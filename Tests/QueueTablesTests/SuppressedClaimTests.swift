import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What a claim does with recipients that are on the list of accounts that must not be addressed.
@Suite struct SuppressedClaimTests {
    private let stores = Stores()
    private let accounts = makeAccounts(12)

    private func makeStore(_ kind: StoreKind, rowsPerStep: Int = 5_000) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: rowsPerStep)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        return store
    }

    private func some(_ places: Int...) -> [Account] { places.map { accounts[$0] } }
    private func run(_ places: Int...) -> AccountRun { AccountRun(places.map { accounts[$0] }) }

    private func repeated(_ seconds: Double = 2) -> Resolution {
        .repeated(dueAt: at(seconds).timestamp, info: "timeout", code: nil)
    }

    // MARK: Never addressed

    @Test(arguments: StoreKind.allCases)
    func `who is on the list is passed over, others take the places, and the call has those alone`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        try await store.suppress(some(0, 2, 3, 9))
        let batch = try await store.claim(makeClaim(accountLimit: 5), now: at(1))
        #expect(batch.accounts == run(1, 4, 5, 6, 7))
        #expect(
            try await store.counts() == makeCounts([\.queued: 4, \.sending: 5, \.suppressed: 3])
        )
        let one = try #require(try await store.recipient(accounts[2], of: makeID()))
        #expect(one.status == .suppressed && one.attempts == 0 && one.code == nil)
        #expect(one.info == "on the suppression list when its turn came")
        #expect(one.updatedAt == at(1).timestamp && one.nextAttemptAt == nil)
        #expect(try await store.contradictions() == [])
        // An answer may name anybody; who was passed over had no part in the call.
        let verdicts = some(1, 2).map { makeVerdict($0) }
        let settled = Resolution.settled(messageKey: "k", verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled), now: at(2))
        let last = try await store.claim(makeClaim(accountLimit: 5), now: at(3))
        #expect(last.accounts == run(8, 10, 11))
        try await store.commit(makeRecord(last.id), now: at(4))
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.state == .completed)
        #expect(campaign.counts == makeCounts([\.sent: 7, \.failed: 1, \.suppressed: 4]))
        #expect(campaign.failures == [Campaign.Failure(code: 70_107, count: 1)])
        #expect(try await store.contradictions() == [])
        #expect(store.ended.suppressed == 4)
        // They cost nothing of the quota.
        let minutes = try await store.traffic(since: at(0).timestamp, per: .minute)
        #expect(minutes.map(\.addressed) == [8])
        #expect(try await store.restore(now: at(5)).holds.map(\.count).reduce(0, +) == 8)
    }

    @Test(arguments: StoreKind.allCases)
    func `where everybody left is on the list there is no call, and the campaign completes`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        try await store.suppress(accounts)
        let result = try await store.commit(makeClaim(accountLimit: 5), now: at(3))
        guard case .claimed(nil, let work?) = result else { throw NothingClaimed() }
        #expect(work.state == .completed && work.freshCount == 0)
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.counts == makeCounts([\.suppressed: 12]))
        #expect(campaign.finishedAt == at(3).timestamp)
        #expect(try await store.contradictions() == [])
        #expect(try await store.traffic(since: at(0).timestamp, per: .minute) == [])
        _ = try await store.change(.delete(makeID()), now: at(4))
        #expect(try await store.sweep().hasMore == false)
        #expect(try await store.strayRowCount() == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `a long run of them takes several claims, each of which gets on`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind, rowsPerStep: 3)
        try await store.suppress(Array(accounts[1..<11]))
        let first = try await store.claim(makeClaim(accountLimit: 2))
        #expect(first.accounts == run(0))
        var left: [Int] = []
        for _ in 0..<9 {
            let result = try await store.commit(makeClaim(accountLimit: 2))
            guard case .claimed(nil, let work?) = result else { break }
            left.append(work.freshCount)
        }
        #expect(left == [4])
        #expect(try await store.counts() == makeCounts([\.sending: 2, \.suppressed: 10]))
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `a batch that is full by its bytes leaves those behind it alone`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        try await store.suppress(some(1, 3, 5))
        // Of "user-00000", in quotes and with a comma, three fit.
        let batch = try await store.claim(makeClaim(byteLimit: 39))
        #expect(batch.accounts == run(0, 2, 4))
        #expect(
            try await store.counts() == makeCounts([\.queued: 7, \.sending: 3, \.suppressed: 2])
        )
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `they are passed over beside those whom a check has failed`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let draft = makeNewCampaign(accounts: accounts, start: false)
        _ = try await store.create(draft, now: at(0))
        _ = try await store.change(makeStart(.check), now: at(1))
        let step = makeStep(
            .check,
            results: makeResults(some(1, 4, 11), .missing),
            cursor: accounts[11],
            end: .completed
        )
        try await store.step(step, now: at(1))
        _ = try await store.change(.transition(makeID(), .start), now: at(2))
        try await store.suppress(some(0, 1, 5, 10))
        #expect(try await store.claim(makeClaim(accountLimit: 4)).accounts == run(2, 3, 6, 7))
        #expect(try await store.claim(makeClaim(accountLimit: 4)).accounts == run(8, 9))
        let counts = makeCounts([\.sending: 6, \.suppressed: 3, \.failed: 3])
        #expect(try await store.counts() == counts)
        #expect(try await store.contradictions() == [])
    }

    // MARK: Due again

    @Test(arguments: StoreKind.allCases)
    func `a retry of their own that is due is passed over, with the attempts it had`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim()
        let verdicts = accounts.enumerated().map { index, account in
            makeVerdict(account, .retry(dueAt: at(Double(2 + index)).timestamp), code: 91_000)
        }
        let settled = Resolution.settled(messageKey: nil, verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled), now: at(1))
        try await store.suppress(some(0, 1, 4, 11))
        let due = try await store.claim(
            makeClaim(source: .dueRetries, accountLimit: 4),
            now: at(8)
        )
        #expect(due.accounts == run(2, 3, 5, 6))
        #expect(due.earlierAttempts == [1, 1, 1, 1])
        let one = try #require(try await store.recipient(accounts[4], of: makeID()))
        #expect(one.status == .suppressed && one.attempts == 1 && one.code == nil)
        let counts = makeCounts([\.sending: 4, \.retrying: 5, \.suppressed: 3])
        #expect(try await store.counts() == counts)
        #expect(try await store.contradictions() == [])
        // By now only the last one is due that is on the list.
        _ = try await store.claim(makeClaim(source: .dueRetries), now: at(12))
        let result = try await store.commit(makeClaim(source: .dueRetries), now: at(13))
        guard case .claimed(nil, let work?) = result else { throw NothingClaimed() }
        #expect(work.retryCount == 0 && work.retryDueAt == nil)
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `many that are due take several claims, each of which gets on`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind, rowsPerStep: 3)
        let batch = try await store.claim()
        let verdicts = accounts.map { makeVerdict($0, .retry(dueAt: at(2).timestamp)) }
        let settled = Resolution.settled(messageKey: nil, verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled), now: at(1))
        try await store.suppress(Array(accounts[..<11]))
        var left: [Int] = []
        for _ in 0..<9 {
            let claim = makeClaim(source: .dueRetries, accountLimit: 1)
            let result = try await store.commit(claim, now: at(3))
            guard case .claimed(nil, let work?) = result else { break }
            left.append(work.retryCount)
        }
        #expect(left == [9, 6, 3])
        #expect(try await store.counts() == makeCounts([\.sending: 1, \.suppressed: 11]))
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `who may have been accepted earlier ends as unknown`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim()
        try await store.commit(makeRecord(batch.id, repeated()))
        let again = try await store.claim(makeReclaim(batch.id), now: at(3))
        let verdicts = some(0, 1, 2).map {
            makeVerdict($0, .retry(dueAt: at(4).timestamp), code: 91_000)
        }
        let settled = Resolution.settled(messageKey: "k", verdicts: verdicts)
        try await store.commit(makeRecord(again.id, settled), now: at(3))
        try await store.suppress(some(0, 1))
        let due = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        #expect(due.accounts == run(2))
        let one = try #require(try await store.recipient(accounts[0], of: makeID()))
        #expect(one.status == .unknown && one.attempts == 2 && one.code == 91_000)
        let info =
            "on the suppression list when its turn came; an earlier call may have been accepted"
        #expect(one.info == info)
        let counts = makeCounts([\.sending: 1, \.sent: 9, \.unknown: 2])
        #expect(try await store.counts() == counts)
        #expect(try await store.contradictions() == [])
        #expect(try await store.campaign(makeID())?.resent == 13)
        // The history can still be asked about them.
        #expect(try await store.change(makeStart(.verify)).campaign.jobs.map(\.total) == [2])
    }

    @Test(arguments: StoreKind.allCases)
    func `whom the history didn't show becomes suppressed`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim()
        let lookedUp = Resolution.lookedUp(from: at(2).timestamp, info: "timeout", code: nil)
        try await store.commit(makeRecord(batch.id, lookedUp))
        let results = makeResults(accounts, .absent(dueAt: at(3).timestamp))
        try await store.step(makeStep(.settle, results: results), now: at(3))
        try await store.suppress(some(0, 5))
        let due = try await store.claim(makeClaim(source: .dueRetries), now: at(4))
        #expect(due.accounts.count == 10 && due.maybeAcceptedBefore.isEmpty)
        #expect(try await store.counts() == makeCounts([\.sending: 10, \.suppressed: 2]))
        // Held, it is the same.
        try await store.commit(makeRecord(due.id, .held(dueAt: at(5).timestamp)), now: at(4))
        try await store.suppress(some(1))
        #expect(try await store.claim(makeReclaim(due.id), now: at(6)).accounts.count == 9)
        #expect(try await store.counts() == makeCounts([\.sending: 9, \.suppressed: 3]))
        #expect(try await store.contradictions() == [])
    }

    // MARK: Batches that wait

    @Test(arguments: StoreKind.allCases)
    func `they leave a batch that was held, which goes out with the others`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim(makeClaim(accountLimit: 6))
        try await store.commit(makeRecord(batch.id, .held(dueAt: at(2).timestamp)))
        try await store.suppress(some(0, 3, 5))
        let again = try await store.claim(makeReclaim(batch.id), now: at(3))
        #expect(again.accounts == run(1, 2, 4) && again.numbers == batch.numbers)
        let counts = makeCounts([\.queued: 6, \.sending: 3, \.suppressed: 3])
        #expect(try await store.counts() == counts)
        #expect(try await store.contradictions() == [])
        // A crash finds the smaller call.
        let restored = try await store.reopened(bootID: "boot-2").restore(now: at(4))
        #expect(restored.inFlight.map(\.accounts) == [run(1, 2, 4)])
        #expect(restored.holds.map(\.count) == [6, 3])
        try await store.commit(makeRecord(batch.id, .split(.refused)), now: at(5))
        let halves = try await store.restore(now: at(5)).open
        #expect(halves.map(\.count) == [2, 1])
        let half = try await store.claim(makeReclaim(halves[0].id), now: at(6))
        #expect(half.accounts == run(1, 2))
        try await store.commit(.transition(makeID(), .cancel), now: at(7))
        try await store.commit(makeRecord(half.id), now: at(8))
        let ended = makeCounts([\.sent: 2, \.canceled: 7, \.suppressed: 3])
        #expect(try await store.counts() == ended)
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `they leave a batch of retries that was held`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim()
        try await store.commit(makeRecord(batch.id, repeated()))
        let again = try await store.claim(makeReclaim(batch.id), now: at(3))
        let doubted = some(0, 1).map { makeVerdict($0, .retry(dueAt: at(4).timestamp)) }
        let settled = Resolution.settled(messageKey: "k", verdicts: doubted)
        try await store.commit(makeRecord(again.id, settled), now: at(3))
        let due = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        try await store.commit(makeRecord(due.id, .held(dueAt: at(6).timestamp)), now: at(5))
        try await store.suppress(some(0))
        let smaller = try await store.claim(makeReclaim(due.id), now: at(7))
        #expect(smaller.accounts == run(1) && smaller.earlierAttempts == [2])
        #expect(try await store.status(accounts[0]) == .unknown)
        #expect(try await store.contradictions() == [])
        try await store.commit(makeRecord(due.id), now: at(8))
        let counts = makeCounts([\.sent: 11, \.unknown: 1])
        #expect(try await store.counts() == counts)
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `they leave a call that is to be repeated, and end as unknown`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim()
        try await store.commit(makeRecord(batch.id, repeated()))
        try await store.suppress(some(2, 7))
        let again = try await store.claim(makeReclaim(batch.id), now: at(3))
        #expect(again.accounts.count == 10 && again.numbers == batch.numbers)
        let counts = makeCounts([\.sending: 10, \.unknown: 2])
        #expect(try await store.counts() == counts)
        #expect(try await store.campaign(makeID())?.resent == 10)
        let one = try #require(try await store.recipient(accounts[2], of: makeID()))
        #expect(one.attempts == 1 && one.info?.hasPrefix("on the suppression list") == true)
        try await store.commit(makeRecord(batch.id), now: at(4))
        #expect(try await store.counts() == makeCounts([\.sent: 10, \.unknown: 2]))
        #expect(try await store.contradictions() == [])
        // Which call addressed them is known, so they can be looked up.
        _ = try await store.change(makeStart(.verify))
        let step = try await store.step(makeStep(.verify, walk: 9))
        #expect(step.walked.map(\.account) == some(2, 7))
        #expect(step.walked.allSatisfy { $0.calls.map(\.numbers) == [batch.numbers] })
    }

    @Test(arguments: StoreKind.allCases)
    func `a batch that all have left is closed without a call`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        let held = try await store.claim(makeClaim(accountLimit: 6))
        let doubted = try await store.claim(makeClaim(accountLimit: 6))
        try await store.commit(makeRecord(held.id, .held(dueAt: at(2).timestamp)))
        try await store.commit(makeRecord(doubted.id, repeated()))
        try await store.suppress(accounts)
        let first = try await store.commit(makeReclaim(held.id), now: at(3))
        guard case .claimed(nil, let going?) = first else { throw NothingClaimed() }
        #expect(going.state == .running)
        let second = try await store.commit(makeReclaim(doubted.id), now: at(4))
        guard case .claimed(nil, let over?) = second else { throw NothingClaimed() }
        #expect(over.state == .completed)
        #expect(try await store.counts() == makeCounts([\.suppressed: 6, \.unknown: 6]))
        #expect(try await store.contradictions() == [])
        #expect(try await store.restore(now: at(5)).open == [])
        // A late record changes nothing.
        try await store.commit(makeRecord(held.id), now: at(6))
        #expect(try await store.counts() == makeCounts([\.suppressed: 6, \.unknown: 6]))
    }

    @Test(arguments: StoreKind.allCases)
    func `a batch that is too large for today's limit is halved without them`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim()
        try await store.commit(makeRecord(batch.id, .held(dueAt: at(2).timestamp)))
        try await store.suppress(some(0, 6))
        let result = try await store.commit(makeReclaim(batch.id, byteLimit: 70), now: at(3))
        guard case .recorded(_, let halves) = result else { throw NothingClaimed() }
        #expect(halves.map(\.count) == [5, 5])
        #expect(try await store.counts() == makeCounts([\.queued: 10, \.suppressed: 2]))
        let half = try await store.claim(makeReclaim(halves[1].id), now: at(4))
        #expect(half.accounts == run(7, 8, 9, 10, 11))
        #expect(try await store.contradictions() == [])
    }

    // MARK: Afterwards

    @Test(arguments: StoreKind.allCases)
    func `a retry puts them back, and who is still on the list ends the same way`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        try await store.suppress(accounts)
        try await store.commit(makeClaim(), now: at(1))
        let others = RetryFilter(failed: true, unknown: true)
        #expect(try await store.change(.retry(makeID(), others)).requeued == 0)
        let coded = RetryFilter(failed: false, unknown: false, suppressed: true, codes: [70_107])
        #expect(try await store.change(.retry(makeID(), coded)).requeued == 0)
        for account in some(0, 7, 8) {
            #expect(try await store.unsuppress(account, now: at(6)))
        }
        let filter = RetryFilter(failed: false, unknown: false, suppressed: true)
        let change = try await store.change(.retry(makeID(), filter), now: at(7))
        #expect(change.requeued == 12 && change.campaign.state == .running)
        #expect(change.campaign.counts == makeCounts([\.queued: 12]))
        #expect(try await store.contradictions() == [])
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(8))
        #expect(batch.accounts == run(0, 7, 8) && batch.earlierAttempts.isEmpty)
        try await store.commit(makeRecord(batch.id), now: at(9))
        #expect(try await store.counts() == makeCounts([\.sent: 3, \.suppressed: 9]))
        #expect(try await store.contradictions() == [])
        #expect(try await store.campaign(makeID())?.state == .completed)
    }

    @Test(arguments: StoreKind.allCases)
    func `a cancel leaves them as they are, and a recall passes over them`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        try await store.suppress(some(0, 1, 3))
        let batch = try await store.claim(makeClaim(accountLimit: 4))
        try await store.commit(makeRecord(batch.id), now: at(2))
        try await store.commit(.transition(makeID(), .cancel), now: at(3))
        let counts = makeCounts([\.sent: 4, \.canceled: 5, \.suppressed: 3])
        #expect(try await store.counts() == counts)
        _ = try await store.change(makeStart(.recall))
        let step = try await store.step(makeStep(.recall, walk: 99))
        #expect(step.walked.map(\.account) == some(2, 4, 5, 6))
        #expect(try await store.contradictions() == [])
        let filter = RecipientFilter(statuses: [.suppressed])
        let shown = try await store.everybody(matching: filter, pageSize: 2)
        #expect(shown.map(\.account) == some(0, 1, 3))
    }
}
