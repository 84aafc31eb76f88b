import DeliveryCore
import DeliveryEngine
import GRDB
import QueueStore
import Testing

@Suite struct KeyedRequestTests {
    private let files = TemporaryFiles()

    private func makeRequest(
        _ key: KeyedRequest.Key,
        digest: UInt8 = 1,
        answer: String = "answer"
    ) -> KeyedRequest {
        KeyedRequest(key: key, digest: [UInt8](repeating: digest, count: 32)) { campaign in
            Array("\(answer) \(campaign.counts.total)".utf8)
        }
    }

    private func makeKey(_ text: String = "key", caller: String = "ops") -> KeyedRequest.Key {
        KeyedRequest.Key(caller: caller, bytes: Array(text.utf8))
    }

    @Test func `an answer is durable with its campaign, and outlives it`() async throws {
        let path = files.path("a")
        do {
            let store = try Store.open(at: path, options: makeOptions())
            let request = makeRequest(makeKey())
            _ = try await store.create(makeCampaign(start: false), for: request, now: at(0))
            try await store.commit(.delete(makeID()))
            try store.close()
        }
        let store = try Store.open(at: path, options: makeOptions())
        let answer = try await store.answer(to: makeKey(), now: at(1).timestamp)
        let digest = [UInt8](repeating: 1, count: 32)
        let body = Array("answer 10".utf8)
        #expect(answer == KeyedAnswer(campaign: makeID(), digest: digest, body: body))
        for other in [makeKey("key2"), makeKey(caller: "other"), makeKey("KEY")] {
            #expect(try await store.answer(to: other, now: at(1).timestamp) == nil)
        }
        try store.close()
    }

    @Test func `a key is free again after 24 hours`() async throws {
        let store = try makeStore()
        _ = try await store.create(makeCampaign(), for: makeRequest(makeKey()), now: at(0))
        let day: Int64 = 86_400
        #expect(try await store.answer(to: makeKey(), now: at(day - 1).timestamp) != nil)
        #expect(try await store.answer(to: makeKey(), now: at(day).timestamp) == nil)
        let next = makeRequest(makeKey(), answer: "next")
        _ = try await store.create(makeCampaign(makeID(2)), for: next, now: at(day))
        let answer = try await store.answer(to: makeKey(), now: at(day + 1).timestamp)
        #expect(answer?.campaign == makeID(2))
        #expect(answer?.body == Array("next 10".utf8))
    }

    @Test func `what is forgotten is removed`() async throws {
        let path = files.path("a")
        let store = try Store.open(at: path, options: makeOptions())
        for number in 1...5 {
            let request = makeRequest(makeKey("key-\(number)"))
            let now = at(number == 5 ? 90_000 : 0)
            _ = try await store.create(makeCampaign(makeID(UInt64(number))), for: request, now: now)
        }
        try store.close()
        let queue = try DatabaseQueue(path: path)
        let count = try await queue.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM keyed_request")
        }
        #expect(count == 1)
        try queue.close()
    }

    @Test func `a store of the first version learns what came later`() async throws {
        let path = files.path("a")
        do {
            let store = try Store.open(at: path, options: makeOptions())
            _ = try await store.create(makeCampaign(), now: at(0))
            try store.close()
        }
        let queue = try DatabaseQueue(path: path)
        try await queue.writeWithoutTransaction { database in
            for trigger in ["campaign_made", "campaign_moved", "campaign_gone"] {
                try database.execute(sql: "DROP TRIGGER \(trigger)")
            }
            try database.execute(sql: "DROP TABLE campaign_tally")
            let indexes = ["campaign_draft", "campaign_finished", "campaign_state", "batch_list"]
            for index in indexes {
                try database.execute(sql: "DROP INDEX \(index)")
            }
            try database.execute(sql: "ALTER TABLE campaign DROP COLUMN touched_at_ms")
            try database.execute(sql: "DROP TABLE closing")
            try database.execute(sql: "DROP TABLE removed")
            try database.execute(sql: "DROP TABLE keyed_request")
            try database.execute(sql: "ALTER TABLE service DROP COLUMN mark")
            try database.execute(sql: "PRAGMA user_version = 1")
        }
        try queue.close()
        let store = try Store.open(at: path, options: makeOptions())
        #expect(try await store.counts().total == 10)
        #expect(try await store.standing().campaigns == [.running: 1])
        let request = makeRequest(makeKey())
        _ = try await store.create(makeCampaign(makeID(2)), for: request, now: at(1))
        #expect(try await store.answer(to: makeKey(), now: at(2).timestamp) != nil)
        try store.close()
    }
}
