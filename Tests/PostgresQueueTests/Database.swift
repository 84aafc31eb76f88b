import DeliveryCore
import DeliveryEngine
import Glibc
import PostgresQueue
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What a test does to the database behind a store's back, on a connection of its own.
struct Database {
    let server: PostgresServer
    private let store: Store

    init() throws {
        server = try PostgresServer.shared.get()
        store = try Store.open(in: server.makeOptions(), options: makeOptions())
    }

    /// Runs a statement and answers the first column of its first row, a number.
    @discardableResult
    func number(_ text: String) async throws -> Int64? {
        try await store.engine.write(.request) { connection in
            try connection.first(StatementText(stringLiteral: text)) { $0.int64(0) }
        }.get()
    }

    /// Waits until a condition on the database holds.
    func wait(until condition: String) async throws {
        // The server rests between two looks, so that nobody is kept busy.
        let question = "SELECT CASE WHEN \(condition) THEN 1 ELSE 0 END FROM pg_sleep(0.02)"
        while try await number(question) != 1 { try Task.checkCancellation() }
    }

    /// Waits until the backend of a store waits inside its COMMIT.
    func waitForCommit(of backend: Int64, _ event: String) async throws {
        try await wait(
            until: """
                EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = \(backend)
                    AND wait_event = '\(event)' AND query = 'COMMIT')
                """
        )
    }
}

extension Store {
    /// The process of the server that serves the writer.
    func backend() async throws -> Int64 {
        try await engine.write(.request) { connection in
            try connection.first("SELECT pg_backend_pid()") { $0.int64(0) } ?? 0
        }.get()
    }

    /// Notes a campaign as removed, in a transaction that begins with a statement of the test's.
    func note(_ key: Int64, after text: String = "SELECT 1") async -> Result<Void, any Error> {
        await engine.write(.request) { connection in
            try connection.transaction {
                try connection.run(StatementText(stringLiteral: text))
                try connection.run("INSERT INTO removed (campaign) VALUES (?)", .int(key))
            }
        }
    }

    /// The campaigns noted as removed.
    func noted() async throws -> [Int64] {
        try await engine.read { connection in
            var keys: [Int64] = []
            try connection.each("SELECT campaign FROM removed ORDER BY campaign") {
                keys.append($0.int64(0))
            }
            return keys
        }.get()
    }

    /// The words of an error, as operators read them.
    func words(_ result: Result<some Any, any Error>) -> String? {
        guard case .failure(let error) = result else { return nil }
        if case .failed(let text) = engine.queueError(error) { return text }
        return "\(error)"
    }
}

extension Trait where Self == ConditionTrait {
    /// Left out, with the reason said, where no PostgreSQL can be started.
    static var onPostgres: Self {
        .enabled(
            if: PostgresServer.missing == nil,
            "\(PostgresServer.missing ?? ""): nothing is tested on PostgreSQL"
        )
    }
}
