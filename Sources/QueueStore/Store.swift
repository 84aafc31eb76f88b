package import DeliveryCore
package import DeliveryEngine
import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// The queue on SQLite: what is committed survives a crash and a power loss.
///
/// One connection writes, on a thread of its own and one transaction after another; a few others
/// read, each on a snapshot. Only the writer checkpoints, since SQLite before 3.51.3 can damage the
/// WAL when two connections write or checkpoint at once.
package final class Store: Sendable {
    let writer: any DatabaseWriter
    let path: String
    let options: Options
    private let memory: Mutex<WriterMemory>
    private let lock: StoreLock?
    /// Nil for a store in memory, which nobody else can open.
    private let fence: Mutex<Fence?>

    /// Salts the fingerprint of credentials that this store keeps: another in every store.
    package let salt: String

    private init(
        writer: any DatabaseWriter,
        path: String,
        options: Options,
        lock: StoreLock?,
        fence: Fence?,
        salt: String,
        isRestored: Bool = false
    ) {
        self.fence = Mutex(fence)
        self.salt = salt
        self.writer = writer
        self.path = path
        self.options = options
        self.lock = lock
        memory = Mutex(WriterMemory(random: SplitMix64(seed: options.seed), isRestored: isRestored))
    }

    package struct Options: Sendable {
        /// Names the boot whose monotonic clock `Now.instant` reads.
        package var bootID: String
        /// For the numbers that the store itself draws.
        package var seed: UInt64
        /// Under this much room on the disk nothing new is accepted.
        package var minFreeBytes: Int
        /// How many pages of 4 KiB the file may have; nil for no limit but the disk's.
        package var pageLimit: Int?
        /// How many pages the WAL may have before they are moved into the file.
        ///
        /// 16 MB: random runs of intake touch many pages again before they can be moved.
        package var checkpointPages: Int
        /// How many rows one step of a mass operation changes at most: some milliseconds of work,
        /// for which claims and records wait.
        package var rowsPerStep: Int

        package init(
            bootID: String,
            seed: UInt64,
            minFreeBytes: Int = 0,
            pageLimit: Int? = nil,
            checkpointPages: Int = 4_000,
            rowsPerStep: Int = 5_000
        ) {
            self.bootID = bootID
            self.seed = seed
            self.minFreeBytes = minFreeBytes
            self.pageLimit = pageLimit
            self.checkpointPages = checkpointPages
            self.rowsPerStep = rowsPerStep
        }
    }

    /// Opens a store, or makes it, and locks it against other processes.
    package static func open(at path: String, options: Options) throws(StoreError) -> Store {
        // One lock for all paths to a store: SQLite, too, goes by the file that links lead to.
        let path = Place.target(of: path)
        let lock = try StoreLock(at: path + ".lock")
        try FoundFile(at: path).refuse()
        do {
            let pool = try DatabasePool(path: path, configuration: configuration())
            let salt = try pool.writeWithoutTransaction { try prepare($0, options) }
            let isRestored = try pool.writeWithoutTransaction { database in
                let mark = try mark(of: database)
                let isRestored = !mark.isEmpty && !lock.lastMarks.contains(mark)
                // One that was put back keeps its mark until its window is held, in case this
                // process ends before.
                if !isRestored { renewMark(of: database, in: lock) }
                return isRestored
            }
            let present = try pool.writeWithoutTransaction { try mark(of: $0) }
            return Store(
                writer: pool,
                path: path,
                options: options,
                lock: lock,
                fence: Fence(path: path, mark: present),
                salt: salt,
                isRestored: isRestored
            )
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// A store in memory, which works on its caller's thread: for tests and simulations.
    package static func inMemory(options: Options) throws(StoreError) -> Store {
        do {
            let queue = try DatabaseQueue(configuration: configuration())
            let salt = try queue.writeWithoutTransaction { try prepare($0, options) }
            return Store(
                writer: queue,
                path: ":memory:",
                options: options,
                lock: nil,
                fence: nil,
                salt: salt
            )
        } catch {
            throw .damaged(path: ":memory:", detail: "\(error)")
        }
    }

    /// The same rows as the next process finds them, maybe after a reboot: for simulations.
    package func reopened(bootID: String) -> Store {
        var options = options
        options.bootID = bootID
        let fence = fence.withLock { $0 }
        return Store(
            writer: writer,
            path: path,
            options: options,
            lock: lock,
            fence: fence,
            salt: salt
        )
    }

    /// Waits for what is going on and closes the files.
    package func close() throws(QueueError) {
        do {
            // A copy made while it was open must not pass for what is left now.
            if let lock, !memory.withLock({ $0.isRestored }) {
                try writer.writeWithoutTransaction { database in
                    // The mark of one that took the store over isn't this one's to renew.
                    let fence = fence.withLock { $0 }
                    if try fence?.owns(Connection(database: database)) ?? true {
                        Self.renewMark(of: database, in: lock)
                    }
                }
            }
            emptyLog()
            try writer.close()
        } catch {
            throw queueError(error)
        }
    }

    /// Moves the WAL into the database: the pool closes its readers last, and they can't.
    private func emptyLog() {
        guard writer is DatabasePool else { return }
        do {
            try writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        } catch {
            // A reader is still at it, or the disk fails: the next start reads the WAL as well.
        }
    }

    var endedCounts: Counts { memory.withLock { $0.ended } }

    // MARK: Opening

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 3
        configuration.persistentReadOnlyConnections = true
        return configuration
    }

    /// Makes a fresh connection ready to write and answers the store's salt.
    private static func prepare(_ database: Database, _ options: Options) throws -> String {
        // GRDB has set NORMAL, with which the last commits are lost with the power.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try database.execute(sql: "PRAGMA wal_autocheckpoint = \(options.checkpointPages)")
        try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        try database.execute(sql: "PRAGMA cache_size = -16000")
        try Schema.migrate(database)
        if let limit = options.pageLimit {
            try database.execute(sql: "PRAGMA max_page_count = \(limit)")
        }
        let connection = Connection(database: database)
        return try connection.first("SELECT salt FROM service") { $0.text(0) } ?? ""
    }

    private static func mark(of database: Database) throws -> String {
        try Connection(database: database).first("SELECT mark FROM service") { $0.text(0) } ?? ""
    }

    /// Gives the store a new mark, and the lock file the same one.
    ///
    /// Each opening and closing has its own, so a file put back later, from a backup, is known by
    /// an old one: its ledger doesn't know of the calls made since. The lock file has both marks
    /// while the store may have either, so a crash doesn't make the store look like another.
    private static func renewMark(of database: Database, in lock: StoreLock) {
        do {
            let connection = Connection(database: database)
            let draw = "SELECT lower(hex(randomblob(16)))"
            let next = try connection.first(draw) { $0.text(0) } ?? ""
            lock.write(marks: [try mark(of: database), next])
            try connection.run("UPDATE service SET mark = ?", .text(next))
            lock.write(marks: [next])
        } catch {
            // On a full disk the store keeps its mark, and the daemon must start all the same.
        }
    }

    /// Takes over the mark that the store was given just now.
    private func noteMark(of connection: Connection) {
        do {
            let mark = try connection.first("SELECT mark FROM service") { $0.text(0) }
            if let mark { fence.withLock { $0?.mark = mark } }
        } catch {
            // What fails here fails at the next transaction as well, which says so.
        }
    }

    // MARK: Transactions

    /// Runs a transaction on the writer's thread; if it throws nothing of it is done.
    func write<T: Sendable>(
        now: Now,
        touchesClock: Bool = false,
        _ body: @escaping @Sendable (inout Transaction) throws -> T
    ) async -> Result<T, any Error> {
        guard writer is DatabasePool else {
            return onThisThread { database in
                self.transact(database, now: now, touchesClock: touchesClock, body)
            }
        }
        return await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { database in
                continuation.resume(
                    returning: self.transact(database, now: now, touchesClock: touchesClock, body)
                )
            }
        }
    }

    /// Reads a snapshot.
    func read<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws(QueueError) -> T {
        let result: Result<T, any Error>
        if writer is DatabasePool {
            result = await withCheckedContinuation { continuation in
                writer.asyncRead { database in
                    continuation.resume(
                        returning: Result { try body(Connection(database: database.get())) }
                    )
                }
            }
        } else {
            result = onThisThread { database in
                Result { try body(Connection(database: database)) }
            }
        }
        return try mapped(result)
    }

    func mapped<T>(_ result: Result<T, any Error>) throws(QueueError) -> T {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw queueError(error)
        }
    }

    private func onThisThread<T>(_ body: (Database) -> T) -> T {
        writer.writeWithoutTransaction { body($0) }
    }

    private func transact<T: Sendable>(
        _ database: Database,
        now: Now,
        touchesClock: Bool,
        _ body: @Sendable (inout Transaction) throws -> T
    ) -> Result<T, any Error> {
        let connection = Connection(database: database)
        let memory = self.memory.withLock { $0 }
        var transaction = Transaction(
            connection,
            now: now,
            rowsPerStep: options.rowsPerStep,
            memory: memory
        )
        var answer: T?
        do {
            try database.inTransaction(.immediate) {
                try fence.withLock { $0 }?.check(connection)
                if touchesClock { try transaction.begin(boot: options.bootID) }
                answer = try body(&transaction)
                try transaction.end(boot: touchesClock ? options.bootID : nil)
                return .commit
            }
        } catch {
            return .failure(error)
        }
        var kept = transaction.memory
        if kept.isRestored, kept.hasAdoptedLedger {
            kept.isRestored = false
            if let lock { Self.renewMark(of: database, in: lock) }
            noteMark(of: connection)
        }
        self.memory.withLock { [kept] in $0 = kept }
        guard let answer else { preconditionFailure("a committed transaction has its answer") }
        return .success(answer)
    }

    func queueError(_ error: any Error) -> QueueError {
        if let error = error as? QueueError { return error }
        guard let error = error as? DatabaseError else { return .failed("\(path): \(error)") }
        let text = "\(path): \(error.message ?? "error \(error.resultCode.rawValue)")"
        switch error.resultCode {
        case .SQLITE_FULL: return .full("\(text): free some room on its disk")
        case .SQLITE_IOERR: return .failed("\(text): see to its disk")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .failed("\(text): restore a backup")
        default: return .failed(text)
        }
    }
}

extension Store {
    /// Returns once a write has returned, done or refused: for a watchdog, which hears nothing if
    /// the disk hangs.
    package func proveWriting(now: Now) async {
        _ = await write(now: now, touchesClock: true) { _ in }
    }
}

extension Store: Queue {
    package func restore(now: Now) async throws(QueueError) -> Restored {
        try mapped(await write(now: now, touchesClock: true) { try $0.restore() })
    }

    package func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult] {
        try mapped(
            await write(now: now, touchesClock: true) { transaction in
                try writes.map { try transaction.perform($0) }
            }
        )
    }
}
