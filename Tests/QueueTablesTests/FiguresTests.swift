import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What metrics are told of the queue as a whole.
@Suite struct FiguresTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases)
    func `an empty store has nothing to show`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        #expect(try await store.standing() == QueueStanding())
        #expect(store.ended == Counts())
    }

    @Test(arguments: StoreKind.allCases)
    func `each state has its campaigns, and a deleted one is in none`(kind: StoreKind) async throws
    {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(makeID(1), start: false), now: at(0))
        for number in 2...4 as ClosedRange<UInt64> {
            _ = try await store.create(makeNewCampaign(makeID(number)), now: at(0))
        }
        try await store.commit(.transition(makeID(3), .pause))
        try await store.commit(.transition(makeID(4), .cancel))
        let standing = try await store.standing()
        #expect(standing.campaigns == [.draft: 1, .running: 1, .paused: 1, .canceled: 1])
        // Neither the draft's ten nor those of the canceled one.
        #expect(standing.recipients == 20)
        #expect(store.ended == makeCounts([\.canceled: 10]))
        try await store.commit(.delete(makeID(4)))
        try await store.commit(.delete(makeID(1)))
        #expect(try await store.standing().campaigns == [.running: 1, .paused: 1])
    }

    @Test(arguments: StoreKind.allCases)
    func `the oldest that waits is the first started, or opened again`(kind: StoreKind) async throws
    {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(makeID(1), start: false), now: at(0))
        _ = try await store.create(makeNewCampaign(makeID(2)), now: at(20))
        try await store.commit(.transition(makeID(1), .start), now: at(10))
        #expect(try await store.standing().waitingSince == at(10).timestamp)

        let batch = try await store.claim(makeClaim(makeID(1)), now: at(30))
        #expect(try await store.standing().waitingSince == at(10).timestamp)
        let failed = Resolution.settled(
            messageKey: "k",
            verdicts: [makeVerdict(batch.accounts[0])]
        )
        try await store.commit(makeRecord(batch.id, failed), now: at(31))
        #expect(try await store.standing().waitingSince == at(20).timestamp)
        try await store.commit(.transition(makeID(2), .pause), now: at(32))
        #expect(try await store.standing().waitingSince == nil)

        try await store.commit(.retry(makeID(1), RetryFilter()), now: at(5_000))
        #expect(try await store.standing().waitingSince == at(5_000).timestamp)
        #expect(store.ended == makeCounts([\.sent: 9, \.failed: 1]))
    }

    @Test(arguments: StoreKind.allCases)
    func `what ended is counted anew by each process, where the campaigns stand is not`(
        kind: StoreKind
    ) async throws {
        let first = try stores.make(kind)
        _ = try await first.create(makeNewCampaign(), now: at(0))
        let batch = try await first.claim(makeClaim(accountLimit: 4))
        try await first.commit(makeRecord(batch.id))
        #expect(first.ended == makeCounts([\.sent: 4]))
        let store = first.reopened(bootID: "boot-2")
        #expect(store.ended == Counts())
        let standing = try await store.standing()
        #expect(standing.campaigns == [.running: 1])
        #expect(standing.recipients == 6)
    }
}
