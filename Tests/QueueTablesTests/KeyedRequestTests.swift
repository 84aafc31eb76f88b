import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

@Suite struct KeyedRequestTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases)
    func `an answer is durable with its campaign, and outlives it`(kind: StoreKind) async throws {
        let first = try stores.make(kind)
        let request = makeRequest(makeKey())
        _ = try await first.create(makeNewCampaign(start: false), for: request, now: at(0))
        try await first.commit(.delete(makeID()))
        let store = first.reopened(bootID: "boot-2")
        let answer = try await store.answer(to: makeKey(), now: at(1).timestamp)
        let digest = [UInt8](repeating: 1, count: 32)
        let body = Array("answer 10".utf8)
        #expect(answer == KeyedAnswer(campaign: makeID(), digest: digest, body: body))
        for other in [makeKey("key2"), makeKey(caller: "other"), makeKey("KEY")] {
            #expect(try await store.answer(to: other, now: at(1).timestamp) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a key is free again after 24 hours`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(), for: makeRequest(makeKey()), now: at(0))
        let day = 86_400.0
        #expect(try await store.answer(to: makeKey(), now: at(day - 1).timestamp) != nil)
        #expect(try await store.answer(to: makeKey(), now: at(day).timestamp) == nil)
        let next = makeRequest(makeKey(), answer: "next")
        _ = try await store.create(makeNewCampaign(makeID(2)), for: next, now: at(day))
        let answer = try await store.answer(to: makeKey(), now: at(day + 1).timestamp)
        #expect(answer?.campaign == makeID(2))
        #expect(answer?.body == Array("next 10".utf8))
    }
}
