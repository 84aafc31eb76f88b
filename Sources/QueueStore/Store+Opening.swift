import DeliveryCore
package import DeliveryEngine
import GRDB
import Synchronization

extension Store {
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

    // MARK: Preparing

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
    static func renewMark(of database: Database, in lock: StoreLock) {
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
    func noteMark(of connection: Connection) {
        do {
            let mark = try connection.first("SELECT mark FROM service") { $0.text(0) }
            if let mark { fence.withLock { $0?.mark = mark } }
        } catch {
            // What fails here fails at the next transaction as well, which says so.
        }
    }
}
