import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What was sent in each minute of the wall clock, one of which began 20 seconds before `at(0)`.
@Suite struct TrafficTests {
    private let stores = Stores()
    private let accounts = makeAccounts(10)

    private func makeStore(
        _ kind: StoreKind,
        settings: Campaign.Settings = Campaign.Settings(),
        rowsPerStep: Int = 5_000
    ) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: rowsPerStep)
        _ = try await store.create(
            makeNewCampaign(accounts: accounts, settings: settings),
            now: at(0)
        )
        return store
    }

    private func minutes(_ store: Store, since start: Now = at(0)) async throws -> [TrafficStep] {
        try await store.traffic(since: start.timestamp, per: .minute)
    }

    /// The step that begins so many seconds after `at(0)`.
    private func makeTraffic(
        _ seconds: Double,
        limit: Int = 12_000,
        addressed: Int = 0,
        sent: Int = 0,
        failed: Int = 0,
        retrying: Int = 0,
        unknown: Int = 0
    ) -> TrafficStep {
        TrafficStep(
            start: at(seconds).timestamp,
            limit: limit,
            addressed: addressed,
            sent: sent,
            failed: failed,
            retrying: retrying,
            unknown: unknown
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `a claim counts in its minute, and each account's answer in that of the record`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        #expect(try await minutes(store) == [])
        let batch = try await store.claim(now: at(1))
        let later = at(100).timestamp
        let verdicts =
            accounts[0..<2].map { makeVerdict($0) } + [makeVerdict(accounts[2], .unknown)]
            + accounts[3..<6].map { makeVerdict($0, .retry(dueAt: later), code: 91_000) }
        let settled = Resolution.settled(messageKey: "key", verdicts: verdicts)
        // 40 seconds after the claim another minute has begun, which shows the same limit.
        try await store.commit(makeRecord(batch.id, settled), now: at(40))
        let first = makeTraffic(-20, addressed: 10)
        let second = makeTraffic(40, sent: 4, failed: 2, retrying: 3, unknown: 1)
        #expect(try await minutes(store) == [first, second])
        let claim = makeClaim(source: .dueRetries, quota: 600)
        let retry = try await store.claim(claim, now: at(100))
        try await store.commit(makeRecord(retry.id), now: at(101))
        let third = makeTraffic(100, limit: 600, addressed: 3, sent: 3)
        #expect(try await minutes(store) == [first, second, third])
        #expect(try await minutes(store, since: at(99)) == [second, third])
    }

    @Test(arguments: StoreKind.allCases)
    func `a call that never went out is taken back from its claim's minute, a refused one isn't`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let first = try await store.claim(makeClaim(accountLimit: 4), now: at(1))
        let second = try await store.claim(makeClaim(accountLimit: 5), now: at(2))
        let held = Resolution.held(dueAt: at(45).timestamp)
        try await store.commit(makeRecord(first.id, held, isUnsent: true), now: at(45))
        #expect(try await minutes(store) == [makeTraffic(-20, addressed: 5)])
        // Throttled: the provider has counted it.
        try await store.commit(makeRecord(second.id, held), now: at(46))
        #expect(try await minutes(store) == [makeTraffic(-20, addressed: 5)])
        // Twice in the minute of its second claim, of which one went out.
        try await store.commit(makeReclaim(first.id), now: at(47))
        try await store.commit(makeRecord(first.id, held, isUnsent: true), now: at(48))
        try await store.commit(makeReclaim(first.id), now: at(49))
        try await store.commit(makeRecord(first.id), now: at(50))
        let later = makeTraffic(40, addressed: 4, sent: 4)
        #expect(try await minutes(store) == [makeTraffic(-20, addressed: 5), later])
    }

    @Test(arguments: StoreKind.allCases)
    func `a call of unknown outcome counts again with each repeat that goes out`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim(now: at(1))
        let repeated = Resolution.repeated(dueAt: at(40).timestamp, info: "timeout", code: nil)
        try await store.commit(makeRecord(batch.id, repeated), now: at(11))
        #expect(try await minutes(store) == [makeTraffic(-20, addressed: 10, retrying: 10)])
        try await store.commit(makeReclaim(batch.id), now: at(41))
        let held = Resolution.held(dueAt: at(42).timestamp)
        try await store.commit(makeRecord(batch.id, held, isUnsent: true), now: at(42))
        #expect(try await minutes(store) == [makeTraffic(-20, addressed: 10, retrying: 10)])
        try await store.commit(makeReclaim(batch.id), now: at(43))
        let left = Resolution.unknown(info: "timeout", code: nil)
        try await store.commit(makeRecord(batch.id, left), now: at(101))
        #expect(
            try await minutes(store) == [
                makeTraffic(-20, addressed: 10, retrying: 10), makeTraffic(40, addressed: 10),
                makeTraffic(100, unknown: 10),
            ]
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `what a look-up finds counts, and that somebody goes on waiting doesn't`(
        kind: StoreKind
    ) async throws {
        let settings = Campaign.Settings(onUnknown: .verify)
        let store = try await makeStore(kind, settings: settings)
        let batch = try await store.claim(makeClaim(accountLimit: 5), now: at(1))
        let lookedUp = Resolution.lookedUp(from: at(30).timestamp, info: "timeout", code: nil)
        try await store.commit(makeRecord(batch.id, lookedUp), now: at(11))
        let asked = makeStep(.settle, due: at(30))
        let call = try #require(try await store.step(asked, now: at(30)).due.first?.calls.first)
        let results = [
            JobResult(account: accounts[0], verdict: .found(makeFound(call))),
            JobResult(account: accounts[1], verdict: .absent(dueAt: at(60).timestamp)),
            JobResult(account: accounts[2], verdict: .absent(dueAt: nil)),
            JobResult(account: accounts[3], verdict: .unclear("too old")),
            JobResult(account: accounts[4], verdict: .refused(code: 90_003)),
        ]
        try await store.step(makeStep(.settle, results: results), now: at(41))
        let first = makeTraffic(-20, addressed: 5, retrying: 5)
        let second = makeTraffic(40, sent: 1, failed: 1, unknown: 2)
        #expect(try await minutes(store) == [first, second])
        // An operator asks about those who are unknown: one was accepted, the other stays so.
        _ = try await store.change(makeStart(.verify), now: at(101))
        let found = [
            JobResult(account: accounts[3], verdict: .found(makeFound(call))),
            JobResult(account: accounts[2], verdict: .absent(dueAt: nil)),
        ]
        try await store.step(makeStep(.verify, results: found), now: at(102))
        #expect(try await minutes(store) == [first, second, makeTraffic(100, sent: 1)])
    }

    @Test(arguments: StoreKind.allCases)
    func `whom a check fails counts, before there was any claim`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        let draft = makeNewCampaign(accounts: accounts, start: false)
        _ = try await store.create(draft, now: at(0))
        _ = try await store.change(makeStart(.check), now: at(1))
        let missing = makeResults(Array(accounts.prefix(3)), .missing)
        try await store.step(makeStep(.check, results: missing), now: at(2))
        #expect(try await minutes(store) == [makeTraffic(-20, limit: 0, failed: 3)])
    }

    @Test(arguments: StoreKind.allCases)
    func `what operators end or put back doesn't count, and a late answer does`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let waiting = try await store.claim(makeClaim(accountLimit: 4), now: at(1))
        let repeated = Resolution.repeated(dueAt: at(40).timestamp, info: "timeout", code: nil)
        try await store.commit(makeRecord(waiting.id, repeated), now: at(2))
        let out = try await store.claim(makeClaim(accountLimit: 3), now: at(3))
        try await store.commit(.transition(makeID(), .cancel), now: at(41))
        #expect(try await store.counts().unknown == 4)
        let first = makeTraffic(-20, addressed: 7, retrying: 4)
        #expect(try await minutes(store) == [first])
        let late = [makeVerdict(out.accounts[0], .retry(dueAt: at(50).timestamp))]
        let settled = Resolution.settled(messageKey: "key", verdicts: late)
        try await store.commit(makeRecord(out.id, settled), now: at(42))
        _ = try await store.change(.retry(makeID(), RetryFilter()), now: at(101))
        #expect(try await minutes(store) == [first, makeTraffic(40, sent: 2)])
    }

    @Test(arguments: StoreKind.allCases)
    func `a kill loses nothing, and what a start records shows the limit of before`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let batch = try await store.claim(makeClaim(accountLimit: 4, quota: 700), now: at(1))
        let again = store.reopened(bootID: "boot-2")
        #expect(try await again.restore(now: at(41)).inFlight.map(\.id) == [batch.id])
        let left = Resolution.unknown(info: "interrupted by a restart", code: nil)
        try await again.commit(makeRecord(batch.id, left), now: at(42))
        _ = try await again.claim(makeClaim(accountLimit: 1, quota: 600), now: at(101))
        #expect(
            try await minutes(again) == [
                makeTraffic(-20, limit: 700, addressed: 4), makeTraffic(40, limit: 700, unknown: 4),
                makeTraffic(100, limit: 600, addressed: 1),
            ]
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `hours are the sums of their minutes under the largest limit, across midnight too`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        // Hours begin 800 seconds before `at(0)`; two later it is midnight.
        let claims: [(time: Double, count: Int, quota: Int)] = [
            (1, 1, 1_000), (2_799, 2, 3_000), (2_800, 1, 500), (6_399, 1, 900), (6_400, 3, 700),
        ]
        for (time, count, quota) in claims {
            let claim = makeClaim(accountLimit: count, quota: quota)
            let batch = try await store.claim(claim, now: at(time))
            guard time != 6_399 else { continue }
            try await store.commit(makeRecord(batch.id), now: at(time))
        }
        let hours = [
            makeTraffic(-800, limit: 3_000, addressed: 3, sent: 3),
            makeTraffic(2_800, limit: 900, addressed: 2, sent: 1),
            makeTraffic(6_400, limit: 700, addressed: 3, sent: 3),
        ]
        #expect(try await store.traffic(since: at(0).timestamp, per: .hour) == hours)
        let since = at(6_399).timestamp
        #expect(try await store.traffic(since: since, per: .hour) == Array(hours.dropFirst()))
        #expect(try await minutes(store).count == 5)
    }

    @Test(arguments: StoreKind.allCases)
    func `minutes go after 31 days, so many a step`(kind: StoreKind) async throws {
        let store = try await makeStore(kind, rowsPerStep: 2)
        for minute in 0..<5 {
            let claim = makeClaim(accountLimit: 1)
            _ = try await store.claim(claim, now: at(Double(minute * 60)))
        }
        let month = 31.0 * 86_400
        // The last one began 31 days before this very moment.
        let now = at(month + 220)
        var kept: [Int] = []
        var hasMore = true
        while hasMore {
            hasMore = try await store.sweep(now: now).hasMore
            kept.append(try await minutes(store).count)
        }
        #expect(kept == [3, 1, 1])
        #expect(try await store.sweep(now: at(month + 221)).hasMore == false)
        #expect(try await minutes(store) == [])
    }
}
