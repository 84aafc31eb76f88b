import GRDB

/// Every row of a store, by table, as text: two stores hold the same if these are equal.
///
/// The store's mark is left out, which each opening renews.
struct StoredRows: Equatable {
    private(set) var tables: [String: String] = [:]
    /// What `PRAGMA integrity_check` said.
    private(set) var integrity = "not checked"
    /// Of the calls that count: the release, and the last instant written down.
    private(set) var holds: [(count: Int, timeout: Int64, releaseAt: Int64?)] = []
    private(set) var lastInstant: Int64 = 0
    /// The batches whose calls are out, and those that wait.
    private(set) var inFlight: [Int64] = []
    private(set) var waiting: [Int64] = []

    init(at path: String, checksIntegrity: Bool = false) throws {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        self = try queue.read { try StoredRows($0, checksIntegrity: checksIntegrity) }
        try queue.close()
    }

    private init(_ database: Database, checksIntegrity: Bool) throws {
        if checksIntegrity {
            integrity = try String.fetchOne(database, sql: "PRAGMA integrity_check") ?? ""
        }
        let names = try String.fetchAll(
            database,
            sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        for name in names {
            let columns = try String.fetchAll(
                database,
                sql: "SELECT name FROM pragma_table_info(?) WHERE name <> 'mark'",
                arguments: [name]
            )
            let row = columns.map { "quote(\($0))" }.joined(separator: " || ',' || ")
            let sql = "SELECT group_concat(\(row), char(10)) FROM \(name)"
            tables[name] = try String.fetchOne(database, sql: sql) ?? ""
        }
        // Of a damaged store the rest may not even be readable.
        guard names.contains("ledger"), !checksIntegrity || integrity == "ok" else { return }
        holds = try Row.fetchAll(database, sql: "SELECT * FROM ledger").map {
            ($0["count"], $0["timeout_ms"], $0["release_ns"])
        }
        lastInstant = try Int64.fetchOne(database, sql: "SELECT last_instant_ns FROM clock") ?? 0
        let ids = "SELECT id FROM batch WHERE state IN"
        inFlight = try Int64.fetchAll(database, sql: "\(ids) ('in_flight') ORDER BY id")
        waiting = try Int64.fetchAll(database, sql: "\(ids) ('held', 'repeat') ORDER BY id")
    }

    static func == (lhs: StoredRows, rhs: StoredRows) -> Bool { lhs.tables == rhs.tables }

    /// Without what is drawn anew in every store, so that stores can be compared.
    var withoutSalt: StoredRows {
        var rows = self
        rows.tables["service"] = nil
        return rows
    }

    /// Which tables differ, for a message.
    func difference(from other: StoredRows) -> String {
        Set(tables.keys).union(other.tables.keys).sorted().filter {
            tables[$0] != other.tables[$0]
        }.map { "\($0):\n\(tables[$0] ?? "-")\nrather than:\n\(other.tables[$0] ?? "-")" }
            .joined(separator: "\n")
    }
}
