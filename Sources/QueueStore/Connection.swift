import GRDB
import GRDBSQLite

/// A value bound to a statement.
enum Value {
    case null
    case int(Int64)
    case text([UInt8])
    case blob([UInt8])

    static func int(_ value: Int) -> Value { .int(Int64(value)) }
    static func text(_ value: String) -> Value { .text(Array(value.utf8)) }
    static func optional(_ value: Int?) -> Value { value.map { .int($0) } ?? .null }
    static func optional(_ value: Int64?) -> Value { value.map { .int($0) } ?? .null }
    static func optional(_ value: String?) -> Value { value.map { .text($0) } ?? .null }
    static func optional(text value: [UInt8]?) -> Value { value.map { .text($0) } ?? .null }
}

/// A connection, used through SQLite's own interface and GRDB's cache of statements.
///
/// GRDB's argument and row types cost several times what SQLite itself takes for the short
/// statements of a claim or a record, and they turn text into `String`, whose equality isn't that
/// of the bytes.
struct Connection {
    let database: Database

    /// Runs a statement that answers no rows and says how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: Value...) throws -> Int {
        let query = try Query(database, sql, values)
        defer { query.clear() }
        while try query.step() {}
        return database.changesCount
    }

    /// Reads all rows of a statement; `body` must not run the same statement again.
    func each(_ sql: String, _ values: Value..., body: (Query) throws -> Void) throws {
        let query = try Query(database, sql, values)
        defer { query.clear() }
        while try query.step() { try body(query) }
    }

    /// The first row of a statement; nil if there is none.
    func first<T>(_ sql: String, _ values: Value..., body: (Query) throws -> T) throws -> T? {
        let query = try Query(database, sql, values)
        defer { query.clear() }
        return try query.step() ? body(query) : nil
    }

    /// A statement to be stepped by the caller, who resets it.
    func query(_ sql: String, _ values: Value...) throws -> Query {
        try Query(database, sql, values)
    }

    var lastInsertedKey: Int64 { database.lastInsertedRowID }

    /// The bytes of the statements that are prepared and kept; they go with the connection.
    var preparedBytes: Int {
        var bytes: CInt = 0
        var most: CInt = 0
        let handle = unsafe database.sqliteConnection
        unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_STMT_USED, &bytes, &most, 0)
        return Int(bytes)
    }
}

/// A prepared statement with its values bound; a row of it while it is stepped.
@safe struct Query {
    private let statement: Statement
    private let handle: OpaquePointer
    private let database: Database

    init(_ database: Database, _ sql: String, _ values: [Value] = []) throws {
        self.database = database
        statement = try database.cachedStatement(sql: sql)
        unsafe handle = statement.sqliteStatement
        unsafe sqlite3_reset(handle)
        for (index, value) in values.enumerated() { try bind(value, at: index + 1) }
    }

    func bind(_ value: Value, at index: Int) throws {
        let position = CInt(index)
        let code =
            switch value {
            case .null: unsafe sqlite3_bind_null(handle, position)
            case .int(let value): unsafe sqlite3_bind_int64(handle, position, value)
            case .text(let bytes) where bytes.isEmpty:
                unsafe sqlite3_bind_text(handle, position, "", 0, Self.transient)
            case .text(let bytes):
                unsafe bytes.withUnsafeBytes { buffer in
                    let text = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                    let count = CInt(buffer.count)
                    return unsafe sqlite3_bind_text(handle, position, text, count, Self.transient)
                }
            case .blob(let bytes):
                unsafe bytes.withUnsafeBytes { buffer in
                    let start = buffer.baseAddress
                    let count = CInt(buffer.count)
                    return unsafe sqlite3_bind_blob(handle, position, start, count, Self.transient)
                }
            }
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Binds text that the caller keeps where it is until the statement is cleared.
    func bind(borrowed bytes: UnsafeRawBufferPointer, at index: Int) throws {
        let text = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let code = unsafe sqlite3_bind_text(handle, CInt(index), text, CInt(bytes.count), nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Goes on to the next row; false at the end.
    func step() throws -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let error = failure(code)
            reset()
            throw error
        }
    }

    func reset() {
        unsafe sqlite3_reset(handle)
    }

    /// Resets and forgets what was bound: the statement is kept, maybe for ever, and what was bound may
    /// be large, or borrowed.
    func clear() {
        reset()
        unsafe sqlite3_clear_bindings(handle)
    }

    func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(handle, CInt(column)) == SQLITE_NULL
    }

    func int64(_ column: Int) -> Int64 {
        unsafe sqlite3_column_int64(handle, CInt(column))
    }

    func int(_ column: Int) -> Int { Int(int64(column)) }

    func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }

    func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }

    func bytes(_ column: Int) -> [UInt8] {
        let start = unsafe sqlite3_column_blob(handle, CInt(column))
        let count = unsafe sqlite3_column_bytes(handle, CInt(column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }

    func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }

    func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    private func failure(_ code: CInt) -> DatabaseError {
        let message = unsafe String(cString: sqlite3_errmsg(database.sqliteConnection))
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }

    /// Tells SQLite to copy what is bound before the call returns.
    private static var transient: sqlite3_destructor_type? {
        unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
