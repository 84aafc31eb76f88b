import Codecs
import DeliveryCore
import DeliveryEngine
import PostgresQueue
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// A stopped store, read as a whole.
@Suite struct StoppedStoreTests {
    private let files = TemporaryFiles()

    @Test func `a store in use, of another version, or none at all is refused`() throws {
        let path = files.path("a")
        #expect(throws: StoreError.missing(path: path)) { try StoppedStore(at: path) }
        do {
            let store = try Store.open(at: path, options: makeOptions())
            let locked = #expect(throws: StoreError.self) { try StoppedStore(at: path) }
            guard case .locked = locked else { throw NothingClaimed() }
            try store.close()
        }
        for (version, remedy) in [
            (10, "start its daemon once with this program"), (99, "run the fanoutd that wrote it"),
        ] {
            let database = try SQLiteConnection(at: path)
            try database.execute("PRAGMA user_version = \(version)")
            try database.close()
            let error = #expect(throws: StoreError.self) { try StoppedStore(at: path) }
            #expect(error?.description.contains(remedy) == true, "\(String(describing: error))")
        }
    }

    @Test func `it keeps a daemon out while it is read, and stays as it is`() async throws {
        let path = files.path("a")
        do {
            let first = try Store.open(at: path, options: makeOptions())
            _ = try await first.create(makeNewCampaign(), now: at(0))
            try first.close()
        }
        let before = try StoredRows(at: path)
        do {
            let stopped = try StoppedStore(at: path)
            let names = try stopped.read { connection, tables in
                #expect(throws: StoreError.self) {
                    try Store.open(at: path, options: makeOptions())
                }
                let blocks = try connection.first("SELECT count(*) FROM recipient_block") {
                    $0.int(0)
                }
                #expect(blocks == 1)
                return tables.map(\.name)
            }
            #expect(names.count == 23)
            #expect(names == names.sorted() && names.contains("recipient_block"))
        }
        #expect(try StoredRows(at: path) == before)
        let again = try Store.open(at: path, options: makeOptions())
        #expect(try await again.counts().queued == 10)
    }
}

/// A store that is taken into a schema of PostgreSQL.
@Suite(
    .enabled(
        if: PostgresServer.missing == nil,
        "\(PostgresServer.missing ?? ""): nothing is tested on PostgreSQL"
    )
)
struct MoveTests {
    private let files = TemporaryFiles()

    /// A stopped store with rows in every table, and accounts of any bytes.
    private func makeStore() throws -> StoppedStore {
        let path = files.path("a")
        try Store.open(at: path, options: makeOptions()).close()
        let database = try SQLiteConnection(at: path)
        try database.execute(Version9.rows)
        try database.execute(Self.rows)
        try database.close()
        return try StoppedStore(at: path)
    }

    private static let rows = """
        INSERT INTO recipient_block (campaign, last_account, accounts)
        VALUES (1, 'user-00007', x'\(block(accounts.dropLast()))'),
            (1, 'ü '' "', x'\(block(accounts.suffix(1)))');
        INSERT INTO suppression VALUES ('user-00001', 'asked', 1), (CAST(x'00' AS TEXT), NULL, 2);
        UPDATE suppression_tally SET count = 2;
        INSERT INTO cut VALUES (1, 0, 'canceled', 5);
        INSERT INTO ledger VALUES (7, x'00000000000170008000000000000000', 6, 10000, 123456789012);
        INSERT INTO closing VALUES (2, 1, '');
        INSERT INTO removed VALUES (3);
        INSERT INTO keyed_request VALUES ('ops', x'00ff', zeroblob(32), zeroblob(16), x'7b7d', 9);
        INSERT INTO job VALUES (1, 'recall', 'halted', 70003, 'no', 9, 1, 2, 3, 'user-00003', 8, 7, 6,
            5, 4, '', 10, 11, 12);
        INSERT INTO recall VALUES (1, 'user-00000', 'failed', 20023, NULL, 1);
        INSERT INTO hook VALUES (3, 'digest', 1);
        INSERT INTO hook_event VALUES (4, 'uuid', 'campaign.started', x'', 5, '{}');
        INSERT INTO hook_backlog VALUES (3, 4, x'', 5, 0, NULL, 6);
        UPDATE service SET is_paused = 1;
        """

    /// Of campaign 1, in order.
    private static let accounts =
        [[0], [0x61, 0, 0x62]] + (makeAccounts(8) + [Account("ü ' \"")]).map(\.bytes)

