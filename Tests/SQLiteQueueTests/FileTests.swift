import DeliveryCore
import DeliveryEngine
import Glibc
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

@Suite struct FileTests {
    let files = TemporaryFiles()

    @Test func `a closed store opens again with everything in it`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let batch = try await store.claim(makeClaim(accountLimit: 4))
        try await store.commit(makeRecord(batch.id))
        var service = ServiceRecord()
        service.isPaused = true
        service.halt = ServiceRecord.Halt(
            reason: Campaign.Reason(code: 70_001, text: "expired"),
            fingerprint: "f"
        )
        try await store.commit(.service(service))
        let before = try await store.everybody()
        try store.close()
        #expect(files.size(of: "a-wal") == 0, "the next start would have to read it")
        let copy = files.copy("a", to: "b")
        let again = try Store.open(at: copy, options: makeOptions())
        #expect(try await again.everybody() == before)
        #expect(try await again.restore(now: at(9)).service == service)
        try again.close()
    }

    @Test func `after a crash calls that were out come back as interrupted`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let answered = try await store.claim(makeClaim(accountLimit: 2))
        let flying = try await store.claim(makeClaim(accountLimit: 3))
        let held = try await store.claim(makeClaim(accountLimit: 1))
        try await store.commit(makeRecord(answered.id, releaseAt: at(70).instant))
        try await store.commit(makeRecord(held.id, .held(dueAt: at(9).timestamp)))
        let copy = files.copy("a", to: "b")
        let again = try Store.open(at: copy, options: makeOptions())
        let restored = try await again.restore(now: at(20))
        #expect(restored.inFlight == [flying])
        #expect(restored.open.map(\.id) == [held.id])
        #expect(restored.campaigns.map(\.freshCount) == [4])
        // The held call is released at 1,000 s; the one that was out 75 s after the restart.
        #expect(restored.holds.map(\.count) == [2, 3, 1])
        #expect(restored.holds.map(\.until) == [at(70), at(95), at(1_000)].map(\.instant))
        #expect(try await again.counts() == makeCounts([\.queued: 5, \.sending: 3, \.sent: 2]))
        try again.close()
        try store.close()
    }

    @Test func `after a reboot a hold keeps what was left when the old boot last wrote`()
        async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(500))
        let batch = try await store.claim(makeClaim(accountLimit: 2), now: at(500))
        try await store.commit(makeRecord(batch.id, releaseAt: at(560).instant), now: at(501))
        _ = try await store.commit([], now: at(510))
        try store.close()
        let rebooted = try Store.open(
            at: files.copy("a", to: "b"),
            options: makeOptions(boot: "boot-2")
        )
        #expect(try await rebooted.restore(now: at(3)).holds.map(\.until) == [at(53).instant])
        try rebooted.close()
        // A second crash doesn't prolong it.
        let third = try Store.open(
            at: files.copy("b", to: "c"),
            options: makeOptions(boot: "boot-2")
        )
        #expect(try await third.restore(now: at(9)).holds.map(\.until) == [at(53).instant])
        try third.close()
    }

    @Test func `a second store on the same file is refused and names the process`() throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        let lock = files.path("a") + ".lock"
        #expect(throws: StoreError.locked(path: lock, processID: Int(getpid()))) {
            _ = try Store.open(at: files.path("a"), options: makeOptions())
        }
        try store.close()
    }

    @Test func `too little room on the disk refuses what is new, and sending goes on`()
        async throws
    {
        let path = files.path("a")
        do {
            let store = try Store.open(at: path, options: makeOptions())
            _ = try await store.create(makeNewCampaign(), now: at(0))
            let draft = makeNewCampaign(makeID(2), start: false)
            _ = try await store.create(draft, now: at(0))
            try store.close()
        }
        let store = try Store.open(
            at: path,
            options: makeOptions(),
            file: FileOptions(minFreeBytes: .max)
        )
        func isRefusal(_ error: any Error) -> Bool {
            guard case .full(let text) = error as? QueueError else { return false }
            return text.contains("store.minFreeBytes asks for")
        }
        await #expect {
            _ = try await store.create(makeNewCampaign(makeID(3)), now: at(1))
        } throws: {
            isRefusal($0)
        }
        func isIntakeRefusal(_ error: any Error) -> Bool {
            guard case .queue(let error) = error as? IntakeError else { return false }
            return isRefusal(error)
        }
        await #expect {
            try await store.openIntake(makeID(2))
        } throws: {
            isIntakeRefusal($0)
        }
        await #expect {
            _ = try await store.take(AccountRun(makeAccounts(20)), into: makeID(2), now: at(1))
        } throws: {
            isIntakeRefusal($0)
        }
        let flying = try await store.claim(makeClaim(accountLimit: 4))
        try await store.commit(makeRecord(flying.id, .held(dueAt: at(2).timestamp)))
        let again = try await store.claim(makeReclaim(flying.id), now: at(3))
        try await store.commit(makeRecord(again.id), now: at(4))
        #expect(try await store.counts() == makeCounts([\.queued: 6, \.sent: 4]))
        guard
            case .changed(.success) = try await store.commit(.transition(makeID(2), .start)),
            case .changed(.success) = try await store.commit(.transition(makeID(), .cancel))
        else {
            Issue.record("operators can't change what is there")
            return
        }
        try store.close()
    }

    @Test func `a full disk is said as such, and what was taken before it is told`() async throws {
        let path = files.path("a")
        let store = try Store.open(
            at: path,
            options: makeOptions(),
            file: FileOptions(pageLimit: 250)
        )
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        // Some 12 bytes an account: 1 MB has room for the first slice, and not for all.
        let run = AccountRun(makeAccounts(99_999))
        let taken = try await store.take(run, into: makeID(), now: at(1))
        guard case .full(let detail) = taken.fault else {
            Issue.record("the store took everything: \(taken)")
            return
        }
        #expect(detail.hasPrefix(path))
        #expect(taken.accepted >= CommitSize.slice && taken.accepted < 99_999)
        #expect(try await store.counts() == makeCounts([\.queued: taken.accepted]))
        let other = makeNewCampaign(makeID(2), accounts: makeAccounts(60_000))
        await #expect(throws: QueueError.self) { _ = try await store.create(other, now: at(2)) }
        #expect(try await store.campaign(makeID(2)) == nil)
        try store.close()
        // With room again it goes on where it stopped.
        let roomy = try Store.open(at: files.copy("a", to: "b"), options: makeOptions())
        let rest = try await roomy.take(run, into: makeID(), now: at(3))
        #expect(
            rest
                == Taken(
                    accepted: 99_999 - taken.accepted,
                    duplicates: taken.accepted,
                    total: 99_999
                )
        )
        try roomy.close()
    }

    @Test(arguments: [false, true])
    func `a store put in another's place starts with a full window held`(
        whileOpen: Bool
    )
        async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        #expect(try await store.restore(now: at(0)).holds.isEmpty)
        if whileOpen { files.backUp("a", to: "c") }
        try store.close()
        if !whileOpen { files.backUp("a", to: "c") }
        let second = try Store.open(at: files.copy("a", to: "b"), options: makeOptions())
        #expect(try await second.restore(now: at(5)).holds.isEmpty)
        let other = try Store.open(
            at: files.copy("b", to: "c", only: [".lock"]),
            options: makeOptions()
        )
        let holds = try await other.restore(now: at(100)).holds
        #expect(holds.map(\.count) == [10_000_000])
        #expect(holds.map(\.until) == [at(175).instant])
        var dispatcher = Dispatcher(
            limits: Limits(),
            fingerprint: "f",
            seed: 1,
            now: at(100)
        )
        let restored = try await other.restore(now: at(100))
        _ = dispatcher.handle(.restored(restored), now: at(100))
        #expect(dispatcher.windowUsed(at(100)) == 12_000)
        try second.close()
        try other.close()
    }

    @Test(arguments: [false, true])
    func `a store put in another's place holds the window after an early end too`(
        isKilled: Bool
    ) async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        files.backUp("a", to: "c")
        try store.close()
        let put = files.copy("a", to: "c", only: [".lock"])
        let first = try Store.open(at: put, options: makeOptions())
        if !isKilled { try first.close() }
        let second = try Store.open(at: files.copy("c", to: "d"), options: makeOptions())
        #expect(try await second.restore(now: at(0)).holds.map(\.count) == [10_000_000])
        if isKilled { try first.close() }
        try second.close()
        // Once is enough.
        let third = try Store.open(at: files.copy("d", to: "e"), options: makeOptions())
        #expect(try await third.restore(now: at(100)).holds.isEmpty)
        try third.close()
    }

    @Test func `a cancelled stream is finished and closed all the same`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        let taken = try await withThrowingTaskGroup(of: Taken.self) { group in
            group.cancelAll()
            group.addTask {
                try await store.openIntake(makeID())
                let run = AccountRun(makeAccounts(60_000))
                let taken = try await store.take(run, into: makeID(), now: at(1))
                await store.closeIntake(makeID())
                #expect(Task.isCancelled)
                return taken
            }
            return try await group.next()
        }
        #expect(taken == Taken(accepted: 60_000, duplicates: 0, total: 60_000))
        guard case .changed(.success) = try await store.commit(.transition(makeID(), .start)) else {
            Issue.record("the draft couldn't start: its stream is still open")
            return
        }
        try store.close()
    }

    @Test func `a call that was out when its campaign was canceled settles after a restart`()
        async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let flying = try await store.claim(makeClaim(accountLimit: 3))
        try await store.commit(.transition(makeID(), .cancel))
        let again = try Store.open(at: files.copy("a", to: "b"), options: makeOptions())
        let restored = try await again.restore(now: at(9))
        #expect(restored.inFlight.map(\.id) == [flying.id])
        #expect(restored.campaigns.map(\.state) == [.canceled])
        var dispatcher = Dispatcher(
            limits: Limits(),
            fingerprint: "f",
            seed: 1,
            now: at(9)
        )
        let effects = dispatcher.handle(.restored(restored), now: at(9))
        guard case .commit(let writes)? = effects.first else {
            Issue.record("the interrupted call isn't recorded: \(effects)")
            return
        }
        let results = try await again.commit(writes, now: at(10))
        #expect(try await again.counts() == makeCounts([\.canceled: 7, \.unknown: 3]))
        #expect(try await again.campaign(makeID())?.finishedAt == at(10).timestamp)
        for case .commit(let more) in dispatcher.handle(.committed(results), now: at(10)) {
            Issue.record("nothing is left to do, but \(more)")
        }
        try store.close()
        try again.close()
    }
}
