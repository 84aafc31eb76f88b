import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What becomes of those who may have been accepted by an earlier call.
@Suite struct MaybeAcceptedTests {
    private let stores = Stores()

    private let repeated = Resolution.repeated(
        dueAt: at(1).timestamp,
        info: "timeout",
        code: nil
    )

    /// A store whose one batch was repeated, and then refused for each account to retry.
    private func makeMaybeAccepted(_ kind: StoreKind) async throws -> Store {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(3)), now: at(0))
        let batch = try await store.claim(makeClaim())
        try await store.commit(makeRecord(batch.id, repeated))
        let again = try await store.claim(makeReclaim(batch.id))
        let verdicts = again.accounts.map {
            makeVerdict($0, .retry(dueAt: at(2).timestamp), code: 91_000)
        }
        try await store.commit(makeRecord(batch.id, .settled(messageKey: nil, verdicts: verdicts)))
        return store
    }

    @Test(arguments: StoreKind.allCases)
    func `waiting for a retry, they are unknown after a cancel`(kind: StoreKind) async throws {
        let store = try await makeMaybeAccepted(kind)
        try await store.commit(.transition(makeID(), .cancel))
        #expect(try await store.counts() == makeCounts([\.unknown: 3]))
        let all = try await store.everybody(of: makeID())
        #expect(all.map(\.status) == [.unknown, .unknown, .unknown])
    }

    @Test(arguments: StoreKind.allCases)
    func `held in a call of their own, they are unknown after a cancel`(
        kind: StoreKind
    ) async throws {
        let store = try await makeMaybeAccepted(kind)
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        #expect(batch.maybeAcceptedBefore == Set(batch.accounts))
        try await store.commit(makeRecord(batch.id, .held(dueAt: at(6).timestamp)))
        try await store.commit(.transition(makeID(), .cancel))
        #expect(try await store.counts() == makeCounts([\.unknown: 3]))
        let all = try await store.everybody(of: makeID())
        #expect(all.map(\.status) == [.unknown, .unknown, .unknown])
    }

    @Test(arguments: StoreKind.allCases)
    func `addressed once more, they count as resent, in whatever call`(kind: StoreKind) async throws
    {
        let store = try await makeMaybeAccepted(kind)
        // The repeat of the batch, and then the calls of its accounts.
        #expect(try await store.campaign(makeID())?.resent == 3)
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        #expect(try await store.campaign(makeID())?.resent == 6)
        try await store.commit(makeRecord(batch.id, .held(dueAt: at(6).timestamp)))
        _ = try await store.claim(makeReclaim(batch.id), now: at(7))
        #expect(try await store.campaign(makeID())?.resent == 9)
    }

    @Test(arguments: StoreKind.allCases)
    func `left unknown and put back by an operator, they count as resent`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(3)), now: at(0))
        let batch = try await store.claim(makeClaim())
        let left = Resolution.unknown(info: "timeout", code: nil)
        try await store.commit(makeRecord(batch.id, left))
        #expect(try await store.campaign(makeID())?.resent == 0)
        try await store.commit(.retry(makeID(), RetryFilter()))
        let again = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        #expect(again.maybeAcceptedBefore == Set(again.accounts))
        #expect(try await store.campaign(makeID())?.resent == 3)
    }

    @Test(arguments: StoreKind.allCases)
    func `a repeat that outgrew the bytes is halved, and its halves are maybe accepted too`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(4)), now: at(0))
        let batch = try await store.claim(makeClaim())
        try await store.commit(makeRecord(batch.id, repeated))
        let size = batch.accounts.reduce(0) { $0 + QuotedAccounts().size(of: $1) }
        let reclaim = makeReclaim(batch.id, byteLimit: size - 1)
        guard case .recorded(_, let opened) = try await store.commit(reclaim) else {
            throw NothingClaimed()
        }
        #expect(opened.map(\.count) == [2, 2])
        #expect(opened.allSatisfy { $0.maybeAccepted && $0.attempts == 1 && !$0.isHalf })
        #expect(try await store.counts() == makeCounts([\.retrying: 4]))
        let half = try await store.claim(makeReclaim(opened[0].id))
        #expect(half.maybeAccepted)
        #expect(half.accounts.count == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `who goes again for others' fault has spent nothing`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(3)), now: at(0))
        let batch = try await store.claim(makeClaim())
        try await store.commit(makeRecord(batch.id, .held(dueAt: at(1).timestamp)))
        let verdicts = batch.accounts.enumerated().map { index, account in
            makeVerdict(
                account,
                index == 0 ? .failed : .requeued(dueAt: at(2).timestamp),
                code: 90_012
            )
        }
        let settled = Resolution.settled(messageKey: nil, verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled))
        #expect(try await store.counts() == makeCounts([\.failed: 1, \.queued: 2]))
        let all = try await store.everybody(of: makeID())
        #expect(all.map(\.attempts) == [1, 0, 0])
        let again = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        #expect(again.accounts.elementsEqual(batch.accounts.dropFirst()))
        #expect(again.earlierAttempts.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `half of a batch maybe accepted is known as a half when it is sent again`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(4)), now: at(0))
        let batch = try await store.claim(makeClaim())
        let result = try await store.commit(makeRecord(batch.id, .split(.refused)))
        guard case .recorded(_, let opened) = result else { throw NothingClaimed() }
        let half = try #require(opened.first)
        #expect(try await store.claim(makeReclaim(half.id)).isHalf)
    }
}
