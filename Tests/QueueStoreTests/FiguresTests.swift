import DeliveryCore
import DeliveryEngine
import QueueStore
import Testing

/// What metrics are told of the queue as a whole.
@Suite struct FiguresTests {
    private let files = TemporaryFiles()

    @Test func `an empty store has nothing to show`() async throws {
        let store = try makeStore()
        #expect(try await store.standing() == QueueStanding())
        #expect(store.ended == Counts())
        #expect(store.logSize == nil)
    }

    @Test func `each state has its campaigns, and a deleted one is in none`() async throws {
        let store = try makeStore()
        _ = try await store.create(makeCampaign(makeID(1), start: false), now: at(0))
        for number in 2...4 as ClosedRange<UInt64> {
            _ = try await store.create(makeCampaign(makeID(number)), now: at(0))
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

    @Test func `the oldest that waits is the first started, or opened again`() async throws {
        let store = try makeStore()
        _ = try await store.create(makeCampaign(makeID(1), start: false), now: at(0))
        _ = try await store.create(makeCampaign(makeID(2)), now: at(20))
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

    @Test func `what ended is counted anew by each process, where the campaigns stand is not`()
        async throws
    {
        let path = files.path("a")
        do {
            let store = try Store.open(at: path, options: makeOptions())
            _ = try await store.create(makeCampaign(), now: at(0))
            let batch = try await store.claim(makeClaim(accountLimit: 4))
            try await store.commit(makeRecord(batch.id))
            #expect(store.ended == makeCounts([\.sent: 4]))
            #expect(try #require(store.logSize) > 0)
            try store.close()
        }
        let store = try Store.open(at: path, options: makeOptions())
        #expect(store.ended == Counts())
        let standing = try await store.standing()
        #expect(standing.campaigns == [.running: 1])
        #expect(standing.recipients == 6)
        try store.close()
    }

    @Test func `a commit that fails has ended nobody`() async throws {
        let disk = FaultyDisk()
        let store = try Store.open(at: disk.path, options: makeOptions())
        _ = try await store.create(makeCampaign(), now: at(0))
        let batch = try await store.claim()
        disk.fail(1, .full, lasting: true)
        await #expect(throws: QueueError.self) { try await store.commit(makeRecord(batch.id)) }
        #expect(store.ended == Counts())
        disk.recover()
        try await store.commit(makeRecord(batch.id))
        #expect(store.ended == makeCounts([\.sent: 10]))
        try store.close()
    }
}
