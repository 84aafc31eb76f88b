import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// What was acknowledged is there after the power was cut, at whatever moment that was.
@Suite struct PowerLossTests {
    private static let stepsPerBoot = 24

    @Test(arguments: [1, 2] as [UInt64])
    func `a cut loses nothing acknowledged and leaves nothing half done`(seed: UInt64) async throws
    {
        let disk = FaultyDisk(seed: seed)
        let watch = try await run(seed, on: disk, boots: 5)
        for fault in watch.faults { Issue.record("seed \(seed): \(fault)") }
        #expect(watch.cuts > 300)
    }

    @Test func `a disk that lies about its syncs is caught losing what was acknowledged`()
        async throws
    {
        let disk = FaultyDisk()
        let watch = try await run(3, on: disk, boots: 2) { step in
            if step == 10 { disk.lie() }
        }
        #expect(watch.faults.count > watch.cuts / 4)
        #expect(watch.faults.contains { $0.contains("acknowledged") })
    }

    @Test func `a cut during the very first start leaves what can be started again`() async throws {
        let disk = FaultyDisk()
        disk.cut(every: 1)
        let store = try Store.open(at: disk.path, options: makeOptions())
        disk.cut(every: 0)
        let empty = try StoredRows(at: disk.path).withoutSalt
        var cuts = 0
        while let found = disk.afterCut() {
            cuts += 1
            let again = try Store.open(at: found.path, options: makeOptions())
            let rows = try StoredRows(at: found.path, checksIntegrity: true)
            #expect(rows.integrity == "ok")
            #expect(rows.withoutSalt == empty)
            _ = try await again.create(makeNewCampaign(), now: at(1))
            #expect(try await again.claim().accounts.count == 10)
            try again.close()
        }
        #expect(cuts > 30)
        try store.close()
    }

    /// Runs a workload through several boots and looks at the disk after every cut.
    private func run(
        _ seed: UInt64,
        on disk: FaultyDisk,
        boots: Int,
        before step: (Int) -> Void = { _ in }
    ) async throws -> Watch {
        var workload = Workload(seed: seed)
        var watch = Watch(disk: disk)
        for boot in 0..<boots {
            let store = try Store.open(
                at: disk.path,
                options: makeOptions(boot: "boot-\(boot)"),
                file: FileOptions(checkpointPages: 20)
            )
            try await watch.look(isOpening: true)
            disk.cut(every: 5)
            workload.learn(try await store.restore(now: workload.now))
            try await watch.look()
            for index in 1...Self.stepsPerBoot {
                step(boot * Self.stepsPerBoot + index)
                let next = workload.next()
                workload.learn(try await store.perform(next, now: workload.now))
                try await watch.look()
            }
            try store.close()
        }
        return watch
    }
}

/// Looks at what a disk's cuts would leave.
private struct Watch {
    let disk: FaultyDisk
    private(set) var cuts = 0
    private(set) var faults: [String] = []
    /// What was acknowledged when it looked last.
    private var rows: StoredRows?

    init(disk: FaultyDisk) { self.disk = disk }

    /// Looks at the cuts since it looked last, when one step more has been acknowledged.
    ///
    /// Then at one right now, which must have kept that step. While a store is opened or closed its
    /// mark is another than the lock file's for a moment.
    mutating func look(isOpening: Bool = false) async throws {
        let acknowledged = try StoredRows(at: disk.path)
        let before = rows ?? acknowledged
        rows = acknowledged
        while try await lookAtNext([before, acknowledged], isOpening: isOpening) {}
        disk.cut(.none)
        _ = try await lookAtNext([acknowledged], isOpening: isOpening)
    }

    private mutating func lookAtNext(_ allowed: [StoredRows], isOpening: Bool) async throws -> Bool
    {
        let hasLock = cuts % 3 > 0
        guard let found = disk.afterCut(withLock: hasLock) else { return false }
        cuts += 1
        do {
            let mayBeCopy = isOpening || !hasLock
            if let fault = try await fault(of: found, allowed, mayBeCopy: mayBeCopy) {
                faults.append("cut \(cuts): \(fault)")
            }
        } catch {
            faults.append("cut \(cuts): acknowledged, and unreadable now: \(error)")
        }
        return true
    }
}
