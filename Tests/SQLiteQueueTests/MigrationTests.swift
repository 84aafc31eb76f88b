import DeliveryCore
import DeliveryEngine
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
        try makeStore(
            at: path,
            """
            DROP TRIGGER campaign_made;
            DROP TRIGGER campaign_moved;
            DROP TRIGGER campaign_gone;
            DROP TABLE campaign_tally;
            DROP INDEX campaign_draft;
            DROP INDEX campaign_finished;
            DROP INDEX campaign_state;
            DROP INDEX batch_list;
            ALTER TABLE campaign DROP COLUMN touched_at_ms;
            DROP TABLE closing;
            DROP TABLE removed;
            DROP TABLE keyed_request;
            ALTER TABLE service DROP COLUMN mark;
            PRAGMA user_version = 1;
            """
        )
        let store = try Store.open(at: path, options: makeOptions())
        #expect(try await store.counts().total == 12)
        #expect(try await store.standing().campaigns == [.running: 1, .draft: 1])
        let request = makeRequest(makeKey())
        _ = try await store.create(makeNewCampaign(makeID(3)), for: request, now: at(1))
        #expect(try await store.answer(to: makeKey(), now: at(2).timestamp) != nil)
        try store.close()
        try Store.open(at: files.path("b"), options: makeOptions()).close()
        let (migrated, fresh) = (try layout(of: path), try layout(of: files.path("b")))
        #expect(migrated == fresh && fresh.count > 100)
    }

    @Test func `a store of the seventh version keeps everybody's status, and its jobs find them`()
        async throws
    {
        let path = files.path("a")
        try makeStore(at: path)
        let store = try Store.open(at: path, options: makeOptions())
        let restored = try await store.restore(now: at(10))
        #expect(restored.inFlight.map(\.accounts.count) == [2] && restored.jobs.isEmpty)
        #expect(restored.holds.map(\.count) == [2])
        #expect(try await store.contradictions() == [])
        let all = try await store.everybody()
        let called: [Recipient.Status] = [
            .sent, .failed, .sent, .unknown, .unknown, .sending, .sending, .retrying,
        ]
        #expect(all.map(\.status) == called + Array(repeating: .queued, count: 4))
        #expect(all.map(\.messageKey).prefix(3) == ["key", nil, "own"])
        // Calls made before are numbered no more: what comes now comes after all of them.
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(11))
        #expect(batch.maybeAcceptedBefore == Set(batch.accounts))
        try await store.commit(makeRecord(batch.id), now: at(12))
        try await store.commit(makeRecord(Batch.ID(rawValue: 4)), now: at(12))
        #expect(try await store.claim(now: at(13)).accounts.count == 4)
        // Which calls addressed them nobody has written down.
        let change = try await store.change(makeStart(.verify), now: at(14))
        #expect(change.campaign.jobs.map(\.total) == [2])
        let step = try await store.step(makeStep(.verify, walk: 9), now: at(14))
        #expect(step.walked.map(\.account) == Array(makeAccounts(5).suffix(2)))
        #expect(step.walked.allSatisfy { $0.calls.isEmpty })
        #expect(try await store.contradictions() == [])
        try store.close()
        try Store.open(at: files.path("b"), options: makeOptions()).close()
        #expect(try layout(of: path) == layout(of: files.path("b")))
    }

    @Test func `a store of the eighth version counts from now on what its minutes send`()
        async throws
    {
        let path = files.path("a")
        try makeStore(at: path, from: [Version8.schema, Version8.rows])
        let store = try Store.open(at: path, options: makeOptions())
        let restored = try await store.restore(now: at(35))
        #expect(restored.inFlight.map(\.accounts.count) == [2])
        #expect(try await store.contradictions() == [])
        // Nobody counted the call when it was claimed, so nothing is there to be taken back.
        let held = Resolution.held(dueAt: at(36).timestamp)
        try await store.commit(makeRecord(Batch.ID(rawValue: 3), held), now: at(36))
        #expect(try await store.traffic(since: at(0).timestamp, per: .minute) == [])
        try await store.commit(makeReclaim(Batch.ID(rawValue: 3), quota: 600), now: at(37))
        let due = try await store.step(makeStep(.settle, due: at(38)), now: at(38)).due
        let call = try #require(due.first?.calls.first)
        let found = makeResults(due.map(\.account), .found(makeFound(call)))
        try await store.step(makeStep(.settle, results: found), now: at(39))
        let minute = TrafficStep(start: at(-20).timestamp, limit: 600, addressed: 2, sent: 1)
        #expect(try await store.traffic(since: at(0).timestamp, per: .minute) == [minute])
        #expect(try await store.contradictions() == [])
        try store.close()
        try Store.open(at: files.path("b"), options: makeOptions()).close()
        #expect(try layout(of: path) == layout(of: files.path("b")))
    }

    @Test
    func `a store of the ninth version keeps everybody's status, and gets a suppression list`()
        async throws
    {
        let path = files.path("a")
        try makeStore(at: path, from: [Version9.schema, Version9.recipients, Version9.rows])
        let store = try Store.open(at: path, options: makeOptions())
        let accounts = makeAccounts(8)
        let before: [Recipient.Status] = [
            .sent, .failed, .retrying, .unknown, .queued, .retrying, .queued, .queued,
        ]
        #expect(try await store.everybody().map(\.status) == before)
        #expect(try await store.contradictions() == [])
        #expect(try await store.suppressions(after: nil, limit: 9).suppressions == [])
        #expect(try await store.restore(now: at(5)).open.map(\.count) == [1])
        let minutes = try await store.traffic(since: at(0).timestamp, per: .minute)
        #expect(minutes.map(\.addressed) == [7])
        try await store.suppress([accounts[2], accounts[4], accounts[6]])
        #expect(try await store.claim(now: at(6)).accounts == AccountRun([accounts[7]]))
        for write in [makeClaim(source: .dueRetries), makeReclaim(Batch.ID(rawValue: 2))] {
            guard case .claimed(nil, _?) = try await store.commit(write, now: at(6)) else {
                throw NothingClaimed()
            }
        }
        let after: [Recipient.Status] = [
            .sent, .failed, .suppressed, .unknown, .suppressed, .retrying, .suppressed, .sending,
        ]
        #expect(try await store.everybody().map(\.status) == after)
        #expect(try await store.contradictions() == [])
        try store.close()
        try Store.open(at: files.path("b"), options: makeOptions()).close()
        #expect(try layout(of: path) == layout(of: files.path("b")))
    }

    @Test
    func `recipients of a store of the eleventh version are packed, many and few`() async throws {
        let path = files.path("a")
        // The same in the ninth. Of campaign 1 there are more than are read at a time; 2 is deleted.
        let many = """
            WITH RECURSIVE number (n) AS (SELECT 8 UNION ALL SELECT n + 1 FROM number
                WHERE n < 25999)
            INSERT INTO recipient (campaign, account) SELECT 1, format('user-%05d', n) FROM number;
            UPDATE campaign SET fresh = 25994, queued = 25995;
            INSERT INTO recipient (campaign, account) VALUES (2, 'gone-0'), (2, 'gone-1');
            INSERT INTO removed VALUES (2);
            """
        let rows = [Version9.schema, Version9.recipients, Version9.rows, many]
        try makeStore(at: path, from: rows)
        let store = try Store.open(at: path, options: makeOptions())
        let accounts = makeAccounts(26_000)
        #expect(try await store.everybody(pageSize: 5_000).map(\.account) == accounts)
        #expect(try await store.restore(now: at(5)).open.map(\.count) == [1])
        let claim = makeClaim(accountLimit: 500, byteLimit: 90_000)
        #expect(
            try await Array(store.claim(claim, now: at(6)).accounts) == Array(accounts[6..<506])
        )
        let sweep = Write.sweep(Write.Sweep(untouchedSince: nil))
        try await store.commit(sweep, now: at(7))
        #expect(try await store.strayRowCount() == 0)
        try store.close()
        try Store.open(at: files.path("b"), options: makeOptions()).close()
        #expect(try layout(of: path) == layout(of: files.path("b")))
    }

    @Test func `an account longer than any ends a migration, and the store stays as it was`() throws
    {
        let path = files.path("a")
        let long = "INSERT INTO recipient VALUES (1, '\(String(repeating: "x", count: 256))')"
        try makeStore(
            at: path,
            from: [Version9.schema, Version9.recipients, Version9.rows],
            long
        )
        let error = #expect(throws: (any Error).self) {
            try Store.open(at: path, options: makeOptions())
        }
        #expect("\(String(describing: error))".contains("an account of 256 bytes"))
        let database = try SQLiteConnection(at: path)
        let count = try database.first("SELECT count(*) FROM recipient") { $0.int(0) }
        #expect(count == 9)
        try database.close()
    }

    /// A store as version 7, or another, left it, and what else is done to it.
    private func makeStore(
        at path: String,
        from version: [String] = [Version7.schema, Version7.rows],
        _ changes: String = ""
    ) throws {
        let database = try SQLiteConnection(at: path)
        for text in version + [changes] { try database.execute(text) }
        try database.close()
    }

    /// Columns, indexes and triggers, as text.
    private func layout(of path: String) throws -> [String] {
        let database = try SQLiteConnection(at: path)
        let found = try database.texts(
            """
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
        try database.close()
        return found
    }
}
