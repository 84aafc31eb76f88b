import GRDB
import GRDBSQLite
import Platform
import QueueTables
import SystemPackage

/// A copy of a store in progress, while a daemon may use the store.
///
/// It reads one snapshot from the first page to the last: commits meanwhile neither wait for it nor
/// make it start again. It has a temporary name until it is complete, so half a copy can't be taken
/// for a whole one. It needs no lock on the store, to which it writes nothing.
@safe package final class StoreCopy {
    private let sourcePath: String
    private let path: String
    private let source: DatabaseQueue
    private let target: DatabaseQueue
    private let partial: PartialFile
    private let pageSize: Int
    private var backup: OpaquePointer?
    /// Bytes copied so far, and in all.
    package private(set) var done = 0
    package let total: Int

    /// 4 MiB take some 10 ms, then the disk is free for the daemon's commits.
    package static let pagesPerStep = 1_024

    /// Begins a copy of the store at `source`; no file may be at `path`.
    package init(of source: String, at path: String) throws(CopyError) {
        let source = FileSystem.target(of: source)
        do throws(Errno) {
            try FilePath(source).checkReadable()
        } catch {
            throw error == .noSuchFileOrDirectory
                ? .noStore(path: source) : .unreadable(path: source)
        }
        guard !FileSystem.isTaken(path) else { throw .exists(path: path) }
        sourcePath = source
        self.path = path
        do {
            self.source = try Self.reader(of: source)
            (total, pageSize) = try Self.beginSnapshot(of: self.source, path: source)
        } catch {
            throw .source(StoreError(error, path: source))
        }
        partial = try PartialFile(of: path)
        do {
            if let free = FilePath(partial.path).freeBytes, free < total {
                throw CopyError.noRoom(path: path, needed: total, free: free)
            }
            target = try Self.writer(of: partial.path)
            try begin()
        } catch {
            partial.remove()
            throw CopyError(error, from: source, to: path)
        }
    }

    deinit {
        unsafe sqlite3_backup_finish(backup)
    }

    /// Copies the next pages; false once all are copied.
    package func step(pages: Int = StoreCopy.pagesPerStep) throws(CopyError) -> Bool {
        do {
            let code = source.writeWithoutTransaction { _ in
                target.writeWithoutTransaction { _ in
                    unsafe sqlite3_backup_step(backup, CInt(pages))
                }
            }
            let left = unsafe Int(sqlite3_backup_remaining(backup))
            done = total - left * pageSize
            guard code == SQLITE_OK || code == SQLITE_DONE else {
                throw DatabaseError(resultCode: ResultCode(rawValue: code))
            }
            // Synced step by step: otherwise the last sync would write everything at once, and
            // commits would wait.
            try partial.sync()
            return code == SQLITE_OK
        } catch {
            throw abandoned(error)
        }
    }

    /// Makes the copy a store of its own, checks it and gives it its final name; durable on return.
    ///
    /// A daemon started on the copy holds a full window, since its ledger lacks the calls made from
    /// now on; with `isPaused` it sends nothing until an operator resumes.
    package func finish(isPaused: Bool) throws(CopyError) {
        do {
            try endBackup()
            try target.writeWithoutTransaction { database in
                try Self.becomeStore(database, isPaused: isPaused)
                try Self.check(database, path: partial.path)
            }
            try target.close()
            try partial.sync()
            try partial.rename(to: path)
        } catch {
            throw abandoned(error)
        }
    }

    private func abandoned(_ error: any Error) -> CopyError {
        do {
            try endBackup()
            try target.close()
        } catch {
            // The copy is discarded anyway, and the first error is the one to report.
        }
        partial.remove()
        return CopyError(error, from: sourcePath, to: path)
    }

    // MARK: Reading

    private static func reader(of path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        // The snapshot lasts from one step to the next.
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Begins the snapshot; answers its size in bytes and the size of a page.
    private static func beginSnapshot(
        of source: DatabaseQueue,
        path: String
    ) throws -> (total: Int, pageSize: Int) {
        try source.writeWithoutTransaction { database in
            try database.beginTransaction(.deferred)
            let connection = SQLiteConnection(database: database)
            try FoundFile(at: path).judge(connection)
            let pages = try connection.first("PRAGMA page_count") { $0.int(0) } ?? 0
            let size = try connection.first("PRAGMA page_size") { $0.int(0) } ?? 0
            return (pages * size, size)
        }
    }

    // MARK: Writing

    private static func writer(of path: String) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            // Half a copy is discarded, so it needs no journal.
            try database.execute(sql: "PRAGMA journal_mode = OFF")
            try database.execute(sql: "PRAGMA synchronous = OFF")
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
        }
        return queue
    }

    private func begin() throws {
        try source.writeWithoutTransaction { source in
            try target.writeWithoutTransaction { target in
                let (to, from) = unsafe (target.sqliteConnection, source.sqliteConnection)
                unsafe backup = sqlite3_backup_init(to, "main", from, "main")
                guard unsafe backup == nil else { return }
                throw DatabaseError(resultCode: .SQLITE_ERROR, message: "no copy can be begun")
            }
        }
    }

    private func endBackup() throws {
        let code = source.writeWithoutTransaction { _ in
            target.writeWithoutTransaction { _ in unsafe sqlite3_backup_finish(backup) }
        }
        unsafe backup = nil
        try source.writeWithoutTransaction { database in
            if database.isInsideTransaction { try database.rollback() }
        }
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
    }

    private static func becomeStore(_ database: Database, isPaused: Bool) throws {
        // One file without a WAL: a log that lies beside it later can be recognised as foreign.
        try database.execute(sql: "PRAGMA journal_mode = DELETE")
        try database.execute(sql: "PRAGMA synchronous = FULL")
        // A fencing token that no lock file has: starting the copy is never taken for a restart.
        try SQLiteConnection(database: database).run(
            """
            UPDATE service SET mark = \(Dialect.sqlite.randomDigits),
                is_paused = max(is_paused, ?)
            """,
            .int(isPaused ? 1 : 0)
        )
    }

    private static func check(_ database: Database, path: String) throws {
        let connection = SQLiteConnection(database: database)
        try FoundFile(at: path).judge(connection)
        let found =
            try connection.first("PRAGMA quick_check(1)") { $0.text(0) } ?? "nothing"
        guard found == "ok" else { throw CopyError.damaged(detail: found) }
    }
}
