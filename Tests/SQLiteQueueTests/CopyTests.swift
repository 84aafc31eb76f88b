import DeliveryCore
import DeliveryEngine
import Glibc
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// A copy of a store that is in use: whole, checked, and known for a copy when it is started.
@Suite struct CopyTests {
    private let disk = FaultyDisk()
    private var files: TemporaryFiles { disk.files }

    /// Copies the store `a` to `c`; `between` runs after each step but the last.
    private func copy(
        isPaused: Bool = false,
        between: (StoreCopy) async throws -> Void = { _ in }
    ) async throws {
        let copy = try StoreCopy(of: files.path("a"), at: files.path("c"))
        while try copy.step(pages: 40) { try await between(copy) }
        try copy.finish(isPaused: isPaused)
    }

    /// A store with rows for more than one step.
    private func makeLargeStore() async throws -> Store {
        let store = try Store.open(
            at: files.path("a"),
            options: makeOptions(),
            file: FileOptions(checkpointPages: 200)
        )
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        _ = try await store.take(AccountRun(makeAccounts(60_000)), into: makeID(), now: at(0))
        return store
    }

    @Test func `a copy has what was there when it began, however much is written meanwhile`()
        async throws
    {
        let store = try await makeLargeStore()
        var workload = Workload(seed: 9, firstCampaign: 2)
        func work(_ steps: Int) async throws {
            for _ in 0..<steps {
                let step = workload.next()
                workload.learn(try await store.perform(step, now: workload.now))
            }
        }
        try await work(20)
        let before = try StoredRows(at: files.path("a")).withoutSalt
        var steps = 0
        try await copy { copy in
            steps += 1
            try #require(steps < 100, "it begins again and again")
            #expect(copy.done > 0 && copy.done < copy.total)
            try await work(30)
        }
        #expect(steps > 3)
        #expect(try StoredRows(at: files.path("a")).withoutSalt != before)
        let rows = try StoredRows(at: files.path("c"), checksIntegrity: true)
        #expect(rows.integrity == "ok")
        #expect(rows.withoutSalt == before, "\(rows.withoutSalt.difference(from: before))")
        try store.close()
    }

