import DeliveryCore
import DeliveryEngine
import QueueStore
import Testing

/// What becomes of those who may have been accepted by an earlier call.
@Suite struct DoubtTests {
    private let repeated = Resolution.repeated(
        dueAt: at(1).timestamp,
        info: "timeout",
        code: nil,
        spendsAttempt: true
    )

    /// A store whose one batch was repeated, and then refused for each account to retry.
    private func makeDoubted() async throws -> Store {
        let store = try makeStore()
        _ = try await store.create(makeCampaign(accounts: makeAccounts(3)), now: at(0))
        let batch = try await store.claim(makeClaim())
        try await store.commit(makeRecord(batch.id, repeated))
        let again = try await store.claim(makeReclaim(batch.id))
        let verdicts = again.accounts.map {
            makeVerdict($0, .retry(dueAt: at(2).timestamp), code: 91_000)
        }
        try await store.commit(makeRecord(batch.id, .settled(messageKey: nil, verdicts: verdicts)))
        return store
    }

    @Test func `waiting for a retry, they are unknown after a cancel`() async throws {
        let store = try await makeDoubted()
        try await store.commit(.transition(makeID(), .cancel))
        #expect(try await store.counts() == makeCounts([\.unknown: 3]))
        let all = try await store.everybody(of: makeID())
        #expect(all.map(\.status) == [.unknown, .unknown, .unknown])
    }

    @Test func `held in a call of their own, they are unknown after a cancel`() async throws {
        let store = try await makeDoubted()
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        #expect(batch.doubted == Set(batch.accounts))
        try await store.commit(makeRecord(batch.id, .held(dueAt: at(6).timestamp)))
        try await store.commit(.transition(makeID(), .cancel))
        #expect(try await store.counts() == makeCounts([\.unknown: 3]))
        let all = try await store.everybody(of: makeID())
        #expect(all.map(\.status) == [.unknown, .unknown, .unknown])
    }

    @Test func `half of a doubted batch is known as a half when it is sent again`() async throws {
        let store = try makeStore()
        _ = try await store.create(makeCampaign(accounts: makeAccounts(4)), now: at(0))
        let batch = try await store.claim(makeClaim())
        let result = try await store.commit(makeRecord(batch.id, .split(doubted: true)))
        guard case .recorded(_, let opened) = result else { throw NothingClaimed() }
        let half = try #require(opened.first)
        #expect(try await store.claim(makeReclaim(half.id)).isHalf)
    }
}
