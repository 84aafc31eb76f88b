import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// A cancel or an expiry takes hold at once, and ends those that waited in steps of so many rows.
@Suite struct ClosingTests {
    private let stores = Stores()

    private let accounts = makeAccounts(40)

    /// Ten each: never addressed, waiting for a retry of their own (half of them in doubt), in a
    /// held batch, and in two of unknown outcome.
    private func makeStore(_ kind: StoreKind, rowsPerStep: Int) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: rowsPerStep)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        for kind in 0..<5 {
            let limit = kind == 2 ? 10 : 5
            let batch = try await store.claim(makeClaim(accountLimit: limit))
            let verdicts = batch.accounts.map { makeVerdict($0, .retry(dueAt: at(50).timestamp)) }
            let settled = Resolution.settled(messageKey: nil, verdicts: verdicts)
            let doubt = Resolution.repeated(
                dueAt: at(3).timestamp,
                info: "timeout",
                code: nil
            )
            switch kind {
            case 0: try await store.commit(makeRecord(batch.id, settled), now: at(2))
            case 1:
                try await store.commit(makeRecord(batch.id, doubt), now: at(2))
                try await store.commit(makeReclaim(batch.id), now: at(4))
                try await store.commit(makeRecord(batch.id, settled), now: at(4))
            case 2: try await store.commit(makeRecord(batch.id, .held(dueAt: at(3).timestamp)))
            default: try await store.commit(makeRecord(batch.id, doubt), now: at(2))
            }
        }
        return store
    }

    /// Counters and rows tell the same at any time.
    private func check(_ store: Store, _ campaign: Campaign) async throws {
        let all = try await store.everybody()
        #expect(all.count == 40)
        for status in Recipient.Status.allCases {
            #expect(campaign.counts[status] == all.count { $0.status == status }, "\(status)")
        }
        for recipient in all {
            #expect(try await store.recipient(recipient.account, of: makeID()) == recipient)
        }
    }

    private let ended = makeCounts([\.canceled: 25, \.unknown: 15])

    @Test(arguments: StoreKind.allCases, [3, 7, 10, 25])
    func `no step looks at more rows, and at the end all is as if done at once`(
        kind: StoreKind,
        rows: Int
    )
        async throws
    {
        let store = try await makeStore(kind, rowsPerStep: rows)
        var last = try await store.change(.transition(makeID(), .cancel))
        #expect(last.campaign.state == .canceled && last.isClosing)
        try await check(store, last.campaign)
        var steps = 1
        while last.isClosing && steps < 50 {
            let before = last.campaign.counts
            last = try await store.change(.close(makeID()))
            try await check(store, last.campaign)
            let moved =
                before.queued + before.retrying - last.campaign.counts.queued
                - last.campaign.counts.retrying
            // A batch ends as a whole.
            #expect(moved <= max(rows, 10) + 10)
            steps += 1
        }
        #expect(steps >= 30 / (rows + 10))
        #expect(last.campaign.counts == ended)
        #expect(last.campaign.finishedAt != nil)
        #expect(try await store.restore(now: at(9)).closing == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `what is little ends at once`(kind: StoreKind) async throws {
        let store = try await makeStore(kind, rowsPerStep: 5_000)
        let change = try await store.change(.transition(makeID(), .cancel))
        #expect(!change.isClosing && change.campaign.counts == ended)
        #expect(change.campaign.finishedAt != nil && change.closed.count == 3)
        try await check(store, change.campaign)
    }

    @Test(arguments: StoreKind.allCases)
    func `a crash between two steps ends nothing: the next start goes on`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind, rowsPerStep: 6)
        _ = try await store.change(.transition(makeID(), .expire))
        let again = store.reopened(bootID: "boot-2")
        #expect(try await again.restore(now: at(8)).closing == [makeID()])
        var last = try await again.change(.close(makeID()))
        while last.isClosing { last = try await again.change(.close(makeID())) }
        #expect(last.campaign.counts == makeCounts([\.expired: 25, \.unknown: 15]))
        try await check(again, last.campaign)
    }

    @Test(arguments: StoreKind.allCases)
    func `a delete needn't wait for the last step, and leaves nothing for it`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind, rowsPerStep: 6)
        _ = try await store.change(.transition(makeID(), .cancel))
        _ = try await store.change(.delete(makeID()))
        let late = try await store.commit(.close(makeID()), now: at(7))
        #expect(late == .changed(.failure(.notFound)))
        let sweep = Write.sweep(Write.Sweep(untouchedSince: nil))
        for _ in 1...30 { try await store.commit(sweep, now: at(8)) }
        #expect(try await store.strayRowCount() == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `a retry waits until all have their end`(kind: StoreKind) async throws {
        let store = try await makeStore(kind, rowsPerStep: 6)
        _ = try await store.change(.transition(makeID(), .cancel))
        var steps = 0
        var position: RetryPosition?
        repeat {
            let step = try await store.change(.retry(makeID(), RetryFilter(), after: position))
            try await check(store, step.campaign)
            position = step.next
            steps += 1
        } while position != nil && steps < 50
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.state == .running)
        #expect(campaign.counts == makeCounts([\.canceled: 25, \.queued: 15]))
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(7))
        #expect(batch.accounts.count == 15)
    }

    @Test(arguments: StoreKind.allCases)
    func `an answer that comes between two steps is counted once`(kind: StoreKind) async throws {
        let store = try stores.make(kind, rowsPerStep: 6)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let waiting = try await store.claim(makeClaim(accountLimit: 20))
        let flying = try await store.claim(makeClaim(accountLimit: 20))
        let retry = Verdict.retry(dueAt: at(50).timestamp)
        func settled(_ batch: Batch) -> Write {
            makeRecord(
                batch.id,
                .settled(messageKey: nil, verdicts: batch.accounts.map { makeVerdict($0, retry) })
            )
        }
        try await store.commit(settled(waiting), now: at(2))
        var last = try await store.change(.transition(makeID(), .cancel))
        #expect(last.isClosing)
        try await store.commit(settled(flying), now: at(6))
        try await check(store, try #require(try await store.campaign(makeID())))
        while last.isClosing {
            last = try await store.change(.close(makeID()))
            try await check(store, last.campaign)
        }
        #expect(last.campaign.counts == makeCounts([\.canceled: 40]))
    }

    @Test(arguments: StoreKind.allCases)
    func `the mass operations of one commit share its rows`(kind: StoreKind) async throws {
        let store = try stores.make(kind, rowsPerStep: 25)
        let ids = (1...5).map { makeID(UInt64($0)) }
        for id in ids {
            _ = try await store.create(makeNewCampaign(id, accounts: makeAccounts(10)), now: at(0))
            let batch = try await store.claim(makeClaim(id))
            let verdicts = batch.accounts.map { makeVerdict($0) }
            try await store.commit(
                makeRecord(batch.id, .settled(messageKey: nil, verdicts: verdicts))
            )
        }
        var positions: [Campaign.ID: RetryPosition?] = [:]
        for id in ids { positions[id] = .some(nil) }
        var commits = 0
        var requeued = 0
        while !positions.isEmpty && commits < 20 {
            let writes = positions.keys.sorted().map { id in
                Write.retry(id, RetryFilter(), after: positions[id] ?? nil)
            }
            var inAll = 0
            for result in try await store.commit(writes, now: at(3)) {
                guard case .changed(.success(let change)) = result else { throw NothingClaimed() }
                let id = change.work.id
                inAll += change.requeued - ((positions[id] ?? nil)?.requeued ?? 0)
                positions[id] = change.next.map { .some($0) }
            }
            #expect(inAll <= 25)
            requeued += inAll
            commits += 1
        }
        #expect(requeued == 50 && commits >= 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `a campaign past its expiry is claimed from no more, though that waits its turn`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let settings = Campaign.Settings(expiresAt: at(5).timestamp)
        _ = try await store.create(makeNewCampaign(settings: settings), now: at(0))
        let held = try await store.claim(makeClaim(accountLimit: 2), now: at(1))
        try await store.commit(makeRecord(held.id, .held(dueAt: at(2).timestamp)), now: at(2))
        for write in [makeClaim(), makeReclaim(held.id)] {
            guard case .claimed(nil, let work?) = try await store.commit(write, now: at(5)) else {
                Issue.record("it was claimed")
                return
            }
            #expect(work.state == .running)
        }
    }
}