    @Test func `a copy's counters are what its rows say, and it goes on`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        var workload = Workload(seed: 4)
        for _ in 0..<60 {
            let step = workload.next()
            workload.learn(try await store.perform(step, now: workload.now))
        }
        try await copy()
        let rows = try StoredRows(at: files.path("c"))
        let copied = FaultyDisk()
        files.copy("c", into: copied)
        #expect(try await fault(of: copied, [rows], mayBeCopy: true) == nil)
        try store.close()
    }

    /// On another machine, in its own store's place after a stop, or in that of one that was killed.
    @Test(arguments: ["elsewhere", "stopped", "killed"])
    func `a copy starts with a full window held`(place: String) async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        _ = try await store.restore(now: at(0))
        try await copy()
        // Killed, its lock file has the mark that the store had when the copy was made.
        if place == "stopped" { try store.close() }
        if place != "elsewhere" { files.copy("a", to: "c", only: [".lock"]) }
        let again = try Store.open(at: files.path("c"), options: makeOptions())
        let holds = try await again.restore(now: at(100)).holds
        #expect(holds.map(\.count) == [10_000_000])
        #expect(holds.map(\.until) == [at(175).instant])
        try again.close()
        if place != "stopped" { try store.close() }
    }

    @Test(arguments: [false, true])
    func `a copy made paused sends nothing until it is told to`(wasPaused: Bool) async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        var service = ServiceRecord()
        service.isPaused = wasPaused
        try await store.commit(.service(service))
        try await copy(isPaused: !wasPaused)
        let again = try Store.open(at: files.path("c"), options: makeOptions())
        #expect(try await again.restore(now: at(1)).service.isPaused)
        #expect(try await store.restore(now: at(1)).service.isPaused == wasPaused)
        try again.close()
        try store.close()
    }

    @Test func `nobody else can read a copy, and it is one file`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        let mask = umask(0)
        defer { umask(mask) }
        try await copy()
        var status = stat()
        #expect(unsafe stat(files.path("c"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        for suffix in ["-wal", "-shm", "-journal", ".partial"] {
            #expect(files.contents(files.path("c") + suffix) == nil, "\(suffix)")
        }
        try store.close()
    }

    @Test func `a store that nobody uses is copied as well, after a crash too`() async throws {
        let store = try Store.open(at: files.path("b"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        files.copy("b", to: "a")
        let rows = try StoredRows(at: files.path("b"))
        try store.close()
        let log = files.contents(files.path("a") + "-wal")
        try await copy()
        #expect(try StoredRows(at: files.path("c")).withoutSalt == rows.withoutSalt)
        #expect(files.contents(files.path("a") + "-wal") == log)
    }

    @Test func `what is there already isn't written over`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        let path = files.write("precious", to: "c")
        await #expect(throws: CopyError.exists(path: path)) { try await copy() }
        #expect(files.contents(path) == Array("precious".utf8))
        files.remove("c")
        // Nor what came there while the copy was made.
        let made = try StoreCopy(of: files.path("a"), at: path)
        while try made.step() {}
        _ = files.write("precious", to: "c")
        #expect(throws: CopyError.exists(path: path)) { try made.finish(isPaused: false) }
        #expect(files.contents(path) == Array("precious".utf8))
        #expect(files.contents(path + ".partial") == nil)
        try store.close()
    }

    @Test func `two copies of one name at a time are refused, and what a killed one left is used`()
        async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        let path = files.path("c")
        do {
            _ = files.write(String(repeating: "x", count: 99_999), to: "c.partial")
            let first = try StoreCopy(of: files.path("a"), at: path)
            #expect(throws: CopyError.inProgress(path: path + ".partial")) {
                _ = try StoreCopy(of: files.path("a"), at: path)
            }
            while try first.step() {}
            try first.finish(isPaused: false)
        }
        #expect(try StoredRows(at: path, checksIntegrity: true).integrity == "ok")
        try store.close()
    }

    @Test func `what is no store is refused with its reason`() async throws {
        let path = files.path("a")
        await #expect(throws: CopyError.noStore(path: path)) { try await copy() }
        _ = files.write(String(repeating: "no database ", count: 999), to: "a")
        await #expect {
            try await copy()
        } throws: { error in
            guard case .source(.damaged) = error as? CopyError else { return false }
            return true
        }
        files.remove("a")
        let database = try SQLiteConnection(at: path)
        try database.execute("CREATE TABLE theirs (id INTEGER)")
        await #expect(throws: CopyError.source(.foreign(path: path))) { try await copy() }
        try database.close()
        #expect(files.contents(files.path("c") + ".partial") == nil)
        let missing = files.path("missing/c")
        #expect(throws: CopyError.noStore(path: files.path("b"))) {
            _ = try StoreCopy(of: files.path("b"), at: missing)
        }
        let store = try Store.open(at: files.path("b"), options: makeOptions())
        #expect {
            _ = try StoreCopy(of: files.path("b"), at: missing)
        } throws: { "\($0)".contains("give a folder") }
        try store.close()
    }

    @Test func `a damaged store gives no copy`() async throws {
        let store = try await makeLargeStore()
        try store.close()
        var bytes = try #require(files.contents(files.path("a")))
        // A page of accounts far from the first.
        for index in 0..<100 { bytes[bytes.count / 2 / 4_096 * 4_096 + index] = 0xFF }
        files.store(bytes, at: files.path("a"))
        await #expect {
            try await copy()
        } throws: { error in
            guard case .damaged = error as? CopyError else { return false }
            return "\(error)".contains("keep the backups")
        }
        for suffix in ["", ".partial"] { #expect(files.contents(files.path("c") + suffix) == nil) }
    }

    @Test(arguments: FaultyDisk.Trouble.allCases)
    func `a disk that fills up or fails leaves no copy, and the store as it was`(
        trouble: FaultyDisk.Trouble
    ) async throws {
        let store = try await makeLargeStore()
        let rows = try StoredRows(at: files.path("a"))
        var failures = 0
        var nth = 1
        while true {
            disk.fail(nth, trouble)
            do {
                try await copy()
                break
            } catch let error as CopyError {
                failures += 1
                #expect("\(error)".contains("free some room"), "\(error)")
            }
            for suffix in ["", ".partial", ".partial-journal"] {
                #expect(files.contents(files.path("c") + suffix) == nil, "operation \(nth)")
            }
            nth += nth > 10 && nth < 500 ? 53 : 1
        }
        disk.recover()
        #expect(failures > 10)
        #expect(try StoredRows(at: files.path("a")) == rows)
        try store.close()
    }

    @Test func `when a copy has its name nothing of it can be lost with the power`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        try await copy()
        disk.cut(.none)
        let found = try #require(disk.afterCut())
        let durable = found.files.contents(found.files.path("c") + ".partial")
        #expect(durable == files.contents(files.path("c")))
        try store.close()
    }
}
