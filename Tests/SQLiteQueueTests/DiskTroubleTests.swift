import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// A disk that is full or fails: what wasn't done is said, nothing else is lost, and it goes on.
@Suite struct DiskTroubleTests {
    private static let stepCount = 40

    @Test(arguments: FaultyDisk.Trouble.allCases)
    func `every operation of a step may fail, and the step is done once it doesn't`(
        trouble: FaultyDisk.Trouble
    ) async throws {
        let disk = FaultyDisk()
        let store = try Store.open(
            at: disk.path,
            options: makeOptions(),
            file: FileOptions(checkpointPages: 20)
        )
        _ = try await store.restore(now: at(0))
        var workload = Workload(seed: 5)
        var failures = 0
        for index in 1...Self.stepCount {
            let before = try StoredRows(at: disk.path)
            let step = workload.next()
            var answer: Workload.Answer?
            var nth = 1
            while answer == nil {
                disk.fail(nth, trouble, lasting: index % 4 == 0)
                do throws(QueueError) {
                    answer = try await store.perform(step, now: workload.now)
                } catch {
                    failures += 1
                    // The first is a write; a sync can't say that the disk is full.
                    if nth == 1 { #expect(error.isFull == (trouble == .full), "\(error)") }
                    #expect(try StoredRows(at: disk.path) == before, "step \(index), \(nth)")
                    if failures % 5 == 0 { disk.cut(.allCases[failures / 5 % 4]) }
                }
                nth += 1
            }
            disk.recover()
            let rows = try StoredRows(at: disk.path)
            if let answer { workload.learn(answer) }
            // What failed at its sync may have reached the medium all the same, as a whole.
            while let found = disk.afterCut() {
                #expect(try await fault(of: found, [before, rows]) == nil)
            }
            disk.cut(.none)
            let found = try #require(disk.afterCut())
            if index % 6 == 0 { #expect(try await fault(of: found, [rows]) == nil) }
        }
        #expect(failures > 200)
        let rows = try StoredRows(at: disk.path)
        #expect(rows.withoutSalt == (try await rowsWithoutTrouble()))
        try store.close()
    }

    /// What the same steps leave on a sound disk.
    private func rowsWithoutTrouble() async throws -> StoredRows {
        let disk = FaultyDisk()
        let store = try Store.open(at: disk.path, options: makeOptions())
        _ = try await store.restore(now: at(0))
        var workload = Workload(seed: 5)
        for _ in 1...Self.stepCount {
            let step = workload.next()
            workload.learn(try await store.perform(step, now: workload.now))
        }
        let rows = try StoredRows(at: disk.path)
        try store.close()
        return rows.withoutSalt
    }

    @Test func `an operation that fails at any time of a store's life changes nothing of it`()
        async throws
    {
        let sound = FaultyDisk()
        let rows = try await live(on: sound)
        var failures = 0
        for nth in stride(from: 1, through: sound.operationCount, by: 3) {
            let disk = FaultyDisk(seed: UInt64(nth))
            disk.fail(nth, nth % 2 == 1 ? .full : .io)
            #expect(try await live(on: disk) == rows, "operation \(nth)")
            failures += disk.failureCount
        }
        #expect(failures > 100)
    }

    /// Two boots with a few steps each; whatever fails is tried once more.
    private func live(on disk: FaultyDisk) async throws -> StoredRows {
        var workload = Workload(seed: 6)
        for boot in 1...2 {
            let options = makeOptions(boot: "boot-\(boot)")
            let store = try opened(disk, options)
            let now = workload.now
            workload.learn(
                try await again { () throws(QueueError) in
                    try await store.restore(now: now)
                }
            )
            for _ in 1...12 {
                let step = workload.next()
                let now = workload.now
                workload.learn(
                    try await again { () throws(QueueError) in
                        try await store.perform(step, now: now)
                    }
                )
            }
            try store.close()
        }
        let store = try opened(disk, makeOptions())
        let rows = try StoredRows(at: disk.path, checksIntegrity: true)
        #expect(rows.integrity == "ok")
        try store.close()
        return rows.withoutSalt
    }

    private func opened(_ disk: FaultyDisk, _ options: Store.Options) throws(StoreError) -> Store {
        let file = FileOptions(checkpointPages: 10)
        do throws(StoreError) {
            return try Store.open(at: disk.path, options: options, file: file)
        } catch .diskFailed {
            return try Store.open(at: disk.path, options: options, file: file)
        }
    }

    private func again<T>(_ body: () async throws(QueueError) -> T) async throws(QueueError) -> T {
        do throws(QueueError) {
            return try await body()
        } catch {
            return try await body()
        }
    }

    @Test func `a start on a full disk says so, and not that the store is damaged`() throws {
        let disk = FaultyDisk()
        disk.fail(1, .full, lasting: true)
        #expect {
            _ = try Store.open(at: disk.path, options: makeOptions())
        } throws: { error in
            guard case .diskFailed = error as? StoreError else { return false }
            return "\(error)".contains("free some room")
        }
        disk.recover()
        try Store.open(at: disk.path, options: makeOptions()).close()
    }

    @Test func `after a crash a store starts on a full disk if its shared memory has room`()
        async throws
    {
        let crashed = FaultyDisk()
        let first = try Store.open(at: crashed.path, options: makeOptions())
        _ = try await first.create(makeNewCampaign(), now: at(0))
        crashed.cut(.all)
        let disk = try #require(crashed.afterCut())
        try first.close()
        var store: Store?
        var nth = 1
        while store == nil {
            disk.fail(nth, .full, lasting: true)
            do throws(StoreError) {
                store = try Store.open(at: disk.path, options: makeOptions())
            } catch {
                guard case .diskFailed = error else { throw error }
                nth += 1
            }
        }
        #expect(nth <= 3, "it needs the shared memory, and no room for its mark")
        let open = try #require(store)
        #expect(try await open.campaign(makeID())?.counts.queued == 10)
        await #expect(throws: QueueError.self) { try await open.claim() }
        disk.recover()
        #expect(try await open.restore(now: at(1)).holds.isEmpty)
        #expect(try await open.claim().accounts.count == 10)
        try open.close()
    }

    @Test
    func `of a creation of many that fails half way nobody sees anything, and sweeps take it`()
        async throws
    {
        // Room for some of the slices.
        let store = try Store.inMemory(
            options: makeOptions(rowsPerStep: 50_000),
            file: FileOptions(pageLimit: 250)
        )
        let accounts = (0..<4 * CommitSize.slice).map { Account("user-\($0)") }
        await #expect(throws: QueueError.self) {
            _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        }
        #expect(try await store.campaign(makeID()) == nil)
        // A slice's blocks and the note that they are to go.
        #expect(try await store.strayRowCount() > CommitSize.slice / 200)
        _ = try await store.create(makeNewCampaign(makeID(2)), now: at(1))
        let sweep = Write.sweep(Write.Sweep(untouchedSince: nil))
        for _ in 1...3 { try await store.commit(sweep, now: at(2)) }
        #expect(try await store.strayRowCount() == 0)
        #expect(try await store.everybody(of: makeID(2)).count == 10)
    }

    @Test func `a commit that fails has ended nobody`() async throws {
        let disk = FaultyDisk()
        let store = try Store.open(at: disk.path, options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let batch = try await store.claim()
        disk.fail(1, .full, lasting: true)
        await #expect(throws: QueueError.self) { try await store.commit(makeRecord(batch.id)) }
        #expect(store.ended == Counts())
        disk.recover()
        try await store.commit(makeRecord(batch.id))
        #expect(store.ended == makeCounts([\.sent: 10]))
        try store.close()
    }
}

extension QueueError {
    var isFull: Bool {
        switch self {
        case .full: true
        case .failed: false
        }
    }
}