    private static func block(_ accounts: some Sequence<[UInt8]>) -> String {
        accounts.map { Hexadecimal.text([UInt8($0.count)] + $0) }.joined()
    }

    /// All rows of each table, whatever their order.
    private func rows(
        of connection: any Connection,
        _ tables: [TableLayout]
    ) throws -> [String: Set<[Value]>] {
        var found: [String: Set<[Value]>] = [:]
        for table in tables {
            let names = table.columns.map(\.name).joined(separator: ", ")
            var rows: Set<[Value]> = []
            try connection.each("SELECT \(names) FROM \(table.name)") { row in
                rows.insert(
                    table.columns.enumerated().map { index, column in
                        if row.isNull(index) { return .null }
                        return column.kind == .number
                            ? .int(row.int64(index)) : .blob(row.bytes(index))
                    }
                )
            }
            found[table.name] = rows
        }
        return found
    }

    @Test func `every row of every table is there afterwards, byte for byte`() async throws {
        let options = try PostgresServer.shared.get().makeOptions()
        let store = try makeStore()
        var told: [Int] = []
        let counts = try PostgresFilling.fill(options) { target in
            try store.read { source, tables in
                let counts = try StoreTransfer(of: tables, from: source, to: target).run {
                    #expect($0 <= $1)
                    told.append($0)
                }
                let expected = try rows(of: source, tables)
                #expect(expected.values.allSatisfy { !$0.isEmpty }, "a table has no rows to move")
                let found = try rows(of: target, tables)
                for table in tables { #expect(found[table.name] == expected[table.name]) }
                #expect(counts.map(\.table).sorted() == tables.map(\.name))
                return counts
            }
        }
        #expect(counts.first { $0.table == "recipient_block" }?.rows == 2)
        #expect(told == told.sorted() && told.last == counts.map(\.rows).reduce(0, +))
        // It is a store: a node goes on with it.
        let moved = try Store.open(in: options, options: makeOptions(), isConcurrent: false)
        #expect(try await moved.everybody().count == 11)
        #expect(try await moved.suppressions(after: nil, limit: 9).suppressions.count == 2)
        #expect(try await moved.everybody().map(\.account.bytes) == Self.accounts)
    }

    @Test func `many rows go over in few statements, whole`() async throws {
        let path = files.path("a")
        let accounts = makeAccounts(2_345)
        do {
            let first = try Store.open(at: path, options: makeOptions())
            _ = try await first.create(makeNewCampaign(accounts: accounts), now: at(0))
            try first.close()
        }
        let options = try PostgresServer.shared.get().makeOptions()
        let store = try StoppedStore(at: path)
        _ = try PostgresFilling.fill(options) { target in
            try store.read { try StoreTransfer(of: $1, from: $0, to: target).run() }
        }
        let moved = try Store.open(in: options, options: makeOptions(), isConcurrent: false)
        #expect(try await moved.counts().queued == 2_345)
        #expect(try await moved.everybody(pageSize: 500).map(\.account) == accounts)
        #expect(try await moved.claim().accounts.count > 100)
    }

    @Test func `a move that fails leaves no schema, and one that is there is refused`() throws {
        struct Broken: Error {}
        let options = try PostgresServer.shared.get().makeOptions()
        let store = try makeStore()
        func move(breaksAt limit: Int) throws {
            _ = try PostgresFilling.fill(options) { target in
                try store.read { source, tables in
                    _ = try StoreTransfer(of: tables, from: source, to: target).run()
                    if limit == 0 { throw Broken() }
                }
            }
        }
        #expect(throws: Broken.self) { try move(breaksAt: 0) }
        #expect(try PostgresInspection(options).presence == .none)
        try move(breaksAt: 1)
        let taken = PostgresError.taken(schema: options.schema)
        #expect(throws: taken) { try move(breaksAt: 1) }
        #expect(try PostgresInspection(options).presence == .version(Schema.version))
    }

    @Test func `a table whose rows aren't all taken ends the move`() throws {
        let options = try PostgresServer.shared.get().makeOptions()
        let store = try makeStore()
        let mismatch = #expect(throws: StoreTransfer.Mismatch.self) {
            try PostgresFilling.fill(options) { target in
                try target.run("CREATE RULE none AS ON INSERT TO minute DO INSTEAD NOTHING")
                _ = try store.read { try StoreTransfer(of: $1, from: $0, to: target).run() }
            }
        }
        #expect(mismatch?.description == "the table minute has 1 rows, and 0 of them were taken")
        #expect(try PostgresInspection(options).presence == .none)
    }
}
