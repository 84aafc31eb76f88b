import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// Damage of one campaign: what concerns it is refused with the reason, and everything else is done.
@Suite struct DamageTests {
    private let files = TemporaryFiles()
    private let good = makeID(1)
    private let bad = makeID(2)

    /// A store with two running campaigns, after somebody has been at its file by hand.
    private func makeStore(
        _ damage: String,
        prepare: (Store) async throws -> Void = { _ in }
    ) async throws -> Store {
        let path = files.path("a")
        do {
            let first = try Store.open(at: path, options: makeOptions())
            for id in [good, bad] { _ = try await first.create(makeNewCampaign(id), now: at(0)) }
            try await prepare(first)
            try first.close()
        }
        try harm(damage)
        return try Store.open(at: path, options: makeOptions())
    }

    private func harm(_ damage: String) throws {
        let database = try SQLiteConnection(at: files.path("a"))
        try database.execute("PRAGMA ignore_check_constraints = 1")
        try database.execute(damage)
        try database.close()
    }

    private static let second = "(SELECT id FROM campaign ORDER BY id LIMIT 1 OFFSET 1)"

    private static func refuse(_ event: String, when condition: String) -> String {
        """
        CREATE TRIGGER refused BEFORE \(event) WHEN \(condition) BEGIN
            SELECT RAISE(ABORT, 'refused by hand');
        END
        """
    }

    private func failure(_ result: WriteResult) throws -> WriteResult.Failure {
        guard case .failed(let failure) = result else {
            Issue.record("it was carried out: \(result)")
            throw NothingClaimed()
        }
        return failure
    }

    @Test func `a trigger that refuses one campaign's claim halts it, and the others' claims go`()
        async throws
    {
        let trigger = Self.refuse(
            "UPDATE OF cursor ON campaign",
            when: "NEW.id = \(Self.second)"
        )
        let store = try await makeStore(trigger)
        let writes = [makeClaim(bad), makeClaim(good, accountLimit: 4)]
        let results = try await store.commit(writes, now: at(1))
        let failure = try failure(results[0])
        #expect(failure.campaign == bad && failure.isHalted)
        #expect(failure.text.contains("refused by hand") && failure.text.contains("resume"))
        guard case .claimed(let batch?, _) = results[1] else { throw NothingClaimed() }
        #expect(batch.accounts.count == 4)
        let halted = try #require(try await store.campaign(bad))
        #expect(halted.state == .halted && halted.reason?.text == failure.text)
        #expect(halted.counts.queued == 10)
        #expect(try await store.counts(of: good).sending == 4)
        // What the other one addressed is undone with it.
        let minutes = try await store.traffic(since: at(0).timestamp, per: .minute)
        #expect(minutes.map(\.addressed) == [4])
        // All of it is durable, and the store goes on.
        let again = try Store.open(at: files.copy("a", to: "b"), options: makeOptions())
        let restored = try await again.restore(now: at(2))
        #expect(restored.campaigns.map(\.state) == [.running, .halted])
        #expect(restored.inFlight.map(\.id) == [batch.id])
        try again.close()
        try store.close()
    }

    @Test func `where not even the halt can be written the answer says so`() async throws {
        let trigger = Self.refuse("UPDATE ON campaign", when: "NEW.id = \(Self.second)")
        let store = try await makeStore(trigger)
        let results = try await store.commit([makeClaim(bad), makeClaim(good)], now: at(1))
        let failure = try failure(results[0])
        #expect(failure.campaign == bad && !failure.isHalted)
        #expect(try await store.campaign(bad)?.state == .running)
        #expect(try await store.counts(of: good).sending == 10)
        try store.close()
    }

