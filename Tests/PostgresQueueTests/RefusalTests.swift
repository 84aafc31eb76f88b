import DeliveryCore
import DeliveryEngine
import Platform
import PostgresQueue
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What no waiting mends is refused at a start, in words that say what to do.
@Suite(.onPostgres, .timeLimit(.minutes(2)))
struct RefusalTests {
    private let database: Database

    init() throws { database = try Database() }

    private func refusal(_ options: PostgresOptions) -> PostgresError? {
        do {
            _ = try Store.open(in: options, options: makeOptions())
            return nil
        } catch {
            return error as? PostgresError
        }
    }

    @Test func `a schema of another program is left alone`() async throws {
        let options = database.server.makeOptions()
        try await database.number("CREATE SCHEMA \(options.schema)")
        try await database.number("CREATE TABLE \(options.schema).theirs (id BIGINT)")
        #expect(refusal(options) == .foreign(schema: options.schema))
        #expect(throws: PostgresError.foreign(schema: options.schema)) {
            try PostgresInspection(options)
        }
    }

    @Test func `an empty schema that an administrator has made is taken`() async throws {
        let options = database.server.makeOptions()
        try await database.number("CREATE SCHEMA \(options.schema)")
        #expect(try PostgresInspection(options).presence == .none)
        #expect(refusal(options) == nil)
        #expect(try PostgresInspection(options).presence == .version(Schema.version))
    }

    @Test(arguments: [10, 13])
    func `another version is refused`(version: Int) async throws {
        let options = database.server.makeOptions()
        #expect(refusal(options) == nil)
        try await database.number("UPDATE \(options.schema).fanoutd_store SET version = \(version)")
        let error: PostgresError =
            version < 11
            ? .olderVersion(schema: options.schema, found: version)
            : .newerVersion(schema: options.schema, found: version, known: Schema.version)
        #expect(refusal(options) == error)
    }

    @Test func `a new leader takes tables of the eleventh version along, and no standby`()
        async throws
    {
        let options = database.server.makeOptions()
        let accounts = makeAccounts(700)
        let old = try Store.open(in: options, options: makeOptions())
        _ = try await old.create(makeNewCampaign(accounts: accounts), now: at(0))
        // Since then only recipients are stored in another way.
        let schema = options.schema
        for text in [
            """
            CREATE TABLE \(schema).recipient (campaign BIGINT NOT NULL, account BYTEA NOT NULL,
                PRIMARY KEY (campaign, account))
            """,
            """
            INSERT INTO \(schema).recipient SELECT 1, convert_to('user-' || lpad(n::TEXT, 5, '0'),
                'UTF8') FROM generate_series(0, 699) AS n
            """, "DROP TABLE \(schema).recipient_block",
            "UPDATE \(schema).fanoutd_store SET version = 11",
        ] { try await database.number(text) }
        #expect(try PostgresInspection(options).presence == .version(11))
        let new = try Store.open(in: options, options: makeOptions())
        #expect(try PostgresInspection(options).presence == .version(Schema.version))
        #expect(try await new.everybody(pageSize: 500).map(\.account) == accounts)
        #expect(try await new.claim(now: at(2)).accounts.count > 100)
        #expect(try await new.contradictions() == [])
        // The earlier program has lost the lease, so none of its commits is made.
        await #expect(throws: QueueError.self) { try await old.claim(now: at(3)) }
        let tables =
            "SELECT count(*) FROM pg_tables WHERE schemaname = '\(schema)' AND tablename = "
        #expect(try await database.number(tables + "'recipient'") == 0)
    }

    @Test func `a server whose commits wait for nobody is refused, unless that is allowed`() throws
    {
        var options = database.server.makeOptions()
        options.synchronous = .required
        #expect(throws: PostgresError.notSynchronous(setting: "synchronous_commit is off")) {
            try PostgresInspection(options)
        }
        options.url += " options='-c synchronous_commit=on'"
        let inspection = try PostgresInspection(options)
        #expect(inspection.synchronousFault == nil && inspection.presence == .none)
    }

    @Test func `what is no connection string is refused without its words`() {
        var options = database.server.makeOptions()
        for url in ["host=a hunter2", "postgresql://a/b?hunter2=1", "host=a,b port=1,2,3"] {
            options.url = url
            guard case .badString(let detail) = refusal(options) else {
                Issue.record("\(url) was taken")
                continue
            }
            #expect(!detail.contains("hunter2"), "\(detail)")
        }
    }

    @Test func `who isn't let in doesn't show the password`() throws {
        var options = database.server.makeOptions()
        options.url = "host=\(database.server.folder) user=nobody dbname=postgres"
        options.password = Secret("hunter2")
        let error = try #require(refusal(options))
        #expect("\(error)".contains("nobody") && !"\(error)".contains("hunter2"), "\(error)")
        #expect(!String(reflecting: options).contains("hunter2"))
    }

    @Test func `a schema is filled whole or not at all, and only once`() async throws {
        struct Stop: Error {}
        let options = database.server.makeOptions()
        #expect(throws: Stop.self) {
            try PostgresFilling.fill(options) { connection in
                try connection.run("INSERT INTO removed (campaign) VALUES (1)")
                throw Stop()
            }
        }
        #expect(try PostgresInspection(options).presence == .none)
        try PostgresFilling.fill(options) { connection in
            _ = try connection.run("INSERT INTO removed (campaign) VALUES (7)")
        }
        let store = try Store.open(in: options, options: makeOptions())
        #expect(try await store.noted() == [7])
        #expect(throws: PostgresError.taken(schema: options.schema)) {
            try PostgresFilling.fill(options) { _ in }
        }
    }
}
