import DeliveryEngine
import PostgresQueue
import QueueFixtures
import QueueTables
import Simulation
import Synchronization

/// Terms on PostgreSQL, in a schema of a life's own: each begins by taking the lease over, as another
/// node does, and the row of the lease is what fences the stores of terms before.
final class PostgresTerms: Terms {
    private let postgres: PostgresOptions
    private let options: Store.Options
    private let state = Mutex(State())

    private struct State: Sendable {
        /// The present term's own engine.
        var engine: (any Engine)?
        var fate = CommitFate.made
    }

    init(_ options: Store.Options) throws {
        postgres = try PostgresServer.shared.get().makeOptions()
        self.options = options
    }

    func begin(_ options: Store.Options, lacksCalls: Bool) throws -> Store {
        let store = try Store.open(in: postgres, options: options, isConcurrent: false)
        state.withLock { $0.engine = store.engine }
        let engine = TermEngine(
            base: store.engine,
            lacksCalls: lacksCalls,
            fate: { [self] in state.withLock { $0.fate } }
        )
        return Store(on: engine, salt: store.salt, options: options)
    }

    func set(_ fate: CommitFate) { state.withLock { $0.fate = fate } }

    private var keptSchema: String { "\(postgres.schema)_kept" }

    func keep() async throws {
        guard let engine = state.withLock({ $0.engine }) else { return }
        let (schema, kept) = (postgres.schema, keptSchema)
        try await engine.write(.request) { connection in
            try connection.transaction {
                try connection.run(text("CREATE SCHEMA \(kept)"))
                for table in try connection.tables(of: schema) {
                    try connection.run(
                        text("CREATE TABLE \(kept).\(table) AS TABLE \(schema).\(table)")
                    )
                }
            }
        }.get()
    }

    /// Takes the lease like a node of its own, puts the kept rows in place, that of the lease too, and
    /// is gone.
    func goBack() async throws {
        let store = try Store.open(in: postgres, options: options, isConcurrent: false)
        let (schema, kept) = (postgres.schema, keptSchema)
        try await store.engine.write(.request) { connection in
            try connection.transaction {
                // Triggers count campaigns there.
                let last = "campaign_tally"
                let tables = try connection.tables(of: schema).filter { $0 != last } + [last]
                for table in tables {
                    try connection.run(text("DELETE FROM \(schema).\(table)"))
                    try connection.run(
                        text(
                            """
                            INSERT INTO \(schema).\(table) OVERRIDING SYSTEM VALUE
                            SELECT * FROM \(kept).\(table)
                            """
                        )
                    )
                }
                try connection.run(text("DROP SCHEMA \(kept) CASCADE"))
            }
        }.get()
        try store.close()
    }
}

private func text(_ sql: String) -> StatementText { StatementText(stringLiteral: sql) }

extension WritingConnection {
    fileprivate func tables(of schema: String) throws -> [String] {
        var tables: [String] = []
        try each(
            text("SELECT tablename::TEXT FROM pg_tables WHERE schemaname = '\(schema)' ORDER BY 1")
        ) { tables.append($0.text(0)) }
        return tables
    }
}
