import DeliveryCore
import DeliveryEngine
import GRDB
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// Stores of earlier versions.
@Suite struct MigrationTests {
    private let files = TemporaryFiles()

    @Test func `a store of the first version learns what came later`() async throws {
        let path = files.path("a")
        do {
            let store = try Store.open(at: path, options: makeOptions())
            _ = try await store.create(makeNewCampaign(), now: at(0))
            try store.close()
        }
        let queue = try DatabaseQueue(path: path)
        try await queue.writeWithoutTransaction { database in
            for trigger in ["campaign_made", "campaign_moved", "campaign_gone"] {
                try database.execute(sql: "DROP TRIGGER \(trigger)")
            }
            try database.execute(sql: "DROP TABLE campaign_tally")
            let indexes = ["campaign_draft", "campaign_finished", "campaign_state", "batch_list"]
            for index in indexes {
                try database.execute(sql: "DROP INDEX \(index)")
            }
            try database.execute(sql: "ALTER TABLE campaign DROP COLUMN touched_at_ms")
            try database.execute(sql: "DROP TABLE closing")
            try database.execute(sql: "DROP TABLE removed")
            try database.execute(sql: "DROP TABLE keyed_request")
            try database.execute(sql: "ALTER TABLE service DROP COLUMN mark")
            try database.execute(sql: "PRAGMA user_version = 1")
        }
        try queue.close()
        let store = try Store.open(at: path, options: makeOptions())
        #expect(try await store.counts().total == 10)
        #expect(try await store.standing().campaigns == [.running: 1])
        let request = makeRequest(makeKey())
        _ = try await store.create(makeNewCampaign(makeID(2)), for: request, now: at(1))
        #expect(try await store.answer(to: makeKey(), now: at(2).timestamp) != nil)
        try store.close()
        try Store.open(at: files.path("b"), options: makeOptions()).close()
        let (migrated, fresh) = (try layout(of: path), try layout(of: files.path("b")))
        #expect(migrated == fresh && fresh.count > 100)
    }

    /// Columns, indexes and triggers, as text.
    private func layout(of path: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        let found = try queue.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT 'column ' || m.name || '.' || t.name || ' ' || t.type || t."notnull"
                        || coalesce(t.dflt_value, '-') || t.pk
                    FROM sqlite_master AS m, pragma_table_info(m.name) AS t WHERE m.type = 'table'
                    UNION ALL
                    SELECT 'strict ' || name || strict || wr FROM pragma_table_list
                    UNION ALL
                    SELECT type || name || coalesce(sql, '') FROM sqlite_master WHERE type <> 'table'
                    ORDER BY 1
                    """
            )
        }
        try queue.close()
        return found
    }
}
