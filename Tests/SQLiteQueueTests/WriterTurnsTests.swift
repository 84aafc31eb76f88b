import DeliveryCore
import DeliveryEngine
import GRDB
import QueueFixtures
import QueueTables
import SQLiteQueue
import Synchronization
import Testing

/// Whose turn it is at the one thread that writes: counted in turns, not in time.
@Suite struct WriterTurnsTests {
    private let files = TemporaryFiles()
    private static let streams = 100

    /// What a test learns elsewhere.
    private final class Note<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }

    private func waits(_ count: Int, _ store: Store) async {
        while store.engine.waitingCount < count { await Task.yield() }
    }

    private func makeStore() async throws -> Store {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeCampaign(accounts: [], start: false), now: at(0))
        return store
    }

    @Test func `a commit and a notice's creation go before the slices of a hundred streams`()
        async throws
    {
        let store = try await makeStore()
        // Somebody else holds the file, so that all of them come to wait.
        let other = try makeRival(files.path("a"))
        let left = Note(0)
        var taken = 0
        try await withThrowingTaskGroup(of: Int?.self) { group in
            try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
            for number in 1...Self.streams {
                group.addTask {
                    let run = AccountRun(makeAccounts(1, prefix: "stream-\(number)-"))
                    _ = try await store.take(run, into: makeID(), now: at(1))
                    return nil
                }
            }
            // One of them is under way.
            await waits(Self.streams - 1, store)
            group.addTask {
                let key = KeyedRequest.Key(caller: "ops", bytes: [1])
                let digest = [UInt8](repeating: 0, count: 32)
                let request = KeyedRequest(key: key, digest: digest) { _ in
                    // In the very transaction.
                    left.value.withLock { $0 = store.engine.waitingCount }
                    return []
                }
                _ = try await store.create(makeCampaign(makeID(2)), for: request, now: at(1))
                return nil
            }
            await waits(Self.streams, store)
            group.addTask {
                let results = try await store.commit(
                    [.patch(makeID(), CampaignPatch())],
                    now: at(1)
                )
                guard case .changed(let result)? = results.first else { throw NothingClaimed() }
                return try result.get().campaign.counts.queued
            }
            await waits(Self.streams + 1, store)
            try other.inDatabase { try $0.execute(sql: "COMMIT") }
            for try await count in group { taken += count ?? 0 }
        }
        try other.close()
        #expect(taken == 1, "the commit came after so many slices")
        #expect(left.value.withLock { $0 } == Self.streams - 1)
        #expect(try await store.counts().queued == Self.streams)
        try store.close()
    }

    @Test func `a slice has its turn however many requests come`() async throws {
        let store = try await makeStore()
        let other = try makeRival(files.path("a"))
        let order = Note<[String]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
            group.addTask { _ = try await store.commit([], now: at(1)) }
            for number in 0..<Self.streams {
                group.addTask {
                    let id = makeID(UInt64(number) + 10)
                    _ = try await store.create(makeCampaign(id), now: at(1))
                    order.value.withLock { $0.append("request") }
                }
            }
            // Whichever came first is under way.
            await waits(Self.streams, store)
            group.addTask {
                _ = try await store.take(AccountRun(makeAccounts(3)), into: makeID(), now: at(1))
                order.value.withLock { $0.append("slice") }
            }
            await waits(Self.streams + 1, store)
            try other.inDatabase { try $0.execute(sql: "COMMIT") }
            try await group.waitForAll()
        }
        try other.close()
        let place = order.value.withLock { $0.firstIndex(of: "slice") }
        // Its turn is the ninth; who is told first may be told a little later.
        #expect(try #require(place) < Self.streams / 2)
        try store.close()
    }
}

/// Another process's connection, which may hold the file.
func makeRival(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
}
