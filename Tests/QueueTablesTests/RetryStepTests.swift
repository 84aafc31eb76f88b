import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// A retry goes in steps of so many rows, however many have failed.
@Suite struct RetryStepTests {
    private let stores = Stores()

    private let accounts = makeAccounts(30)

    /// 24 failed with two codes, 3 unknown, 3 sent; a step looks at ten.
    private func makeFinishedStore(
        _ kind: StoreKind,
        settings: Campaign.Settings = Campaign.Settings()
    ) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: 10)
        _ = try await store.create(
            makeNewCampaign(accounts: accounts, settings: settings),
            now: at(0)
        )
        let verdicts = accounts.enumerated().compactMap { index, account in
            switch index % 10 {
            case 0: nil as Resolution.AccountVerdict?
            case 1: makeVerdict(account, .unknown, code: 70_169)
            case 2, 3: makeVerdict(account, code: 70_169)
            default: makeVerdict(account)
            }
        }
        let batch = try await store.claim()
        let settled = Resolution.settled(messageKey: "k", verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled), now: at(2))
        return store
    }

    private func step(
        _ store: Store,
        _ filter: RetryFilter = RetryFilter(),
        after position: RetryPosition? = nil,
        at time: Now = at(5)
    ) async throws -> WriteResult.Change {
        let write = Write.retry(makeID(), filter, after: position)
        guard case .changed(let result) = try await store.commit(write, now: time) else {
            throw NothingClaimed()
        }
        return try result.get()
    }

    private func check(_ store: Store, _ campaign: Campaign) async throws {
        let all = try await store.everybody()
        for status in Recipient.Status.allCases {
            #expect(campaign.counts[status] == all.count { $0.status == status }, "\(status)")
        }
        let failures = Dictionary(grouping: all.filter { $0.status == .failed }) { $0.code ?? 0 }
        let counted = Dictionary(
            uniqueKeysWithValues: campaign.failures.map { ($0.code, $0.count) }
        )
        #expect(counted == failures.mapValues(\.count))
    }

    @Test(
        arguments: StoreKind.allCases,
        [
            (RetryFilter(), [10, 20, 27]), (RetryFilter(unknown: false), [8, 17, 24]),
            (RetryFilter(failed: false), [2, 3, 3]), (RetryFilter(codes: [70_169]), [4, 8, 9]),
        ]
    )
    func `all steps together put back whom the filter names`(
        kind: StoreKind,
        row: (filter: RetryFilter, totals: [Int])
    ) async throws {
        let (filter, totals) = row
        let store = try await makeFinishedStore(kind)
        var found: [Int] = []
        var position: RetryPosition?
        repeat {
            let change = try await step(store, filter, after: position)
            try await check(store, change.campaign)
            #expect(change.work.retryCount == change.requeued)
            found.append(change.requeued)
            position = change.next
        } while position != nil && found.count < 9
        #expect(found == totals)
        let left = try await store.everybody().filter { filter.names($0) }
        #expect(left.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `whoever fails again before the last step isn't put back twice`(
        kind: StoreKind
    ) async throws {
        let store = try await makeFinishedStore(kind)
        let first = try await step(store)
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(6))
        #expect(batch.accounts.count == 10)
        let verdicts = batch.accounts.map { makeVerdict($0) }
        let settled = Resolution.settled(messageKey: "k", verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled), now: at(7))
        // All that was put back has its end, and still the retry isn't over.
        #expect(try await store.campaign(makeID())?.state == .completed)
        let second = try await step(store, after: first.next)
        #expect(second.requeued == 20 && second.campaign.state == .running)
        let last = try await step(store, after: second.next)
        #expect(last.requeued == 27 && last.work.retryCount == 17 && last.next == nil)
        try await check(store, last.campaign)
    }

    @Test(arguments: StoreKind.allCases, [Campaign.Transition.cancel, .expire])
    func `an end between two steps holds`(
        kind: StoreKind,
        transition: Campaign.Transition
    ) async throws {
        let store = try await makeFinishedStore(kind)
        let first = try await step(store)
        try await store.commit(.transition(makeID(), transition), now: at(6))
        let second = try await step(store, after: first.next)
        #expect(second.campaign.state.isFinal && second.campaign.state != .completed)
        #expect(second.requeued == 10 && second.next == nil)
        try await check(store, second.campaign)
    }

    @Test(arguments: StoreKind.allCases)
    func `a time to end that comes between two steps ends the retry without an error`(
        kind: StoreKind
    ) async throws {
        let settings = Campaign.Settings(expiresAt: at(6).timestamp)
        let store = try await makeFinishedStore(kind, settings: settings)
        let first = try await step(store)
        let second = try await step(store, after: first.next, at: at(7))
        #expect(second.requeued == 10 && second.next == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `a retry that a crash broke off finds the others when it is repeated`(
        kind: StoreKind
    ) async throws {
        let store = try await makeFinishedStore(kind)
        _ = try await step(store)
        let again = store.reopened(bootID: "boot-2")
        _ = try await again.restore(now: at(8))
        var change = try await step(again, at: at(9))
        while let next = change.next { change = try await step(again, after: next, at: at(9)) }
        #expect(change.requeued == 17 && change.work.retryCount == 27)
        try await check(again, change.campaign)
    }
}

extension RetryFilter {
    fileprivate func names(_ recipient: Recipient) -> Bool {
        let isNamed =
            recipient.status == .failed && failed || recipient.status == .unknown && unknown
        return isNamed && (codes.isEmpty || codes.contains(recipient.code ?? 0))
    }
}
