import DeliveryEngine
import Glibc
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// A look at a store that disturbs nobody who works on it.
@Suite struct StoreInspectionTests {
    let files = TemporaryFiles()

    private func contents() -> [[UInt8]?] {
        ["", "-wal", "-shm", ".lock"].map { files.contents(files.path("a") + $0) }
    }

    @Test func `where nothing is a store would be made, and nothing is made by looking`() throws {
        let found = try StoreInspection(at: files.path("a"))
        #expect(found.presence == .none && found.holder == nil && found.logBytes == 0)
        #expect(found.freeBytes ?? 0 > 0)
        #expect(contents() == [nil, nil, nil, nil])
    }

    @Test func `a store that is open shows its holder, and goes on undisturbed`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let before = contents()
        let found = try StoreInspection(at: files.path("a"))
        #expect(contents() == before)
        #expect(found.presence == .inLog)
        #expect(found.holder == Int(getpid()))
        #expect(found.logBytes == files.size(of: "a-wal") && found.logBytes > 0)
        _ = try await store.claim(makeClaim(accountLimit: 2))
        try store.close()
    }

    /// A store that was used and closed; its lock goes with the value.
    private func makeClosedStore() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        try store.close()
    }

    @Test func `a store that was closed shows its version and no holder`() async throws {
        try await makeClosedStore()
        let before = contents()
        let found = try StoreInspection(at: files.path("a"))
        #expect(contents() == before)
        #expect(found.presence == .version(Schema.version))
        #expect(found.holder == nil && found.logBytes == 0)
        let again = try Store.open(at: files.path("a"), options: makeOptions())
        try again.close()
    }

    @Test func `what can't be a store is refused as at a start`() async throws {
        let path = files.write(String(repeating: "A", count: 5_000), to: "a")
        #expect(throws: StoreError.damaged(path: path, detail: "it is no SQLite database")) {
            try StoreInspection(at: path)
        }
        #expect(throws: StoreError.folder(path: files.directory)) {
            try StoreInspection(at: files.directory)
        }
        let database = try SQLiteConnection(at: files.path("b"))
        try database.execute("CREATE TABLE theirs (id INTEGER)")
        try database.close()
        #expect(throws: StoreError.foreign(path: files.path("b"))) {
            try StoreInspection(at: files.path("b"))
        }
    }

    @Test func `a store of a newer version is refused without being opened`() throws {
        try Store.open(at: files.path("a"), options: makeOptions()).close()
        let database = try SQLiteConnection(at: files.path("a"))
        try database.execute("PRAGMA user_version = 99")
        try database.emptyLog()
        try database.close()
        let known = Schema.version
        #expect(
            throws: StoreError.newerVersion(path: files.path("a"), found: 99, known: known)
        ) {
            try StoreInspection(at: files.path("a"))
        }
    }

    private static let locks = """
        1: POSIX  ADVISORY  WRITE 10 fe:00:77 0 EOF
        2: FLOCK  ADVISORY  WRITE 42 fe:00:77 0 EOF
        2: -> FLOCK  ADVISORY  WRITE 43 fe:00:78 0 EOF
        3: FLOCK  ADVISORY  WRITE 44 00:2a:79 0 EOF
        4: FLOCK  ADVISORY  WRITE 45 103:00:80 0 EOF
        odd
        """

    @Test(
        arguments: [
            (0xFE00, 77, nil, 42), (0xFE00, 78, nil, nil), (0x2A, 79, nil, 44),
            (0x2B, 79, nil, nil),
            (0x2B, 79, 44, 44), (0x2B, 79, 45, nil), (0x10300, 80, nil, 45), (0xFE00, 7, nil, nil),
        ] as [(UInt64, UInt64, Int?, Int?)]
    )
    func `the kernel's list tells who holds a lock on a whole file`(
        _ device: UInt64,
        _ inode: UInt64,
        _ noted: Int?,
        _ holder: Int?
    ) {
        let table = LockTable(Self.locks)
        #expect(table.holder(device: device, inode: inode, noted: noted) == holder)
    }
}
