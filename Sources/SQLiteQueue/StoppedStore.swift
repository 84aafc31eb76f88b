import Platform
package import QueueTables
import SystemPackage

/// A store that no daemon uses, nor can while this value lives: to be read as a whole, and left as
/// it is.
package final class StoppedStore {
    private let path: String
    private let lock: StoreLock
    private let connection: SQLiteConnection

    /// Locks the store; one of another version is refused, since only a daemon brings it up to date.
    package init(at path: String) throws(StoreError) {
        let path = FileSystem.target(of: path)
        self.path = path
        guard FileSystem.isTaken(path) else { throw .missing(path: path) }
        lock = try StoreLock(at: path + ".lock")
        try FoundFile(at: path).refuse()
        do {
            connection = try SQLiteConnection(at: path, .reading)
            let found = try connection.first("PRAGMA user_version") { $0.int(0) }
            guard let found, found >= Schema.version else {
                throw StoreError.olderVersion(path: path, found: found ?? 0, known: Schema.version)
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Runs a body on a snapshot, with the tables that are there; its own errors pass as they are.
    package func read<T>(_ body: (any Connection, [TableLayout]) throws -> T) throws -> T {
        do {
            return try connection.snapshot { try body(connection, try Self.tables(connection)) }
        } catch let error as SQLiteError {
            throw StoreError(error, path: path)
        }
    }

    private static func tables(_ connection: SQLiteConnection) throws -> [TableLayout] {
        var names: [String] = []
        try connection.each(
            """
            SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%'
                ESCAPE '~' ORDER BY name
            """
        ) { names.append($0.text(0)) }
        return try names.map { name in
            var columns: [TableLayout.Column] = []
            try connection.each(
                "SELECT name, type FROM pragma_table_info(?) ORDER BY cid",
                .text(name)
            ) { row in
                let kind: TableLayout.Column.Kind =
                    switch row.text(1) {
                    case "INTEGER": .number
                    case "BLOB": .bytes
                    default: .text
                    }
                columns.append(TableLayout.Column(name: row.text(0), kind: kind))
            }
            return TableLayout(name: name, columns: columns)
        }
    }
}
