import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// What can't be a store is refused with its reason and stays as it is, to the byte.
@Suite struct RefusedFileTests {
    /// Here for its speed, since it leaves real syncs out.
    private let disk = FaultyDisk()
    private var files: TemporaryFiles { disk.files }

    /// The bytes of a database and of the files beside it.
    ///
    /// Of the shared memory it counts only whether it is there: whoever opens a database first makes
    /// it anew from the WAL.
    private func contents(of name: String) -> [[UInt8]?] {
        ["", "-wal", "-journal", "-shm"].map { suffix in
            let bytes = files.contents(files.path(name) + suffix)
            return suffix == "-shm" ? bytes.map { _ in [] } : bytes
        }
    }

    /// Why a file is refused; it must be as before then.
    private func refusal(of name: String) -> StoreError? {
        let before = contents(of: name)
        defer {
            let isUntouched = contents(of: name) == before
            #expect(isUntouched)
        }
        do throws(StoreError) {
            _ = try Store.open(at: files.path(name), options: makeOptions())
            return nil
        } catch {
            return error
        }
    }

    /// A store with some rows, as a crash leaves it: all in its WAL, or all in its file.
    private func makeStore(
        inWAL: Bool,
        withShared: Bool = true,
        sql: String = "SELECT 1"
    ) async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(500)), now: at(0))
        _ = try await store.claim(makeClaim(accountLimit: 100))
        let database = try SQLiteConnection(at: files.path("a"))
        try database.execute(sql)
        try database.close()
        if !inWAL { try store.close() }
        files.copy("a", to: "b", only: ["", "-wal"] + (withShared ? ["-shm"] : []))
        if inWAL { try store.close() }
    }

    @Test(arguments: [(true, true), (true, false), (false, false)])
    func `a store of a newer version is refused`(inWAL: Bool, withShared: Bool) async throws {
        try await makeStore(inWAL: inWAL, withShared: withShared, sql: "PRAGMA user_version = 99")
        let path = files.path("b")
        #expect(refusal(of: "b") == .newerVersion(path: path, found: 99, known: Schema.version))
    }

    @Test(arguments: ["DELETE", "WAL"])
    func `another program's database is refused`(mode: String) async throws {
        let database = try SQLiteConnection(at: files.path("a"))
        try database.execute("PRAGMA journal_mode = \(mode)")
        try database.execute("CREATE TABLE theirs (id INTEGER)")
        files.copy("a", to: "b", only: ["", "-wal", "-shm"])
        #expect(refusal(of: "b") == .foreign(path: files.path("b")))
        #expect(refusal(of: "a") == .foreign(path: files.path("a")))
        try database.close()
    }

    @Test(arguments: [1, 99, 100, 107, 108, 5_000])
    func `what is no database is refused, however long`(count: Int) {
        files.store([UInt8](repeating: 0x41, count: count), at: files.path("b"))
        #expect(isDamaged(refusal(of: "b")))
    }

    @Test(arguments: [(0, 16), (16, 2), (100, 8), (100, 3_996)])
    func `a store whose first page is broken is refused`(start: Int, count: Int) async throws {
        try await makeStore(inWAL: false)
        try garble(start..<(start + count))
        #expect(isDamaged(refusal(of: "b")))
    }

    @Test func `a store cut off in the middle is refused`() async throws {
        try await makeStore(inWAL: false)
        let bytes = try #require(files.contents(files.path("b")))
        files.store(Array(bytes[..<8_192]), at: files.path("b"))
        #expect(isDamaged(refusal(of: "b")))
    }

    /// Whatever is broken in it, a store says so and nothing crashes.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `broken pages in the middle are refused, or found when they are used`(
        seed: UInt64
    ) async throws {
        try await makeStore(inWAL: false)
        let sound = try #require(files.contents(files.path("b")))
        var random = SplitMix64(seed: seed)
        var found = 0
        for _ in 0..<15 {
            files.store(sound, at: files.path("b"))
            for suffix in ["-wal", "-shm"] { files.remove("b" + suffix) }
            let page = Int.random(in: 1..<(sound.count / 4_096), using: &random) * 4_096
            let count = [1, 100, 4_096, 4_096].randomElement(using: &random) ?? 1
            let start = page + Int.random(in: 0...(4_096 - count), using: &random)
            try garble(start..<(start + count), using: &random)
            if try await use("b") { found += 1 }
        }
        #expect(found > 0)
    }

    /// Does a bit of everything to a store that may be broken; says whether that was noticed.
    private func use(_ name: String) async throws -> Bool {
        let store: Store
        do throws(StoreError) {
            store = try Store.open(at: files.path(name), options: makeOptions(boot: "boot-2"))
        } catch {
            #expect(isDamaged(error), "\(error)")
            return true
        }
        var noticed = false
        func attempt(_ body: () async throws -> Void) async {
            do {
                try await body()
            } catch let error as QueueError {
                noticed = true
                #expect("\(error)".contains(files.path(name)))
            } catch {
                // It found nothing to do.
            }
        }
        await attempt { _ = try await store.restore(now: at(5)) }
        await attempt {
            _ = try await store.campaigns(matching: .init(states: []), before: nil, limit: 10)
                .campaigns
        }
        await attempt { _ = try await store.everybody() }
        await attempt {
            let batch = try await store.claim()
            try await store.commit(makeRecord(batch.id, .split(.refused)))
        }
        await attempt {
            _ = try await store.take(AccountRun(makeAccounts(600)), into: makeID(), now: at(6))
        }
        await attempt { _ = try await store.create(makeNewCampaign(makeID(2)), now: at(6)) }
        await attempt { try await store.commit(.transition(makeID(), .cancel)) }
        await attempt { try await store.commit(.delete(makeID())) }
        await attempt { try store.close() }
        return noticed
    }

    private func isDamaged(_ error: StoreError?) -> Bool {
        guard case .damaged = error else { return false }
        return true
    }

    /// Overwrites bytes of the file `b`.
    private func garble(_ range: Range<Int>) throws {
        var random = SplitMix64(seed: 1)
        try garble(range, using: &random)
    }

    private func garble(_ range: Range<Int>, using random: inout SplitMix64) throws {
        var bytes = try #require(files.contents(files.path("b")))
        for index in range { bytes[index] = UInt8.random(in: 0...255, using: &random) }
        files.store(bytes, at: files.path("b"))
    }
}
