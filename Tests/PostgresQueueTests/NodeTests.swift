import DeliveryCore
import DeliveryEngine
import Foundation
import Platform
import PostgresQueue
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Nodes on one schema, of which one at a time leads.
@Suite(.onPostgres, .timeLimit(.minutes(2)))
struct NodeTests {
    private let place: Place

    init() throws { place = try Place() }

    /// A schema, and folders for the nodes on it.
    private final class Place: Sendable {
        let server: PostgresServer
        let schema: String
        private let folder: TemporaryFolder
        let log = LogLines { "\($0.level): \($0.message)" }

        init() throws {
            server = try PostgresServer.shared.get()
            schema = server.makeSchema()
            folder = try TemporaryFolder()
        }

        deinit { folder.remove() }

        /// A node whose patience is shorter than can be configured, unless a test says otherwise.
        func node(_ name: String, patience: Duration = .seconds(1)) throws -> PostgresNode {
            let path = "\(folder.path)/\(name)"
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
            var options = server.makeOptions(schema: schema, node: name, stateDirectory: path)
            options.advertise = "http://\(name):7788"
            options.patience = patience
            return PostgresNode(options, storeOptions: { makeOptions() }, logger: log.logger)
        }
    }

    /// Keeps the lease while a body runs.
    private func keeping(_ node: PostgresNode, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await node.keep() }
            try await body()
            group.cancelAll()
        }
    }

    @Test func `the first node makes the tables and leads at once`() async throws {
        let node = try place.node("a", patience: .seconds(12))
        #expect(node.status == ClusterStatus(role: .standby))
        #expect(!node.allowsCall())
        let store = try await node.lead()
        _ = try await store.create(makeNewCampaign(), now: at(0))
        #expect(try await store.counts().queued == 10)
        let status = ClusterStatus(
            role: .leader,
            leader: "http://a:7788",
            epoch: 1,
            synchronous: true
        )
        #expect(node.status == status)
        #expect(node.allowsCall())
        #expect(node.figures == LeadershipFigures())
        await node.resign()
        #expect(!node.allowsCall())
        #expect(node.status.role == .standby)
    }

    @Test func `a standby takes over from a leader that is silent, which notices and steps down`()
        async throws
    {
        let (a, b) = (try place.node("a"), try place.node("b"))
        let first = try await a.lead()
        _ = try await first.create(makeNewCampaign(), now: at(0))
        let second = try await b.lead()
        _ = try await second.claim()
        #expect(b.status.epoch == 2 && b.status.leader == "http://b:7788")
        await #expect(throws: QueueError.self) { try await first.claim() }
        // It returns since the lease is lost.
        await a.keep()
        #expect(a.status.role == .standby && !a.allowsCall())
        #expect(try await second.counts().sending == 10)
        await a.resign()
        // The lease that it lost isn't its to give up.
        _ = try await second.commit([], now: at(2))
        await b.resign()
    }

    @Test func `an idle leader beats, so that nobody takes over`() async throws {
        let (a, b) = (
            try place.node("a", patience: .seconds(6)), try place.node("b", patience: .seconds(6))
        )
        let first = try await a.lead()
        let database = try Database()
        try await keeping(a) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) { try await b.lead() }
                }
                // The takeover was the first one; four beats take longer than the patience.
                try await database.wait(until: "(SELECT beat FROM \(place.schema).clock) > 4")
                let status = ClusterStatus(
                    role: .standby,
                    leader: "http://a:7788",
                    epoch: 1,
                    synchronous: true
                )
                #expect(b.status == status)
                group.cancelAll()
            }
        }
        _ = try await first.commit([], now: at(1))
        await a.resign()
    }

    @Test func `a leader that resigns is followed at once`() async throws {
        let (a, b) = (
            try place.node("a", patience: .seconds(60)), try place.node("b", patience: .seconds(60))
        )
        let store = try await a.lead()
        _ = try await store.create(makeNewCampaign(), now: at(0))
        // The daemon may close the queue before it ends the term.
        try store.close()
        await a.resign()
        let next = try await b.lead()
        #expect(try await next.counts().queued == 10)
        #expect(b.status.epoch == 2)
        await b.resign()
    }

    @Test func `a node that was killed takes its own lease back at once, and is one process`()
        async throws
    {
        var node: PostgresNode? = try place.node("a", patience: .seconds(60))
        var store = try await node?.lead()
        _ = try await store?.create(makeNewCampaign(), now: at(0))
        let other = try place.node("a", patience: .seconds(60))
        await #expect(throws: PostgresError.self) { try await other.lead() }
        (node, store) = (nil, nil)
        let again = try await other.lead()
        #expect(other.status.epoch == 2)
        #expect(try await again.counts().queued == 10)
        await other.resign()
    }

    @Test func `a database that went back holds a full window, and is told of once`() async throws {
        let node = try place.node("a", patience: .seconds(60))
        let store = try await node.lead()
        _ = try await store.create(makeNewCampaign(), now: at(0))
        _ = try await store.claim()
        let database = try Database()
        try await database.number(
            "UPDATE \(place.schema).clock SET beat = beat - 2 RETURNING beat"
        )
        await #expect(throws: QueueError.self) { try await store.commit([], now: at(2)) }
        await node.keep()
        let again = try await node.lead()
        #expect(node.figures.wentBack == 1)
        let restored = try await again.restore(now: at(3))
        #expect(restored.holds.contains { $0.count == 10_000_000 })
        #expect(place.log.all.count { $0.contains("The database has gone back") } == 1)
        await node.resign()
        let third = try await node.lead()
        #expect(try await third.restore(now: at(4)).holds.count { $0.count == 10_000_000 } == 1)
        #expect(node.figures.wentBack == 1)
        await node.resign()
    }

    @Test func `a database that is away is told of once, and waited for`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let log = LogLines { "\($0.level): \($0.message)\($0.text(["error"]))" }
        let options = PostgresOptions(
            url: "host=\(folder.path) user=postgres dbname=postgres",
            password: Secret("hunter2"),
            schema: "app",
            node: "a",
            stateDirectory: folder.path
        )
        let node = PostgresNode(options, storeOptions: { makeOptions() }, logger: log.logger)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { try await node.lead() }
            }
            while log.all.isEmpty { await Task.yield() }
            group.cancelAll()
        }
        #expect(log.all.count == 1)
        #expect(log.all.first?.hasPrefix("warning: The database can't be used error=") == true)
        #expect(log.all.first?.contains("hunter2") == false)
    }
}
