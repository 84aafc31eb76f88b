import Platform
import QueueTables
import SystemPackage

/// The file at a store's path, examined before anything may write to it.
struct FoundFile {
    /// The application id of this program's stores, `fano` in ASCII.
    static let applicationID: Int64 = 0x6661_6E6F

    private let path: String

    init(at path: String) { self.path = path }

    /// Refuses a file that isn't a store, is of a later version, or can't be used safely in its
    /// place.
    func refuse() throws(StoreError) {
        _ = try versionInHeader()
        if isBegun { try refuseUnreadable() }
    }

    /// Refuses a file by its bytes alone, without SQLite; answers the store's version.
    ///
    /// Nil where there is no store yet, where all of it is still in its WAL, and where the file can't
    /// be read.
    func versionInHeader() throws(StoreError) -> Int? {
        let status = FilePath(path).status
        if status?.type == .directory { throw .folder(path: path) }
        // SQLite would keep a separate log for each name, and they would corrupt the file.
        if let names = status?.linkCount, names > 1 { throw .linked(path: path, names: names) }
        guard isBegun, let header = Self.bytes(of: path, count: 108) else { return nil }
        guard header.count == 108, header.starts(with: "SQLite format 3\0".utf8) else {
            throw .damaged(path: path, detail: "it is no SQLite database")
        }
        // A copy has no log. SQLite would replay one that lies beside it and corrupt the copy.
        if header[18] == Self.rollbackMode, FileSystem.size(of: path + "-wal") ?? 0 > 0 {
            throw .foreignLog(path: path)
        }
        let application = Int64(Self.number(in: header, at: 68))
        let version = Int(Self.number(in: header, at: 60))
        // While the whole store is still in its WAL, the file itself has no tables.
        let isEmpty = header[103] == 0 && header[104] == 0 && application == 0 && version == 0
        if isEmpty { return nil }
        try judge(application: application, version: version)
        return version
    }

    /// Whether there is a database, or something else that a first start doesn't write over.
    private var isBegun: Bool { FileSystem.size(of: path) ?? 0 > 0 && !isAbandoned }

    /// Whether the first start was interrupted: its journal tells SQLite to empty the file.
    ///
    /// A read-only connection couldn't do that and would report damage.
    private var isAbandoned: Bool {
        guard let journal = Self.bytes(of: path + "-journal", count: 20) else { return false }
        let magic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
        return journal.count == 20 && journal.starts(with: magic)
            && Self.number(in: journal, at: 16) == 0
    }

    /// Refuses a database that isn't a store, or is of a later version.
    func judge(_ connection: SQLiteConnection) throws {
        let application =
            try connection.first("PRAGMA application_id") { $0.int64(0) } ?? 0
        let version = try connection.first("PRAGMA user_version") { $0.int(0) } ?? 0
        try judge(application: application, version: version)
        for table in ["service", "clock"] {
            _ = try connection.first("SELECT * FROM \(table)") { $0.int64(0) }
        }
    }

    private func judge(application: Int64, version: Int) throws(StoreError) {
        guard application == Self.applicationID else { throw .foreign(path: path) }
        guard version <= Schema.version else {
            throw .newerVersion(path: path, found: version, known: Schema.version)
        }
    }

    /// Reads the database through SQLite, what is only in the WAL included.
    private func refuseUnreadable() throws(StoreError) {
        let companions = ["-wal", "-shm"].map { path + $0 }
        let missing = companions.filter { FileSystem.size(of: $0) == nil }
        do {
            let found = try look()
            if let found { try judge(application: found.application, version: found.version) }
        } catch {
            // A WAL that the reading created is empty, and the shared memory only mirrors the WAL.
            for file in missing where file.hasSuffix("-shm") || FileSystem.size(of: file) == 0 {
                FilePath(file).remove()
            }
            throw StoreError(error, path: path)
        }
    }

    /// Application id and version of the database with its WAL; nil if it has no tables yet.
    private func look() throws -> (application: Int64, version: Int)? {
        let connection = try SQLiteConnection(at: path, .reading)
        let found = try connection.snapshot { () -> (application: Int64, version: Int)? in
            let application =
                try connection.first("PRAGMA application_id") { $0.int64(0) } ?? 0
            let version =
                try connection.first("PRAGMA user_version") { $0.int(0) } ?? 0
            let tables = try connection.first("SELECT count(*) FROM sqlite_master") {
                $0.int(0)
            }
            // A crash during the first start leaves a file without tables.
            if tables == 0, application == 0, version == 0 { return nil }
            if application == Self.applicationID, version == Schema.version {
                for table in ["service", "clock"] {
                    _ = try connection.first("SELECT * FROM \(table)") {
                        $0.int64(0)
                    }
                }
            }
            return (application, version)
        }
        try connection.close()
        return found
    }

    // MARK: Bytes

    /// The first bytes of a file, up to so many; nil if it can't be read.
    private static func bytes(of path: String, count: Int) -> [UInt8]? {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter { try file.read(upTo: count) }
        } catch {
            return nil
        }
    }

    /// What SQLite writes into the header of a database that has no WAL.
    private static let rollbackMode: UInt8 = 1

    /// A four-byte number in SQLite's order.
    private static func number(in bytes: [UInt8], at index: Int) -> UInt32 {
        bytes[index..<(index + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
