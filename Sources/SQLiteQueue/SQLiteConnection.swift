package import GRDB
import GRDBSQLite
package import QueueTables

/// A connection, used through SQLite's own interface and GRDB's cache of statements.
///
/// GRDB's argument and row types cost several times what SQLite itself takes for the short
/// statements of a claim or a record, and they turn text into `String`, whose equality isn't that
/// of the bytes.
struct SQLiteConnection: Connection {
    let database: Database

    func statement(_ sql: StatementText) throws -> any PreparedStatement {
        let statement = try database.cachedStatement(sql: sql.sqlite)
        unsafe sqlite3_reset(statement.sqliteStatement)
        return statement
    }

    var changedRows: Int { database.changesCount }
    var bindsArrays: Bool { false }

    /// The bytes of the prepared statements that the connection keeps.
    var preparedBytes: Int {
        var bytes: CInt = 0
        var most: CInt = 0
        let handle = unsafe database.sqliteConnection
        unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_STMT_USED, &bytes, &most, 0)
        return Int(bytes)
    }
}

/// GRDB's own object is the statement, so running one allocates nothing.
extension Statement: PreparedStatement {
    package func bind(_ value: Value, at index: Int) throws {
        let position = CInt(index)
        let code =
            switch value {
            case .null: unsafe sqlite3_bind_null(sqliteStatement, position)
            case .int(let value): unsafe sqlite3_bind_int64(sqliteStatement, position, value)
            case .text(let bytes) where bytes.isEmpty:
                unsafe sqlite3_bind_text(sqliteStatement, position, "", 0, Self.transient)
            case .text(let bytes):
                unsafe bytes.withUnsafeBytes { buffer in
                    let text = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                    let count = CInt(buffer.count)
                    return unsafe sqlite3_bind_text(
                        sqliteStatement,
                        position,
                        text,
                        count,
                        Self.transient
                    )
                }
            case .blob(let bytes):
                unsafe bytes.withUnsafeBytes { buffer in
                    let start = buffer.baseAddress
                    let count = CInt(buffer.count)
                    return unsafe sqlite3_bind_blob(
                        sqliteStatement,
                        position,
                        start,
                        count,
                        Self.transient
                    )
                }
            }
        guard code == SQLITE_OK else { throw failure(code) }
    }

    package func bind(borrowed texts: [UnsafeRawBufferPointer], from index: Int) throws {
        let statement = unsafe sqliteStatement
        for offset in unsafe texts.indices {
            let text = unsafe texts[offset]
            let start = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self)
            let position = CInt(index + offset)
            let code = unsafe sqlite3_bind_text(statement, position, start, CInt(text.count), nil)
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    package func step() throws -> Bool {
        switch unsafe sqlite3_step(sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let error = failure(code)
            unsafe sqlite3_reset(sqliteStatement)
            throw error
        }
    }

    package func clear() {
        unsafe sqlite3_reset(sqliteStatement)
        unsafe sqlite3_clear_bindings(sqliteStatement)
    }

    package func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(sqliteStatement, CInt(column)) == SQLITE_NULL
    }

    package func int64(_ column: Int) -> Int64 {
        unsafe sqlite3_column_int64(sqliteStatement, CInt(column))
    }

    package func bytes(_ column: Int) -> [UInt8] {
        let start = unsafe sqlite3_column_blob(sqliteStatement, CInt(column))
        let count = unsafe sqlite3_column_bytes(sqliteStatement, CInt(column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }

    private func failure(_ code: CInt) -> DatabaseError {
        let message = unsafe String(cString: sqlite3_errmsg(sqlite3_db_handle(sqliteStatement)))
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }

    /// Tells SQLite to copy a bound value before the call returns.
    private static var transient: sqlite3_destructor_type? {
        unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}

extension DatabaseError: EngineError {
    package var isOfOneWrite: Bool {
        switch resultCode {
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_NOTADB,
            .SQLITE_CORRUPT, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL, .SQLITE_PERM,
            .SQLITE_AUTH, .SQLITE_NOLFS, .SQLITE_NOMEM, .SQLITE_INTERRUPT, .SQLITE_ABORT,
            .SQLITE_MISUSE, .SQLITE_INTERNAL, .SQLITE_SCHEMA:
            false
        default:
            // A constraint, a value of another type or size, a table that isn't there.
            true
        }
    }

    package var detail: String { message ?? "error \(resultCode.rawValue)" }
}
