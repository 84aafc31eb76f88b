import CSQLite
import DeliveryEngine
import Dispatch
import Platform
import QueueTables
import Synchronization
import SystemPackage

/// SQLite as the engine of a store.
///
/// One connection writes, on a thread of its own and one job after another; a few others read, each
/// on a snapshot. Only the writer checkpoints, since SQLite before 3.51.3 can damage the WAL when
/// two connections write or checkpoint at once.
final class SQLiteEngine: Engine {
    private let writer: Mutex<SQLiteConnection>
    /// The writer's thread.
    private let queue = DispatchQueue(label: "fanoutd.sqlite.writer", qos: .userInitiated)
    /// Nil for a store in memory, which works on its callers' threads and has one connection.
    private let readers: ReaderPool?
    private let path: String
    private let minFreeBytes: Int
    /// The lock on the file; nil for a store in memory, which no other process can open.
    private let lock: StoreLock?
    private let fence: Mutex<Fence?>
    private let state: Mutex<State>

    private struct State: Sendable {
        var turns = WriterTurns<SQLiteConnection>()
        var lacksCalls: Bool
    }

    init(
        _ writer: sending SQLiteConnection,
        readers: ReaderPool? = nil,
        path: String,
        minFreeBytes: Int = 0,
        lock: StoreLock? = nil,
        fence: Fence? = nil,
        lacksCalls: Bool = false
    ) {
        self.writer = Mutex(writer)
        self.readers = readers
        self.path = path
        self.minFreeBytes = minFreeBytes
        self.lock = lock
        self.fence = Mutex(fence)
        state = Mutex(State(lacksCalls: lacksCalls))
    }

    var isConcurrent: Bool { readers != nil }
    var scratchFolder: String? { isConcurrent ? FileSystem.folder(of: path) : nil }
    var lacksCalls: Bool { state.withLock { $0.lacksCalls } }
    var waitingCount: Int { state.withLock { $0.turns.waitingCount } }
    var logSize: Int? { isConcurrent ? FileSystem.size(of: path + "-wal") ?? 0 : nil }

    var preparedBytes: Int { writer.withLock { $0.preparedBytes } }

    /// The same rows in memory.
    func copyInMemory() throws -> SQLiteEngine {
        let copy = SQLiteEngine(try SQLiteConnection.inMemory(), path: path)
        try writer.withLock { source in
            // By its address: the compiler would take the two connections for one that has two locks.
            let address = source.address
            try copy.writer.withLock { target in
                let pages = try PageCopy(of: address, into: target)
                while try pages.step() {}
                try pages.finish()
            }
        }
        return copy
    }

    // MARK: Connections

    func write<T: Sendable>(
        _ rank: WriterRank,
        _ body: @escaping @Sendable (any WritingConnection) throws -> T
    ) async -> Result<T, any Error> {
        let job = { @Sendable (connection: SQLiteConnection) in
            Result { try body(Writer(connection: connection, engine: self)) }
        }
        guard isConcurrent else { return writer.withLock { job($0) } }
        return await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                state.turns.add(rank) { continuation.resume(returning: job($0)) }
            }
            if isFree { takeTurn() }
        }
    }

    /// Runs the next job on the writer's thread, then the ones after it until none waits.
    private func takeTurn() {
        guard let job = state.withLock({ $0.turns.next() }) else { return }
        queue.async {
            self.writer.withLock { job($0) }
            self.takeTurn()
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error> {
        guard let readers else {
            return writer.withLock { connection in Result { try body(connection) } }
        }
        return await readers.read(body)
    }

    /// The connection that writes; each of its transactions begins at the fence.
    private struct Writer: WritingConnection {
        let connection: SQLiteConnection
        let engine: SQLiteEngine

        func statement(_ sql: StatementText) throws -> any PreparedStatement {
            try connection.statement(sql)
        }

        var changedRows: Int { connection.changedRows }
        var bindsArrays: Bool { connection.bindsArrays }

        func check() throws { try engine.fence.withLock { $0 }?.check(connection) }

        func transaction(_ body: () throws -> Void) throws {
            try connection.transaction {
                try check()
                try body()
            }
        }
    }

    // MARK: The fencing token

    func heldWindow(_ connection: any WritingConnection) {
        state.withLock { $0.lacksCalls = false }
        lock?.renewToken(connection)
        do {
            // The token that `renewToken` has just written.
            let token = try connection.fencingToken()
            fence.withLock { $0?.token = token }
        } catch {
            // The next transaction fails as well and reports it.
        }
    }

    func close() throws(QueueError) {
        do {
            // A job that is over may still have the engine, and with it the lock.
            try queue.sync { try writer.withLock { try end($0) } }
            try readers?.close()
        } catch {
            throw queueError(error)
        }
    }

    private func end(_ connection: SQLiteConnection) throws {
        // A copy made while the store was open must not pass for the store as it is now.
        if let lock, !lacksCalls {
            // The fencing token of another owner isn't this process's to renew.
            let fence = fence.withLock { $0 }
            if try fence?.owns(connection) ?? true { lock.renewToken(connection) }
        }
        if isConcurrent { emptyLog(connection) }
        try connection.close()
    }

    /// Moves the WAL into the database: the readers are closed last, and they can't checkpoint.
    private func emptyLog(_ connection: SQLiteConnection) {
        do {
            try connection.emptyLog()
        } catch {
            // A reader is still open, or the disk fails: the next start reads the WAL as well.
        }
    }

    // MARK: Disk

    func refuseWhenShort() throws(QueueError) {
        guard minFreeBytes > 0, isConcurrent, let free = FilePath(path).freeBytes,
            free < minFreeBytes
        else { return }
        throw .full(
            """
            \(path): \(free) bytes are free on its disk, store.minFreeBytes asks for \
            \(minFreeBytes): free some room
            """
        )
    }

    func queueError(_ error: any Error) -> QueueError {
        if let error = error as? QueueError { return error }
        guard let error = error as? SQLiteError else { return .failed("\(path): \(error)") }
        let text = "\(path): \(error.detail)"
        switch error.code {
        case SQLITE_FULL: return .full("\(text): free some room on its disk")
        case SQLITE_IOERR: return .failed("\(text): see to its disk")
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .failed("\(text): restore a backup")
        default: return .failed(text)
        }
    }
}
