import QueueTables
import SQLiteQueue

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
        let database = try SQLiteConnection(at: path, .reading)
        self = try database.snapshot { try StoredRows(database, checksIntegrity: checksIntegrity) }
        try database.close()
    }

    private init(_ database: SQLiteConnection, checksIntegrity: Bool) throws {
        if checksIntegrity {
            integrity = try database.first("PRAGMA integrity_check") { $0.text(0) } ?? ""
        }
        let names = try database.texts(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        for name in names {
            let columns = try database.texts(
                "SELECT name FROM pragma_table_info('\(name)') WHERE name <> 'mark'"
            )
            let row = columns.map { "quote(\($0))" }.joined(separator: " || ',' || ")
            tables[name] =
                try database.first("SELECT group_concat(\(row), char(10)) FROM \(name)") {
                    $0.text(0)
                } ?? ""
        }
        // Of a damaged store the rest may not even be readable.
        guard names.contains("ledger"), !checksIntegrity || integrity == "ok" else { return }
        try database.each("SELECT count, timeout_ms, release_ns FROM ledger") { row in
            holds.append((row.int(0), row.int64(1), row.isNull(2) ? nil : row.int64(2)))
        }
        lastInstant = try database.first("SELECT last_instant_ns FROM clock") { $0.int64(0) } ?? 0
        let ids = "SELECT id FROM batch WHERE state IN"
        try database.each("\(ids) ('in_flight') ORDER BY id") { inFlight.append($0.int64(0)) }
        try database.each("\(ids) ('held', 'repeat') ORDER BY id") { waiting.append($0.int64(0)) }
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

extension SQLiteConnection {
    /// The first column of each row of a statement.
    func texts(_ sql: StatementText) throws -> [String] {
        var found: [String] = []
        try each(sql) { found.append($0.text(0)) }
        return found
    }
}
