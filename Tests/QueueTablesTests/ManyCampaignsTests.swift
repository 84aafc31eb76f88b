import DeliveryCore
import DeliveryEngine
import Foundation
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Thousands of campaigns of one recipient each.
///
/// `CAMPAIGNS=n` takes so many, and prints what each step took.
struct ManyCampaignsTests {
    private let stores = Stores()

    private static let count =
        ProcessInfo.processInfo.environment["CAMPAIGNS"].flatMap(Int.init) ?? 300

    private func measure<T>(_ name: String, _ body: () async throws -> T) async throws -> T {
        let clock = ContinuousClock()
        let start = clock.now
        let result = try await body()
        if Self.count > 300 {
            print("\(Self.count) campaigns: \(name) \(start.duration(to: clock.now))")
        }
        return result
    }

    @Test(arguments: StoreKind.allCases)
    func `they are restored, claimed, listed and recorded one by one`(kind: StoreKind) async throws
    {
        let store = try stores.make(kind)
        let ids = (1...Self.count).map { makeID(UInt64($0)) }
        try await measure("create") {
            for id in ids {
                let campaign = makeNewCampaign(id, accounts: makeAccounts(1))
                _ = try await store.create(campaign, now: at(0))
            }
        }
        let restored = try await measure("restore") { try await store.restore(now: at(1)) }
        #expect(restored.campaigns.map(\.id) == ids)
        let standing = try await measure("where all stand") { try await store.standing() }
        #expect(standing.campaigns == [.running: Self.count])
        #expect(standing.recipients == Self.count)
        var batches: [Batch.ID] = []
        try await measure("100 commits of 8 claims") {
            for start in stride(from: 0, to: min(800, ids.count), by: 8) {
                let part = ids[start..<min(start + 8, ids.count)]
                let results = try await store.commit(part.map { makeClaim($0) }, now: at(2))
                for case .claimed(let batch?, _) in results { batches.append(batch.id) }
            }
        }
        #expect(batches.count == min(800, ids.count))
        try await measure("100 commits of 8 records") {
            for start in stride(from: 0, to: batches.count, by: 8) {
                let part = batches[start..<min(start + 8, batches.count)]
                _ = try await store.commit(part.map { makeRecord($0) }, now: at(3))
            }
        }
        let page = try await measure("a page of 100 running ones") {
            try await store.campaigns(matching: .init(states: [.running]), before: nil, limit: 100)
                .campaigns
        }
        #expect(page.count == min(100, max(0, ids.count - batches.count)))
        let done = try await measure("a page of 100 completed ones, the oldest") {
            try await store.campaigns(
                matching: .init(states: [.completed]),
                before: nil,
                limit: 100
            ).campaigns
        }
        #expect(done.count == 100)
        let found = try await measure("a page of a search that finds nobody") {
            try await store.campaigns(matching: .init(name: "nobody"), before: nil, limit: 50)
                .campaigns
        }
        #expect(found.isEmpty)
        let one = try await measure("one status") { try await store.campaign(ids[0]) }
        #expect(one?.state == .completed)
        let again = try await measure("restore again") { try await store.restore(now: at(4)) }
        #expect(again.campaigns.count == ids.count - batches.count)
    }
}
