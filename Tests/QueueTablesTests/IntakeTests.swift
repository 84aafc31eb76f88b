import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

@Suite struct IntakeTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases)
    func `duplicates are dropped byte for byte`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        // One letter with its accent, and the letter and the accent: two users.
        let accounts = ["b", "\u{E9}", "e\u{301}", "a", "b", "ab", "\u{E9}"].map { Account($0) }
        let taken = try await store.take(AccountRun(accounts), into: makeID(), now: at(1))
        #expect(taken == Taken(accepted: 5, duplicates: 2, total: 5))
        let again = try await store.take(AccountRun(accounts), into: makeID(), now: at(1))
        #expect(again == Taken(accepted: 0, duplicates: 7, total: 5))
        let all = try await store.everybody(pageSize: 2)
        #expect(all.map(\.account.text) == ["a", "ab", "b", "e\u{301}", "\u{E9}"])
        #expect(all.map(\.account.bytes.count) == [1, 2, 1, 3, 2])
    }

    @Test(arguments: StoreKind.allCases)
    func `a run of several statements and lengths is taken whole`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        var random = SplitMix64(seed: 5)
        let accounts = makeAccounts(731) + makeAccounts(40, prefix: "user-0000123456789-")
        let run = AccountRun(accounts.shuffled(using: &random))
        let taken = try await store.take(run, into: makeID(), now: at(1))
        #expect(taken == Taken(accepted: 771, duplicates: 0, total: 771))
        #expect(try await store.everybody(pageSize: 100).map(\.account) == accounts.sorted())
    }

    @Test(arguments: StoreKind.allCases)
    func `a creation of many takes several transactions, and is there as a whole`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let count = 2 * CommitSize.slice + 7
        let accounts = (0..<count).map { Account("user-\($0)") } + [Account("user-3")]
        let created = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        #expect(created.campaign.counts.queued == count && created.work?.freshCount == count)
        #expect(try await store.counts().queued == count)
        #expect(try await store.strayRowCount() == 0)
        #expect(try await store.claim().accounts.count == 500)
        // No key is given twice.
        _ = try await store.create(makeNewCampaign(makeID(2)), now: at(1))
        #expect(try await store.everybody(of: makeID(2)).count == 10)
    }

    @Test(arguments: StoreKind.allCases)
    func `only a draft takes recipients, and none starts while one is streamed into`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        let start = Write.transition(makeID(), .start)
        #expect(try await store.commit(start) == .changed(.failure(.emptyDraft)))
        _ = try await store.take(AccountRun(makeAccounts(3)), into: makeID(), now: at(1))
        try await store.openIntake(makeID())
        #expect(try await store.commit(start) == .changed(.failure(.intakeOpen)))
        await store.closeIntake(makeID())
        guard case .changed(.success) = try await store.commit(start) else {
            Issue.record("the draft didn't start")
            return
        }
        await #expect(throws: IntakeError.wrongState(.running)) {
            _ = try await store.take(AccountRun(makeAccounts(3)), into: makeID(), now: at(1))
        }
        await #expect(throws: IntakeError.notFound) { try await store.openIntake(makeID(9)) }
    }
}
