import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What operators change: retry, patch, delete.
@Suite struct ChangeTests {
    private let stores = Stores()

    /// Ten recipients: two failed with each of two codes, two unknown, four sent.
    private func makeFinishedStore(_ kind: StoreKind) async throws -> Store {
        let store = try stores.make(kind)
        let accounts = makeAccounts(10)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let batch = try await store.claim()
        let verdicts = [
            makeVerdict(accounts[0], code: 70_107), makeVerdict(accounts[1], code: 70_107),
            makeVerdict(accounts[2], code: 70_169), makeVerdict(accounts[3], code: 70_169),
            makeVerdict(accounts[4], .unknown, code: 70_169),
            makeVerdict(accounts[5], .unknown, code: 90_992),
        ]
        try await store.commit(
            makeRecord(batch.id, .settled(messageKey: "k", verdicts: verdicts)),
            now: at(2)
        )
        #expect(try await store.campaign(makeID())?.state == .completed)
        return store
    }

    private func refusal(
        _ store: Store,
        _ write: Write,
        at time: Now = at(5)
    ) async throws
        -> ChangeRefusal?
    {
        guard case .changed(.failure(let refusal)) = try await store.commit(write, now: time)
        else { return nil }
        return refusal
    }

    @Test(
        arguments: StoreKind.allCases,
        [
            (RetryFilter(), 6, [0, 1, 2, 3, 4, 5]),
            (RetryFilter(unknown: false), 4, [0, 1, 2, 3]),
            (RetryFilter(failed: false), 2, [4, 5]),
            (RetryFilter(codes: [70_169]), 3, [2, 3, 4]),
            (RetryFilter(unknown: false, codes: [70_169, 90_992]), 2, [2, 3]),
            (RetryFilter(codes: [1]), 0, []),
        ]
    )
    func `a retry puts back exactly whom its filter names`(
        kind: StoreKind,
        row: (filter: RetryFilter, count: Int, places: [Int])
    ) async throws {
        let (filter, count, places) = row
        let store = try await makeFinishedStore(kind)
        let change = try await store.change(.retry(makeID(), filter))
        #expect(change.requeued == count)
        #expect(change.campaign.state == (count > 0 ? .running : .completed))
        #expect((change.campaign.finishedAt == nil) == (count > 0))
        #expect(change.work.retryCount == count)
        let queued = RecipientFilter(statuses: [.queued])
        let back = try await store.everybody(matching: queued)
        #expect(back.map(\.account) == places.map { makeAccounts(10)[$0] })
        #expect(back.allSatisfy { $0.attempts == 0 && $0.code == nil })
        let failures = change.campaign.failures.map(\.count).reduce(0, +)
        #expect(failures == change.campaign.counts.failed)
        guard count > 0 else { return }
        let again = try await store.claim(makeClaim(source: .dueRetries), now: at(6))
        #expect(Array(again.accounts) == places.map { makeAccounts(10)[$0] })
        #expect(again.spentAttempts(at: 0) == 0)
        try await store.commit(makeRecord(again.id), now: at(7))
        #expect(try await store.campaign(makeID())?.state == .completed)
    }

    @Test(arguments: StoreKind.allCases)
    func `a retry is refused for a draft and past the expiry`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(start: false), now: at(0))
        let retry = Write.retry(makeID(), RetryFilter())
        #expect(try await refusal(store, retry) == .wrongState(.draft))
        var settings = Campaign.Settings()
        settings.expiresAt = at(20).timestamp
        _ = try await store.create(makeNewCampaign(makeID(2), settings: settings), now: at(0))
        try await store.commit(.transition(makeID(2), .expire), now: at(21))
        let late = Write.retry(makeID(2), RetryFilter())
        #expect(try await refusal(store, late, at: at(22)) == .expired)
        let nobody = Write.retry(makeID(9), RetryFilter())
        #expect(try await refusal(store, nobody) == .notFound)
    }

    @Test(arguments: StoreKind.allCases)
    func `a patch changes what it names and nothing else`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(start: false), now: at(0))
        var patch = CampaignPatch()
        patch.name = "New"
        patch.priority = .high
        patch.messagesPerMinute = .some(300)
        patch.expiresAt = .some(at(90).timestamp)
        let first = try await store.change(.patch(makeID(), patch)).campaign
        #expect(first.name == "New")
        #expect(first.settings.priority == .high)
        #expect(first.settings.messagesPerMinute == 300)
        #expect(first.settings.expiresAt == at(90).timestamp)
        var clearing = CampaignPatch()
        clearing.messagesPerMinute = .some(nil)
        let second = try await store.change(.patch(makeID(), clearing)).campaign
        #expect(second.settings.messagesPerMinute == nil)
        #expect(second.settings.expiresAt == at(90).timestamp)
        #expect(try await store.campaign(makeID()) == second)
    }

    @Test(arguments: StoreKind.allCases)
    func `times that make no sense are refused with their field`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        func field(_ patch: CampaignPatch) async throws -> String? {
            let refusal = try await refusal(store, .patch(makeID(), patch))
            guard case .invalid(let field, _) = refusal else { return nil }
            return field
        }
        var past = CampaignPatch()
        past.expiresAt = .some(at(4).timestamp)
        #expect(try await field(past) == "expires_at")
        var started = CampaignPatch()
        started.startAt = .some(at(50).timestamp)
        #expect(try await refusal(store, .patch(makeID(), started)) == .wrongState(.running))
        #expect(try await store.campaign(makeID())?.settings == Campaign.Settings())
    }

    @Test(arguments: StoreKind.allCases)
    func `a delete leaves nothing but what counts against the quota`(kind: StoreKind) async throws {
        let store = try await makeFinishedStore(kind)
        let other = makeID(2)
        _ = try await store.create(makeNewCampaign(other), now: at(3))
        #expect(try await refusal(store, .delete(other)) == .wrongState(.running))
        _ = try await store.change(.delete(makeID()))
        #expect(try await store.campaign(makeID()) == nil)
        #expect(try await store.recipient(makeAccounts(1)[0], of: makeID()) == nil)
        #expect(try await store.everybody().isEmpty)
        #expect(try await store.everybody(of: other).count == 10)
        #expect(try await store.restore(now: at(6)).holds.map(\.count) == [10])
        #expect(try await refusal(store, .delete(makeID())) == .notFound)
    }

    @Test(arguments: StoreKind.allCases)
    func `a canceled campaign with a call out isn't deleted`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let flying = try await store.claim(makeClaim(accountLimit: 3))
        try await store.commit(.transition(makeID(), .cancel))
        #expect(try await refusal(store, .delete(makeID())) == .wrongState(.canceled))
        try await store.commit(makeRecord(flying.id))
        _ = try await store.change(.delete(makeID()))
    }

    @Test(arguments: StoreKind.allCases)
    func `a search for sent recipients ends at the cursor`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        let accounts = makeAccounts(9_000)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let batch = try await store.claim(makeClaim(accountLimit: 3))
        try await store.commit(makeRecord(batch.id))
        let filter = RecipientFilter(statuses: [.sent])
        let page = try await store.recipients(
            of: makeID(),
            matching: filter,
            after: nil,
            limit: 100
        )
        #expect(page.recipients.map(\.account) == Array(accounts[..<3]))
        #expect(page.next == nil)
    }
}
