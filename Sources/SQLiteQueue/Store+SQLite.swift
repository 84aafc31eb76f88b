import DeliveryEngine
package import QueueTables

/// The disk space that a store's file may use.
package struct FileOptions: Sendable {
    /// With fewer free bytes on the disk nothing new is accepted.
    package var minFreeBytes: Int
    /// How many pages of 4 KiB the file may have; nil for no limit but the disk's.
    package var pageLimit: Int?
    /// How many pages the WAL may have before they are moved into the file.
    ///
    /// 16 MB: random runs of intake touch many pages again before they can be moved.
    package var checkpointPages: Int

    package init(
        minFreeBytes: Int = 0,
        pageLimit: Int? = nil,
        checkpointPages: Int = 4_000
    ) {
        self.minFreeBytes = minFreeBytes
        self.pageLimit = pageLimit
        self.checkpointPages = checkpointPages
    }
}

extension Store {
    /// Opens a store, or creates it, and locks it against other processes.
    package static func open(
        at path: String,
        options: Options,
        file: FileOptions = FileOptions()
    ) throws(StoreError) -> Store {
        // One lock for every path to a store: SQLite also goes by the file that links lead to.
        let path = FileSystem.target(of: path)
        let lock = try StoreLock(at: path + ".lock")
        try FoundFile(at: path).refuse()
        do {
            let writer = try SQLiteConnection(at: path)
            try writer.keepLog()
            let salt = try prepare(writer, file)
            let found = try writer.fencingToken()
            let lacksCalls = !found.isEmpty && !lock.lastTokens.contains(found)
            // A restored store keeps its token until a full window is held for it, in case this
            // process ends before.
            if !lacksCalls { lock.renewToken(writer) }
            let token = try writer.fencingToken()
            let engine = SQLiteEngine(
                writer,
                readers: ReaderPool(of: path),
                path: path,
                minFreeBytes: file.minFreeBytes,
                lock: lock,
                fence: Fence(path: path, token: token),
                lacksCalls: lacksCalls
            )
            return Store(on: engine, salt: salt, options: options)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// A store in memory that works on its caller's thread: for tests and simulations.
    package static func inMemory(
        options: Options,
        file: FileOptions = FileOptions()
    ) throws(StoreError) -> Store {
        do {
            let connection = try SQLiteConnection.inMemory()
            let salt = try prepare(connection, file)
            let engine = SQLiteEngine(connection, path: ":memory:")
            return Store(on: engine, salt: salt, options: options)
        } catch {
            throw .damaged(path: ":memory:", detail: "\(error)")
        }
    }

    /// The rows of a store in memory as they are now, in another one: for simulations.
    package func copyInMemory(options: Options) throws -> Store {
        guard let engine = engine as? SQLiteEngine else {
            preconditionFailure("only a store on SQLite is copied in memory")
        }
        let copy = try engine.copyInMemory()
        return Store(on: copy, salt: salt, options: options)
    }

    /// The bytes of the statements that the writer keeps: for tests.
    package var preparedBytes: Int { (engine as? SQLiteEngine)?.preparedBytes ?? 0 }

    /// Prepares a new connection for writing and answers the store's salt.
    private static func prepare(
        _ connection: SQLiteConnection,
        _ file: FileOptions
    ) throws -> String {
        // SQLite may be built for NORMAL, which loses the last commits in a power cut.
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA wal_autocheckpoint = \(file.checkpointPages)")
        try connection.execute("PRAGMA journal_size_limit = 67108864")
        // In KiB. With SQLite's own 2 MB a list that is added to a large one takes a tenth longer; twice
        // as much makes nothing faster.
        try connection.execute("PRAGMA cache_size = -8000")
        try connection.migrate()
        // A migration leaves pages in memory that a daemon at rest never asks for again.
        try connection.execute("PRAGMA shrink_memory")
        if let limit = file.pageLimit {
            try connection.execute("PRAGMA max_page_count = \(limit)")
        }
        return try connection.first("SELECT salt FROM service") { $0.text(0) } ?? ""
    }
}

extension SQLiteConnection {
    /// Migrates a store to the present version, in one transaction.
    fileprivate func migrate() throws {
        let version = try first("PRAGMA user_version") { $0.int(0) } ?? 0
        guard version < Schema.version else { return }
        try transaction {
            if version == 0 {
                try execute(Schema.creation(.sqlite))
            } else {
                try Schema.migrate(from: version, .sqlite, self) { try execute($0) }
            }
            try execute("PRAGMA application_id = \(FoundFile.applicationID)")
            try execute("PRAGMA user_version = \(Schema.version)")
        }
    }
}
