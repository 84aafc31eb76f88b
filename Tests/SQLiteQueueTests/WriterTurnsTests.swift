import DeliveryCore
import DeliveryEngine
import Dispatch
import QueueFixtures
import QueueTables
import SQLiteQueue
import Synchronization
import TestSupport
import Testing

/// Whose turn it is at the one thread that writes: counted in turns, not in time.
@Suite struct WriterTurnsTests {
    private let files = TemporaryFiles()
    private static let streams = 100

    private func waits(_ count: Int, _ store: Store) async {
        while store.engine.waitingCount < count { await Task.yield() }
    }

    private func makeStore() async throws -> Store {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        return store
    }

    /// Holds the thread that writes while a body runs.
    private func holding(_ store: Store, _ body: () async throws -> Void) async throws {
        let (held, isHeld) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        async let job = store.engine.write(.request) { _ in
            isHeld.finish()
            gate.wait()
        }
        for await _ in held {}
        do {
            defer { gate.signal() }
            try await body()
        }
        try await job.get()
    }

    @Test func `a commit and a notice's creation go before the slices of a hundred streams`()
        async throws
    {
        let store = try await makeStore()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await holding(store) {
                for number in 1...Self.streams {
                    group.addTask {
                        let run = AccountRun(makeAccounts(1, prefix: "stream-\(number)-"))
                        _ = try await store.take(run, into: makeID(), now: at(1))
                    }
                }
                await waits(Self.streams, store)
                group.addTask {
                    _ = try await store.create(makeNewCampaign(makeID(2)), now: at(1))
                }
                await waits(Self.streams + 1, store)
                group.addTask {
                    // Behind the creation if that is a request too, so only the slices are left.
                    let left = await store.engine.write(.request) { _ in store.engine.waitingCount }
                    let count = try left.get()
                    #expect(count == Self.streams)
                }
                await waits(Self.streams + 2, store)
                group.addTask {
                    let change = try await store.change(.patch(makeID(), CampaignPatch()))
                    #expect(change.campaign.counts.queued == 0)
                }
                await waits(Self.streams + 3, store)
            }
            try await group.waitForAll()
        }
        #expect(try await store.counts().queued == Self.streams)
        try store.close()
    }

    @Test func `a slice has its turn however many requests come`() async throws {
        let store = try await makeStore()
        var order: [String] = []
        try await withThrowingTaskGroup(of: String.self) { group in
            try await holding(store) {
                for number in 0..<Self.streams {
                    group.addTask {
                        let id = makeID(UInt64(number) + 10)
                        _ = try await store.create(makeNewCampaign(id), now: at(1))
                        return "request"
                    }
                }
                await waits(Self.streams, store)
                group.addTask {
                    let run = AccountRun(makeAccounts(3))
                    _ = try await store.take(run, into: makeID(), now: at(1))
                    return "slice"
                }
                await waits(Self.streams + 1, store)
            }
            for try await name in group { order.append(name) }
        }
        let place = order.firstIndex(of: "slice")
        // Its turn is the ninth; who is told first may be told a little later.
        #expect(try #require(place) < Self.streams / 2)
        try store.close()
    }

    @Test func `the answer to a request with a key is written before its turn comes`() async throws
    {
        let store = try await makeStore()
        let answers = Mutex(0)
        let key = KeyedRequest.Key(caller: "ops", bytes: [1])
        let request = KeyedRequest(key: key, digest: [UInt8](repeating: 0, count: 32)) { campaign in
            answers.withLock { $0 += 1 }
            return Array("\(campaign.counts.total)".utf8)
        }
        try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            try await holding(store) {
                group.addTask {
                    let twice = makeNewCampaign(
                        makeID(2),
                        accounts: makeAccounts(3) + makeAccounts(2)
                    )
                    return try await store.create(twice, for: request, now: at(1)).answer
                }
                await waits(1, store)
                #expect(answers.withLock { $0 } == 1)
            }
            for try await answer in group { #expect(answer == Array("3".utf8)) }
        }
        #expect(answers.withLock { $0 } == 1)
        #expect(try await store.answer(to: key, now: at(1).timestamp)?.body == Array("3".utf8))
        #expect(try await store.counts(of: makeID(2)).queued == 3)
        try store.close()
    }
}
