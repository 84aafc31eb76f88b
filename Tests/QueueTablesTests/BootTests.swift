import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Instants of two clocks can't be compared: what is held keeps the rest of its time.
@Suite struct BootTests {
    private let stores = Stores()

    /// When a call is released at a start, that was to be released at 160 as of 101.
    private func release(
        _ kind: StoreKind,
        startingAt now: Now,
        boot: String
    ) async throws
        -> [Instant]
    {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(), now: at(100))
        let batch = try await store.claim(now: at(100))
        try await store.commit(makeRecord(batch.id, releaseAt: at(160).instant), now: at(101))
        let restored = try await store.reopened(bootID: boot).restore(now: now)
        return restored.holds.map(\.until)
    }

    @Test(arguments: StoreKind.allCases)
    func `within a boot a call is released when it was to be`(kind: StoreKind) async throws {
        let releases = try await release(kind, startingAt: at(110), boot: "boot-1")
        #expect(releases == [at(160).instant])
    }

    @Test(arguments: StoreKind.allCases, [5.0, 500.0])
    func `after a boot it is held for the rest`(kind: StoreKind, start: Double) async throws {
        let releases = try await release(kind, startingAt: at(start), boot: "boot-2")
        #expect(releases == [at(start + 59).instant])
    }

    @Test(arguments: StoreKind.allCases)
    func `a clock that went back inside a boot counts as another's`(kind: StoreKind) async throws {
        let releases = try await release(kind, startingAt: at(5), boot: "boot-1")
        #expect(releases == [at(64).instant])
    }
}
