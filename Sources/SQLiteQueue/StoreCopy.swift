import Platform
import QueueTables
import SystemPackage

/// A copy of a store in progress, while a daemon may use the store.
///
/// It reads one snapshot from the first page to the last: commits meanwhile neither wait for it nor
/// make it start again. It has a temporary name until it is complete, so half a copy can't be taken
/// for a whole one. It needs no lock on the store, to which it writes nothing.
package final class StoreCopy {
    private let sourcePath: String
    private let path: String
    private let source: SQLiteConnection
    private let target: SQLiteConnection
    private let pages: PageCopy
    private let partial: PartialFile
    private let pageSize: Int
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
            self.source = try SQLiteConnection(at: source, .reading)
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
            pages = try PageCopy(of: self.source, into: target)
        } catch {
            partial.remove()
            throw CopyError(error, from: source, to: path)
        }
    }

    /// Copies the next pages; false once all are copied.
    package func step(pages: Int = StoreCopy.pagesPerStep) throws(CopyError) -> Bool {
        do {
            let hasMore = try self.pages.step(pages)
            done = total - self.pages.pagesLeft * pageSize
            // Synced step by step: otherwise the last sync would write everything at once, and
            // commits would wait.
            try partial.sync()
            return hasMore
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
            try endCopying()
            try Self.becomeStore(target, isPaused: isPaused)
            try Self.check(target, path: partial.path)
            try target.close()
            try partial.sync()
            try partial.rename(to: path)
        } catch {
            throw abandoned(error)
        }
    }

    private func abandoned(_ error: any Error) -> CopyError {
        do {
            try endCopying()
            try target.close()
        } catch {
            // The copy is discarded anyway, and the first error is the one to report.
        }
        partial.remove()
        return CopyError(error, from: sourcePath, to: path)
    }

    // MARK: Reading

    /// Begins the snapshot, which lasts from one step to the next; answers its size in bytes and the
    /// size of a page.
    private static func beginSnapshot(
        of source: SQLiteConnection,
        path: String
    ) throws -> (total: Int, pageSize: Int) {
        try source.beginSnapshot()
        try FoundFile(at: path).judge(source)
        let pages = try source.first("PRAGMA page_count") { $0.int(0) } ?? 0
        let size = try source.first("PRAGMA page_size") { $0.int(0) } ?? 0
        return (pages * size, size)
    }

    // MARK: Writing

    private static func writer(of path: String) throws -> SQLiteConnection {
        let connection = try SQLiteConnection(at: path)
        // Half a copy is discarded, so it needs no journal.
        try connection.execute("PRAGMA journal_mode = OFF")
        try connection.execute("PRAGMA synchronous = OFF")
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        return connection
    }

    /// Lets go of the copy, and ends the snapshot.
    private func endCopying() throws {
        defer { source.rollBack() }
        try pages.finish()
    }

    private static func becomeStore(_ connection: SQLiteConnection, isPaused: Bool) throws {
        // One file without a WAL: a log that lies beside it later can be recognised as foreign.
        try connection.execute("PRAGMA journal_mode = DELETE")
        try connection.execute("PRAGMA synchronous = FULL")
        // A fencing token that no lock file has: starting the copy is never taken for a restart.
        try connection.run(
            """
            UPDATE service SET mark = \(Dialect.sqlite.randomDigits),
                is_paused = max(is_paused, ?)
            """,
            .int(isPaused ? 1 : 0)
        )
    }

    private static func check(_ connection: SQLiteConnection, path: String) throws {
        try FoundFile(at: path).judge(connection)
        let found =
            try connection.first("PRAGMA quick_check(1)") { $0.text(0) } ?? "nothing"
        guard found == "ok" else { throw CopyError.damaged(detail: found) }
    }
}
