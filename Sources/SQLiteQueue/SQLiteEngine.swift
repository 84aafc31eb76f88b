import DeliveryEngine
import GRDB
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
    private let database: any DatabaseWriter
    private let path: String
    private let minFreeBytes: Int
    /// The lock on the file; nil for a store in memory, which no other process can open.
    private let lock: StoreLock?
    private let fence: Mutex<Fence?>
    private let state: Mutex<State>

    private struct State: Sendable {
        var turns = WriterTurns<Database>()
        var lacksCalls: Bool
    }

    init(
        _ database: any DatabaseWriter,
        path: String,
        minFreeBytes: Int,
        lock: StoreLock? = nil,
        fence: Fence? = nil,
        lacksCalls: Bool = false
    ) {
        self.database = database
        self.path = path
        self.minFreeBytes = minFreeBytes
        self.lock = lock
        self.fence = Mutex(fence)
        state = Mutex(State(lacksCalls: lacksCalls))
    }

    var isConcurrent: Bool { database is DatabasePool }
    var lacksCalls: Bool { state.withLock { $0.lacksCalls } }
    var waitingCount: Int { state.withLock { $0.turns.waitingCount } }
    var logSize: Int? { isConcurrent ? FileSystem.size(of: path + "-wal") ?? 0 : nil }

    var preparedBytes: Int {
        database.writeWithoutTransaction { SQLiteConnection(database: $0).preparedBytes }
    }

    /// The same rows in memory.
    func copyInMemory(_ configuration: Configuration) throws -> SQLiteEngine {
        let copy = try DatabaseQueue(configuration: configuration)
        try database.backup(to: copy)
        return SQLiteEngine(copy, path: path, minFreeBytes: 0)
    }

    // MARK: Connections

    func write<T: Sendable>(
        _ rank: WriterRank,
        _ body: @escaping @Sendable (any WritingConnection) throws -> T
    ) async -> Result<T, any Error> {
        let job = { @Sendable (database: Database) in
            Result { try body(Writer(connection: SQLiteConnection(database: database), self)) }
        }
        guard isConcurrent else { return onThisThread(job) }
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
        database.asyncWriteWithoutTransaction { database in
            job(database)
            self.takeTurn()
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error> {
        guard isConcurrent else {
            return onThisThread { database in
                Result { try body(SQLiteConnection(database: database)) }
            }
        }
        return await withCheckedContinuation { continuation in
            database.asyncRead { database in
                continuation.resume(
                    returning: Result { try body(SQLiteConnection(database: database.get())) }
                )
            }
        }
    }

    private func onThisThread<T>(_ body: (Database) -> T) -> T {
        database.writeWithoutTransaction { body($0) }
    }

    /// The connection that writes; each of its transactions begins at the fence.
    private struct Writer: WritingConnection {
        let connection: SQLiteConnection
        private let engine: SQLiteEngine

        init(connection: SQLiteConnection, _ engine: SQLiteEngine) {
            self.connection = connection
            self.engine = engine
        }

        func statement(_ sql: StatementText) throws -> any PreparedStatement {
            try connection.statement(sql)
        }

        var changedRows: Int { connection.changedRows }
        var bindsArrays: Bool { connection.bindsArrays }

        func check() throws { try engine.fence.withLock { $0 }?.check(connection) }

        func transaction(_ body: () throws -> Void) throws {
            try connection.database.inTransaction(.immediate) {
                try check()
                try body()
                return .commit
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
            // A copy made while the store was open must not pass for the store as it is now.
            if let lock, !lacksCalls {
                try database.writeWithoutTransaction { database in
                    let connection = SQLiteConnection(database: database)
                    // The fencing token of another owner isn't this process's to renew.
                    let fence = fence.withLock { $0 }
                    if try fence?.owns(connection) ?? true { lock.renewToken(connection) }
                }
            }
            emptyLog()
            try database.close()
        } catch {
            throw queueError(error)
        }
    }

    /// Moves the WAL into the database: the pool closes its readers last, and they can't
    /// checkpoint.
    private func emptyLog() {
        guard isConcurrent else { return }
        do {
            try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
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
        guard let error = error as? DatabaseError else { return .failed("\(path): \(error)") }
        let text = "\(path): \(error.detail)"
        switch error.resultCode {
        case .SQLITE_FULL: return .full("\(text): free some room on its disk")
        case .SQLITE_IOERR: return .failed("\(text): see to its disk")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .failed("\(text): restore a backup")
        default: return .failed(text)
        }
    }
}
