import DeliveryCore
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import Testing

@Suite struct `Planning` {
    private let service = FakeService()

    private func plan(_ body: String, token: String? = writeToken) async throws -> Answer {
        var configuration = makeConfiguration()
        configuration.limits = { Limits(messagesPerMinute: 3, burst: 3, batchAccounts: 2) }
        let endpoint = makeEndpoint(service, configuration: configuration)
        return try await exchange(.post, "/v1/plan", body, token: token, endpoint: endpoint)
    }

    @Test func `counts the recipients given, each once, and stores nothing`() async throws {
        let answer = try await plan(#"{"message":{},"recipients":["b","a","b","c"]}"#)
        #expect(answer.status == 200)
        // The fake's overhead is 50 bytes with a message of 2; two accounts take 4 each, less a comma.
        #expect(
            answer.text == #"{"batches":2,"largest_batch_accounts":2,"#
                + #""largest_packet_bytes":59,"seconds":0}"#
        )
        #expect(service.state.withLock { $0.campaigns.isEmpty && $0.admitted.isEmpty })
    }

    @Test func `takes a number and a mean, and a token that may only read`() async throws {
        let answer = try await plan(
            #"{"message":{},"count":7,"mean_account_bytes":1.5}"#,
            token: readToken
        )
        #expect(try answer.json()["batches"]?.integer == 4)
        #expect(try answer.json()["seconds"]?.integer == 120)
    }

    @Test(arguments: [
        (#"{"count":1,"mean_account_bytes":1}"#, ["/message"]),
        (#"{"message":{"bad":1},"recipients":["a"]}"#, ["/message/bad", "/message/MsgBody/0"]),
        (#"{"message":{}}"#, ["/count", "/mean_account_bytes"]),
        (#"{"message":{},"count":1}"#, ["/mean_account_bytes"]),
        (#"{"message":{},"count":null,"mean_account_bytes":1}"#, ["/count"]),
        (#"{"message":{},"count":0,"mean_account_bytes":33}"#, ["/count", "/mean_account_bytes"]),
        (#"{"message":{},"count":1,"mean_account_bytes":"8"}"#, ["/mean_account_bytes"]),
        (#"{"message":{},"recipients":["a"],"count":1}"#, ["/count"]),
        (#"{"message":{},"recipients":[]}"#, ["/recipients"]),
        (#"{"message":{},"recipients":["a",""]}"#, ["/recipients/1"]),
        (#"{"message":{},"recipients":["a"],"name":"n"}"#, ["/name"]),
    ])
    func `names each fault`(body: String, pointers: [String]) async throws {
        let answer = try await plan(body)
        #expect(answer.status == 422)
        #expect(try answer.pointers() == pointers)
    }
}