    @Test func `a counter that is wrong fails its own record, and the call counts no longer`()
        async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        for id in [good, bad] { _ = try await store.create(makeNewCampaign(id), now: at(0)) }
        let first = try await store.claim(makeClaim(good))
        let second = try await store.claim(makeClaim(bad))
        try harm("UPDATE campaign SET sending = 1 WHERE id = \(Self.second)")
        let release = at(60).instant
        let writes = [
            makeRecord(second.id, releaseAt: release), makeRecord(first.id, releaseAt: release),
        ]
        let results = try await store.commit(writes, now: at(2))
        let failure = try failure(results[0])
        #expect(failure.campaign == bad && failure.isHalted)
        #expect(failure.text.contains("CHECK constraint failed"))
        #expect(try await store.campaign(good)?.state == .completed)
        #expect(try await store.restore(now: at(3)).holds.map(\.until) == [release, release])
        try store.close()
    }

    @Test(arguments: [
        "UPDATE batch SET accounts = x'FF61', first_account = NULL, last_account = NULL",
        "UPDATE batch SET state = 'lost'", "UPDATE batch SET count = -5",
        "UPDATE batch SET pass = -1",
    ])
    func `a batch's damaged row fails its own record, and a start survives it`(
        damage: String
    )
        async throws
    {
        var batches: [Batch] = []
        let ofBad = "WHERE campaign = \(Self.second)"
        let store = try await makeStore("\(damage) \(ofBad)") {
            for id in [good, bad] { batches.append(try await $0.claim(makeClaim(id))) }
        }
        let restored = try await store.restore(now: at(1))
        #expect(restored.inFlight.map(\.campaign) == [good])
        // What no query for open batches finds is found by its record.
        let isSeen = !damage.contains("lost")
        #expect(restored.damaged.map(\.campaign) == (isSeen ? [bad] : []))
        let results = try await store.commit(
            batches.reversed().map { makeRecord($0.id) },
            now: at(2)
        )
        let failure = try failure(results[0])
        #expect(failure.campaign == bad && failure.isHalted, "\(failure)")
        #expect(try await store.campaign(good)?.state == .completed)
        try store.close()
    }

    @Test func `a campaign's damaged row is left out at a start, by name`() async throws {
        let store = try await makeStore(
            "UPDATE campaign SET priority = 'odd' WHERE id = \(Self.second)"
        )
        let restored = try await store.restore(now: at(1))
        #expect(restored.campaigns.map(\.id) == [good])
        #expect(restored.damaged.map(\.campaign) == [bad])
        #expect(try #require(restored.damaged.first).text.contains("odd"))
        try store.close()
    }

    @Test func `a hold of nobody's counts all the same`() async throws {
        let store = try await makeStore("UPDATE ledger SET uuid = x'01'") {
            _ = try await $0.claim(makeClaim(good))
        }
        #expect(try await store.restore(now: at(1)).holds.map(\.count) == [10])
        try store.close()
    }

    @Test func `an operator's change that can't be made is answered, and halts nothing`()
        async throws
    {
        let trigger = Self.refuse(
            "UPDATE OF name ON campaign",
            when: "NEW.name = 'odd' AND NEW.id = \(Self.second)"
        )
        let store = try await makeStore(trigger)
        var patch = CampaignPatch()
        patch.name = "odd"
        let writes: [Write] = [.patch(bad, patch), .patch(good, patch)]
        let results = try await store.commit(writes, now: at(1))
        let failure = try failure(results[0])
        #expect(failure.campaign == bad && !failure.isHalted)
        #expect(try await store.campaign(bad)?.state == .running)
        #expect(try await store.campaign(good)?.name == "odd")
        try store.close()
    }

    @Test func `one campaign that can't be removed keeps none of the others`() async throws {
        let trigger = """
            CREATE TRIGGER refused BEFORE DELETE ON message
                WHEN OLD.campaign = (SELECT min(id) FROM campaign)
            BEGIN SELECT RAISE(ABORT, 'refused by hand'); END
            """
        let store = try await makeStore(trigger) { store in
            for id in [makeID(1), makeID(2)] {
                try await store.commit(.transition(id, .cancel), now: at(1))
            }
        }
        let sweep = Write.sweep(Write.Sweep(untouchedSince: at(9).timestamp))
        for _ in 1...2 {
            guard case .swept = try await store.commit(sweep, now: at(10)) else {
                Issue.record("the sweep failed")
                return
            }
        }
        #expect(try await store.campaign(good) != nil)
        #expect(try await store.campaign(bad) == nil)
        try store.close()
    }

    @Test func `a full disk isn't one campaign's`() async throws {
        let disk = FaultyDisk()
        let store = try Store.open(at: disk.path, options: makeOptions())
        for id in [good, bad] { _ = try await store.create(makeNewCampaign(id), now: at(0)) }
        for trouble in FaultyDisk.Trouble.allCases {
            disk.fail(1, trouble, lasting: true)
            await #expect(throws: QueueError.self) {
                _ = try await store.commit([makeClaim(good), makeClaim(bad)], now: at(1))
            }
            disk.recover()
        }
        #expect(try await store.campaign(bad)?.state == .running)
        try store.close()
    }

    @Test func `what fails outside of commits is told to whoever sends`() async throws {
        let disk = FaultyDisk()
        let store = try Store.open(at: disk.path, options: makeOptions())
        // No fault of the store's: the same id again.
        _ = try await store.create(makeNewCampaign(good), now: at(0))
        await #expect(throws: QueueError.self) {
            _ = try await store.create(makeNewCampaign(good), now: at(0))
        }
        disk.fail(1, .io, lasting: true)
        await #expect(throws: QueueError.self) {
            _ = try await store.create(makeNewCampaign(bad), now: at(0))
        }
        var faults = store.faults.makeAsyncIterator()
        let fault = try #require(await faults.next())
        #expect("\(fault)".contains("see to its disk"))
        disk.recover()
        try store.close()
    }
}
