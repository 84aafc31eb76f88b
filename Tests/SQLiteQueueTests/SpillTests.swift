import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// A long stream's runs are set aside, and stored in one order.
@Suite struct SpillTests {
    private let files = TemporaryFiles()

    private func makeDraft(_ file: FileOptions = FileOptions()) async throws -> Store {
        let store = try Store.open(at: files.path("a"), options: makeOptions(), file: file)
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        return store
    }

    /// Long enough to be worth it, and in no order.
    private func run(_ numbers: Range<Int>) -> AccountRun {
        var random = SplitMix64(seed: 1)
        return AccountRun(
            numbers.shuffled(using: &random).map { Account("\($0 + 1_000_000)-long-account") }
        )
    }

    @Test func `they are stored as one run, without those that are there`() async throws {
        let store = try await makeDraft()
        let (first, second, last) = (run(0..<60_000), run(50_000..<100_000), run(99_998..<100_001))
        _ = try await store.take(run(10..<20), into: makeID(), now: at(1))
        let spilled = try #require(store.spilledRuns(into: makeID()))
        #expect(spilled.isEmpty)
        for run in [first, second, last] { #expect(await spilled.spill(run)) }
        #expect(!spilled.isEmpty)
        #expect(try await store.counts().queued == 10)
        let taken = try await spilled.store(now: at(2))
        #expect(taken == Taken(accepted: 99_991, duplicates: 10_012, total: 100_001))
        #expect(spilled.isEmpty)
        let wanted = run(0..<100_001).sorted()
        let isSame = try await store.everybody(pageSize: 1_000).map(\.account) == wanted
        #expect(isSame)
        // Nothing of it is left for the next.
        let again = try await spilled.store(now: at(3))
        #expect(again == Taken(accepted: 0, duplicates: 0, total: 100_001))
        try store.close()
    }

    @Test func `a short run alone isn't worth it`() async throws {
        let store = try await makeDraft()
        let spilled = try #require(store.spilledRuns(into: makeID()))
        #expect(await !spilled.spill(run(0..<1_000)))
        #expect(spilled.isEmpty)
        try store.close()
    }

    @Test func `there is no room for one on a disk that is nearly full`() async throws {
        try await makeDraft().close()
        let short = try Store.open(
            at: files.path("a"),
            options: makeOptions(),
            file: FileOptions(minFreeBytes: .max)
        )
        let spilled = try #require(short.spilledRuns(into: makeID()))
        #expect(await !spilled.spill(run(0..<60_000)))
        #expect(spilled.isEmpty)
        try short.close()
    }

    @Test func `those of a campaign that takes nothing more are refused`() async throws {
        let store = try await makeDraft()
        let spilled = try #require(store.spilledRuns(into: makeID(9)))
        #expect(await spilled.spill(run(0..<60_000)))
        await #expect(throws: IntakeError.notFound) { try await spilled.store(now: at(1)) }
        #expect(spilled.isEmpty)
        try store.close()
    }

    @Test func `a store without a file of its own takes each run as it comes`() throws {
        let store = try Store.inMemory(options: makeOptions())
        #expect(store.spilledRuns(into: makeID()) == nil)
    }
}
