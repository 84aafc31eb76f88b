import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// How campaigns leave the store: at once for everybody who looks, and in steps on the disk.
@Suite struct RemovalTests {
    private let stores = Stores()

    /// A campaign of 60 recipients with every kind of row that may hang on one, and it is over.
    private func fill(_ store: Store, _ id: Campaign.ID = makeID(), at time: Now) async throws {
        let accounts = makeAccounts(60)
        _ = try await store.create(makeNewCampaign(id, accounts: accounts), now: at(0))
        let first = try await store.claim(makeClaim(id, accountLimit: 30))
        let verdicts = (0..<20).map { index in
            let verdict = index < 5 ? Verdict.failed : .retry(dueAt: at(1).timestamp)
            return makeVerdict(accounts[index], verdict)
        }
        let settled = Resolution.settled(messageKey: "k", verdicts: verdicts)
        try await store.commit(makeRecord(first.id, settled))
        let retry = makeClaim(id, source: .dueRetries, accountLimit: 8)
        try await store.commit(makeRecord(try await store.claim(retry, now: at(2)).id))
        try await store.commit(.transition(id, .cancel), now: time)
    }

    @Test(arguments: StoreKind.allCases)
    func `a delete leaves the rows of the recipients to steps of bounded size`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind, rowsPerStep: 10)
        try await fill(store, at: at(3))
        try await fill(store, makeID(2), at: at(3))
        let other = try await store.everybody(of: makeID(2))
        try await store.commit(.delete(makeID()), now: at(4))
        #expect(try await store.campaign(makeID()) == nil)
        #expect(try await store.everybody().isEmpty)
        // A block of recipients, exceptions, two batches, and the note that they are to go.
        var left = try await store.strayRowCount()
        #expect(left == 1 + 20 + 2 + 1)
        var steps = 0
        while try await store.sweep().hasMore {
            let now = try await store.strayRowCount()
            #expect((1...11).contains(left - now), "\(left) before, \(now) after")
            left = now
            steps += 1
        }
        #expect(steps == 3)
        #expect(try await store.strayRowCount() == 0)
        #expect(try await store.everybody(of: makeID(2)) == other)
    }

    @Test(arguments: StoreKind.allCases)
    func `a step removes a tenth as many blocks as other rows`(kind: StoreKind) async throws {
        let store = try stores.make(kind, rowsPerStep: 40)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(3_000)), now: at(0))
        _ = try await store.create(makeNewCampaign(makeID(2)), now: at(0))
        try await store.commit(.transition(makeID(), .cancel), now: at(1))
        try await store.commit(.delete(makeID()), now: at(2))
        var left = [try await store.strayRowCount()]
        while try await store.sweep().hasMore { left.append(try await store.strayRowCount()) }
        // Eighteen blocks, four a step, and the note that they are to go.
        #expect(left == [19, 15, 11, 7, 3])
        #expect(try await store.strayRowCount() == 0)
        #expect(try await store.everybody(of: makeID(2)).count == 10)
    }

    @Test(arguments: StoreKind.allCases)
    func `a new campaign never finds the rows of one that is going`(kind: StoreKind) async throws {
        let store = try stores.make(kind, rowsPerStep: 10)
        try await fill(store, at: at(3))
        try await store.commit(.delete(makeID()), now: at(4))
        _ = try await store.sweep()
        _ = try await store.create(makeNewCampaign(makeID(2)), now: at(5))
        #expect(try await store.everybody(of: makeID(2)).map(\.account) == makeAccounts(10))
        while try await store.sweep().hasMore {}
        #expect(try await store.everybody(of: makeID(2)).map(\.account) == makeAccounts(10))
        #expect(try await store.strayRowCount() == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `a crash between steps leaves the rest to the next start`(kind: StoreKind) async throws {
        let store = try stores.make(kind, rowsPerStep: 10)
        try await fill(store, at: at(3))
        try await store.commit(.delete(makeID()), now: at(4))
        _ = try await store.sweep()
        let again = store.reopened(bootID: "boot-2")
        #expect(try await again.restore(now: at(9)).campaigns.isEmpty)
        #expect(try await again.strayRowCount() > 0)
        while try await again.sweep().hasMore {}
        #expect(try await again.strayRowCount() == 0)
    }

    // MARK: Retention

    @Test(arguments: StoreKind.allCases)
    func `what is over or untouched for too long is removed, and nothing else`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        try await fill(store, at: at(100))
        try await fill(store, makeID(2), at: at(101))
        let settings = Campaign.Settings(startAt: at(10_000).timestamp)
        _ = try await store.create(makeNewCampaign(makeID(3), settings: settings), now: at(0))
        for (number, transition) in [(4, .pause), (5, .halt(.init(code: 1, text: "no")))]
            as [(UInt64, Campaign.Transition)]
        {
            _ = try await store.create(makeNewCampaign(makeID(number)), now: at(0))
            try await store.commit(.transition(makeID(number), transition), now: at(1))
        }
        _ = try await store.create(makeNewCampaign(makeID(6)), now: at(0))
        for number in 7...9 as ClosedRange<UInt64> {
            _ = try await store.create(makeNewCampaign(makeID(number), start: false), now: at(0))
        }
        let run = AccountRun([Account("new")])
        _ = try await store.take(run, into: makeID(8), now: at(101))
        try await store.openIntake(makeID(9))
        #expect(try await store.sweep().retired.isEmpty)
        let swept = try await store.sweep(since: at(101))
        #expect(swept.retired == [makeID(), makeID(7)])
        let left = try await store.campaigns(matching: .init(states: []), before: nil, limit: 100)
            .campaigns
        #expect(left.map(\.id) == [9, 8, 6, 5, 4, 3, 2].map { makeID($0) })
        await store.closeIntake(makeID(9))
        #expect(try await store.sweep(since: at(101)).retired == [makeID(9)])
        #expect(try await store.strayRowCount() == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `a canceled campaign stays while a call of it is out`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let flying = try await store.claim(makeClaim(accountLimit: 3))
        try await store.commit(.transition(makeID(), .cancel), now: at(2))
        #expect(try await store.sweep(since: at(900)).retired.isEmpty)
        try await store.commit(makeRecord(flying.id), now: at(5))
        #expect(try await store.sweep(since: at(5)).retired.isEmpty)
        #expect(try await store.sweep(since: at(6)).retired == [makeID()])
    }

    @Test(arguments: StoreKind.allCases)
    func `what the same commit reopens stays`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        try await fill(store, at: at(3))
        let sweep = Write.sweep(Write.Sweep(untouchedSince: at(900).timestamp))
        let results = try await store.commit([.retry(makeID(), RetryFilter()), sweep], now: at(4))
        #expect(results.last == .swept(WriteResult.Swept(hasMore: false)))
        #expect(try await store.campaign(makeID())?.state == .running)
    }

    @Test(arguments: StoreKind.allCases)
    func `many campaigns are removed some at a time`(kind: StoreKind) async throws {
        let store = try stores.make(kind, rowsPerStep: 200)
        for number in 1...5 as ClosedRange<UInt64> {
            _ = try await store.create(makeNewCampaign(makeID(number), start: false), now: at(0))
        }
        var counts: [Int] = []
        var swept = try await store.sweep(since: at(5))
        while swept.hasMore {
            counts.append(swept.retired.count)
            swept = try await store.sweep(since: at(5))
        }
        #expect(counts + [swept.retired.count] == [2, 2, 1])
        #expect(try await store.strayRowCount() == 0)
    }
}
