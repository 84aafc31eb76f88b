import CSQLite
package import QueueTables

/// A connection to a database, used through SQLite's own interface, with the statements it keeps.
///
/// Whoever has it lets one thread use it at a time, so SQLite needs no lock for it. Of SQLite's own
/// settings three are changed for all: errors have their details, another connection's lock is
/// waited for, and a text isn't written like a name. Keys of other tables aren't checked: the schema
/// has none.
@safe package final class SQLiteConnection: Connection {
    /// Nil once it is closed.
    private(set) var handle: OpaquePointer?
    private var statements: [StatementText: SQLiteStatement] = [:]

    package enum Access {
        case reading
        /// A file that isn't there is made.
        case writing
    }

    /// Whether SQLite was set up: it isn't if it was in use before.
    private static let isConfigured = fanoutd_configure() == SQLITE_OK

    /// Milliseconds that another connection's lock is waited for.
    private static let patience: CInt = 5_000

    /// Opens a database; what the file holds, the first statement finds out.
    package init(at path: String, _ access: Access = .writing) throws {
        let flags =
            access == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        _ = Self.isConfigured
        let code = unsafe sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
        do {
            try check(code)
            try unsafe check(sqlite3_extended_result_codes(handle, 1))
            try unsafe check(sqlite3_busy_timeout(handle, Self.patience))
            try unsafe check(fanoutd_refuse_quoted_texts(handle))
        } catch {
            // What couldn't be opened has to be closed as well.
            unsafe sqlite3_close_v2(handle)
            unsafe handle = nil
            throw error
        }
    }

    /// Opens a database in memory, which is gone with its connection.
    static func inMemory() throws -> SQLiteConnection { try SQLiteConnection(at: ":memory:") }

    deinit {
        unsafe sqlite3_close_v2(handle)
    }

    /// Closes the connection; whatever is asked of it afterwards fails.
    package func close() throws {
        statements = [:]
        try unsafe check(sqlite3_close(handle))
        unsafe handle = nil
    }

    private func check(_ code: CInt) throws {
        guard code == SQLITE_OK else { throw unsafe SQLiteError(code, on: handle) }
    }

    // MARK: Statements

    package func statement(_ sql: StatementText) throws -> any PreparedStatement {
        if let kept = statements[sql] {
            kept.reset()
            return kept
        }
        guard let handle = unsafe handle else {
            throw SQLiteError(SQLITE_MISUSE, "the connection is closed")
        }
        let made = try unsafe SQLiteStatement(sql.sqlite, on: handle)
        statements[sql] = made
        return made
    }

    /// Runs the statements of a script, without values and without answers.
    package func execute(_ script: String) throws {
        try unsafe check(sqlite3_exec(handle, script, nil, nil, nil))
    }

    package var changedRows: Int { unsafe Int(sqlite3_changes(handle)) }
    package var bindsArrays: Bool { false }

    /// The bytes of the prepared statements that the connection keeps.
    var preparedBytes: Int {
        var (bytes, most): (CInt, CInt) = (0, 0)
        unsafe sqlite3_db_status(handle, SQLITE_DBSTATUS_STMT_USED, &bytes, &most, 0)
        return Int(bytes)
    }

    // MARK: Transactions

    /// Runs a transaction that has the right to write from its beginning, and is committed on
    /// return; if the body or the commit throws, nothing of it is.
    package func transaction(_ body: () throws -> Void) throws {
        try run(Self.beginWriting)
        do {
            try body()
            guard isInTransaction else {
                throw SQLiteError(SQLITE_ABORT, "the transaction was rolled back by SQLite")
            }
            try run(Self.commit)
        } catch {
            rollBack()
            throw error
        }
    }

    /// Runs a body that sees the database as it is at its first statement, to its end.
    package func snapshot<T>(_ body: () throws -> T) throws -> T {
        try beginSnapshot()
        defer { rollBack() }
        return try body()
    }

    /// Begins a snapshot that lasts until it is rolled back.
    func beginSnapshot() throws { try run(Self.beginReading) }

    /// Ends a transaction, if SQLite hasn't done so by itself, as it does after some errors.
    func rollBack() {
        guard isInTransaction else { return }
        do {
            try run(Self.rollback)
        } catch {
            // What made the transaction fail is the error to report, and the next one's begin fails
            // should this one still be open.
        }
    }

    private var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    private static let beginWriting: StatementText = "BEGIN IMMEDIATE"
    private static let beginReading: StatementText = "BEGIN"
    private static let commit: StatementText = "COMMIT"
    private static let rollback: StatementText = "ROLLBACK"

    /// Where SQLite has the connection.
    var address: UInt { unsafe UInt(bitPattern: handle) }

    // MARK: The log

    /// Makes the database one with a write-ahead log, as long as its file exists.
    func keepLog() throws {
        let mode = try first("PRAGMA journal_mode = WAL") { $0.text(0) }
        guard mode == "wal" else { throw SQLiteError(SQLITE_ERROR, "its journal can't be a WAL") }
    }

    /// Moves the whole write-ahead log into the database.
    package func emptyLog() throws {
        let mode = SQLITE_CHECKPOINT_TRUNCATE
        try unsafe check(sqlite3_wal_checkpoint_v2(handle, "main", mode, nil, nil))
    }
}
