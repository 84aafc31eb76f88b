import DeliveryCore
import DeliveryEngine
import PostgresQueue
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Each statement is a message to the server and back, however many recipients it is about.
@Suite(.onPostgres, .timeLimit(.minutes(2)))
struct RoundTripTests {
    @Test func `claims and records of 500 take a handful of messages`() async throws {
        let server = try PostgresServer.shared.get()
        let store = try Store.open(
            in: server.makeOptions(),
            options: makeOptions(),
            isConcurrent: false
        )
        func messages(
            _ name: String,
            atMost limit: Int,
            _ body: () async throws -> Void
        )
            async throws
        {
            let before = store.roundTrips
            try await body()
            let count = store.roundTrips - before
            #expect(count <= limit, "\(name)")
        }
        let accounts = makeAccounts(2_000)
        // Once before, so that every statement is prepared.
        for (number, id) in [makeID(1), makeID(2)].enumerated() {
            let slack = number == 0 ? 100 : 0
            try await messages("intake", atMost: 8 + slack) {
                _ = try await store.create(makeNewCampaign(id, accounts: accounts), now: at(0))
            }
            var batch: Batch?
            try await messages("claim", atMost: 15 + slack) {
                batch = try await store.claim(makeClaim(id, byteLimit: 90_000), now: at(1))
            }
            let first = try #require(batch)
            #expect(first.accounts.count == 500)
            try await messages("record of retries", atMost: 15 + slack) {
                let verdicts = first.accounts.map { account in
                    makeVerdict(account, .retry(dueAt: at(2).timestamp), code: 90_048)
                }
                try await store.commit(
                    makeRecord(first.id, .settled(messageKey: "key", verdicts: verdicts)),
                    now: at(1)
                )
            }
            try await messages("claim of retries", atMost: 15 + slack) {
                let claim = makeClaim(id, source: .dueRetries, byteLimit: 90_000)
                batch = try await store.claim(claim, now: at(3))
            }
            let second = try #require(batch)
            #expect(second.accounts.count == 500)
            try await messages("record", atMost: 15 + slack) {
                try await store.commit(makeRecord(second.id), now: at(4))
            }
        }
    }
}
