import DeliveryCore
import DeliveryEngine
import Dispatch
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
    private let isHeld = Note(false)

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

    /// Holds the thread that writes, in the transaction of a creation, until `gate` is signaled.
    private func hold(_ store: Store, until gate: DispatchSemaphore) async throws {
        let request = makeRequest(1) {
            self.isHeld.value.withLock { $0 = true }
            gate.wait()
        }
        _ = try await store.create(makeCampaign(makeID(9)), for: request, now: at(1))
    }

    private func waitUntilHeld() async {
        while !isHeld.value.withLock({ $0 }) { await Task.yield() }
    }

    /// A request with a key, by which a test is called within the transaction.
    private func makeRequest(
        _ number: UInt8,
        _ body: @escaping @Sendable () -> Void
    ) -> KeyedRequest {
        let key = KeyedRequest.Key(caller: "ops", bytes: [number])
        return KeyedRequest(key: key, digest: [UInt8](repeating: 0, count: 32)) { _ in
            body()
            return []
        }
    }

    @Test func `a commit and a notice's creation go before the slices of a hundred streams`()
        async throws
    {
        let store = try await makeStore()
        let left = Note(0)
        var taken = 0
        try await withThrowingTaskGroup(of: Int?.self) { group in
            let gate = DispatchSemaphore(value: 0)
            // Once more, for a test that fails on the way.
            defer { gate.signal() }
            group.addTask {
                try await hold(store, until: gate)
                return nil
            }
            await waitUntilHeld()
            for number in 1...Self.streams {
                group.addTask {
                    let run = AccountRun(makeAccounts(1, prefix: "stream-\(number)-"))
                    _ = try await store.take(run, into: makeID(), now: at(1))
                    return nil
                }
            }
            await waits(Self.streams, store)
            group.addTask {
                let request = makeRequest(2) {
                    left.value.withLock { $0 = store.engine.waitingCount }
                }
                _ = try await store.create(makeCampaign(makeID(2)), for: request, now: at(1))
                return nil
            }
            await waits(Self.streams + 1, store)
            group.addTask {
                let results = try await store.commit(
                    [.patch(makeID(), CampaignPatch())],
                    now: at(1)
                )
                guard case .changed(let result)? = results.first else { throw NothingClaimed() }
                return try result.get().campaign.counts.queued
            }
            await waits(Self.streams + 2, store)
            gate.signal()
            for try await count in group { taken += count ?? 0 }
        }
        #expect(taken == 0, "the commit came after so many slices")
        #expect(left.value.withLock { $0 } == Self.streams)
        #expect(try await store.counts().queued == Self.streams)
        try store.close()
    }

    @Test func `a slice has its turn however many requests come`() async throws {
        let store = try await makeStore()
        let order = Note<[String]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            let gate = DispatchSemaphore(value: 0)
            // Once more, for a test that fails on the way.
            defer { gate.signal() }
            group.addTask { try await hold(store, until: gate) }
            await waitUntilHeld()
            for number in 0..<Self.streams {
                group.addTask {
                    let id = makeID(UInt64(number) + 10)
                    _ = try await store.create(makeCampaign(id), now: at(1))
                    order.value.withLock { $0.append("request") }
                }
            }
            await waits(Self.streams, store)
            group.addTask {
                _ = try await store.take(AccountRun(makeAccounts(3)), into: makeID(), now: at(1))
                order.value.withLock { $0.append("slice") }
            }
            await waits(Self.streams + 1, store)
            gate.signal()
            try await group.waitForAll()
        }
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
