import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Pages that are read one after another while rows change.
@Suite struct PageTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases, 1...4)
    func `a walk through campaigns of some states names each that stays exactly once`(
        kind: StoreKind,
        seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        let store = try stores.make(kind, seed: seed)
        var next: UInt64 = 100
        for number in 1...60 {
            let start = number % 3 != 0
            _ = try await store.create(
                makeNewCampaign(makeID(UInt64(number)), start: start),
                now: at(0)
            )
        }
        let states: Set<Campaign.State> = [.running, .paused]
        let before = try await ids(store, in: states)
        var walked: [Campaign.ID] = []
        while true {
            let page = try await store.campaigns(
                matching: .init(states: states),
                before: walked.last,
                limit: 7
            ).campaigns
            #expect(page.allSatisfy { states.contains($0.state) })
            walked += page.map(\.id)
            guard page.count == 7 else { break }
            for _ in 0..<6 {
                let transitions: [Campaign.Transition] = [.pause, .resume, .start, .cancel]
                let id = makeID(UInt64.random(in: 1...60, using: &random))
                let transition = transitions.randomElement(using: &random) ?? .pause
                try await store.commit(.transition(id, transition), now: at(2))
            }
            _ = try await store.create(makeNewCampaign(makeID(next)), now: at(0))
            next += 1
        }
        let after = try await ids(store, in: states)
        #expect(walked == walked.sorted(by: >) && Set(walked).count == walked.count)
        #expect(before.intersection(after).isSubset(of: walked))
        #expect(before.count > after.intersection(before).count, "nothing changed")
    }

    private func ids(
        _ store: Store,
        in states: Set<Campaign.State>
    ) async throws -> Set<Campaign.ID> {
        Set(
            try await store.campaigns(matching: .init(states: states), before: nil, limit: 1_000)
                .campaigns.map(\.id)
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `a list of several states is that of all with the others left out`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        for number in 1...20 as ClosedRange<UInt64> {
            _ = try await store.create(
                makeNewCampaign(makeID(number), start: number % 2 == 0),
                now: at(0)
            )
            if number % 3 == 0 { try await store.commit(.transition(makeID(number), .cancel)) }
        }
        let all = try await store.campaigns(matching: .init(states: []), before: nil, limit: 100)
            .campaigns
        #expect(all.map(\.id) == (1...20).reversed().map { makeID($0) })
        for states in [[.draft], [.running, .canceled], [.draft, .running, .paused]]
            as [Set<Campaign.State>]
        {
            let expected = all.filter { states.contains($0.state) }
            #expect(
                try await store.campaigns(matching: .init(states: states), before: nil, limit: 100)
                    .campaigns == expected
            )
            let rest = expected.filter { $0.id < makeID(12) }
            let page = try await store.campaigns(
                matching: .init(states: states),
                before: makeID(12),
                limit: 3
            ).campaigns
            #expect(page == Array(rest.prefix(3)))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a walk through recipients while they are sent names each exactly once`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let accounts = makeAccounts(200)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        var walked: [Account] = []
        var last: Account?
        repeat {
            let page = try await store.recipients(
                of: makeID(),
                matching: RecipientFilter(),
                after: last,
                limit: 9
            )
            walked += page.recipients.map(\.account)
            last = page.next
            if case .claimed(let batch?, _) = try await store.commit(makeClaim(accountLimit: 13)) {
                let verdicts = batch.accounts.prefix(5).map { makeVerdict($0) }
                let settled = Resolution.settled(messageKey: "k", verdicts: verdicts)
                try await store.commit(makeRecord(batch.id, settled))
            }
            try await store.commit(.retry(makeID(), RetryFilter()))
        } while last != nil
        #expect(walked == accounts)
    }
}
