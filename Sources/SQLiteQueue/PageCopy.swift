import CSQLite

/// The copying of a database's pages into another database, which nothing else may use meanwhile.
@safe final class PageCopy {
    private var handle: OpaquePointer?
    /// Kept, since SQLite mustn't find one of them closed.
    private let connections: [SQLiteConnection]

    convenience init(of source: SQLiteConnection, into target: SQLiteConnection) throws {
        try self.init(of: source.address, into: target, keeping: [source])
    }

    /// Copies from the connection at an address, which the caller keeps.
    init(of source: UInt, into target: SQLiteConnection, keeping: [SQLiteConnection] = []) throws {
        connections = keeping + [target]
        let source = unsafe OpaquePointer(bitPattern: source)
        unsafe handle = sqlite3_backup_init(target.handle, "main", source, "main")
        guard unsafe handle != nil else {
            throw unsafe SQLiteError(SQLITE_ERROR, on: target.handle)
        }
    }

    deinit {
        unsafe sqlite3_backup_finish(handle)
    }

    /// Copies so many pages, or all; false once none is left.
    func step(_ pages: Int? = nil) throws -> Bool {
        let code = unsafe sqlite3_backup_step(handle, CInt(pages ?? -1))
        guard code == SQLITE_OK || code == SQLITE_DONE else { throw SQLiteError(code) }
        return code == SQLITE_OK
    }

    /// How many pages were left after the last step.
    var pagesLeft: Int { unsafe Int(sqlite3_backup_remaining(handle)) }

    /// Lets go of both databases.
    func finish() throws {
        let code = unsafe sqlite3_backup_finish(handle)
        unsafe handle = nil
        guard code == SQLITE_OK else { throw SQLiteError(code) }
    }
}
