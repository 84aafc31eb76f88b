import HTTPAPI
import HTTPTypes
import Synchronization
import Testing

/// The sending loop turns on the threads of Swift's concurrency: a long body is none of their work.
@Suite struct `Work over a long body` {
    private let service = FakeService()

    /// Whether everything that was done to a body was done on a thread set aside for it.
    private func isAside() throws -> Bool {
        let threads = service.state.withLock { $0.threads }
        try #require(!threads.isEmpty)
        let aside = threads.filter { $0.hasPrefix("SGLTN-TP-") }
        try #require(aside.isEmpty || aside.count == threads.count, "\(threads)")
        return !aside.isEmpty
    }

    private func accounts(_ isLong: Bool) -> [String] {
        (0..<(isLong ? 10_000 : 10)).map { "account-\($0)" }
    }

    private func document(_ isLong: Bool) -> String {
        let list = accounts(isLong).map { "\"\($0)\"" }.joined(separator: ",")
        return "{\"message\":{\"MsgBody\":[]},\"recipients\":[\(list)]}"
    }

    @Test(arguments: ["/v1/campaigns", "/v1/campaigns#key", "/v1/plan"], [false, true])
    func `is done elsewhere, and over a short one at once`(
        path: String,
        isLong: Bool
    ) async throws {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        let answer = try await exchange(
            .post,
            path.replacing("#key", with: ""),
            document(isLong),
            headers: path.hasSuffix("#key") ? [name: "k"] : [:],
            endpoint: makeEndpoint(service)
        )
        #expect(answer.status < 300)
        #expect(try isAside() == isLong)
    }

    @Test(arguments: [false, true])
    func `of the gateway is done elsewhere`(isLong: Bool) async throws {
        let answer = try await exchange(
            .post,
            "/v4/openim/batchsendmsg?identifier=boss",
            accounts(isLong).joined(separator: "\n"),
            endpoint: makeEndpoint(service)
        )
        #expect(answer.text.hasPrefix("taken"))
        #expect(try isAside() == isLong)
    }

    @Test(arguments: [false, true])
    func `of a stream is done elsewhere`(isLong: Bool) async throws {
        let endpoint = makeEndpoint(service)
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.threads = [] }
        let answer = try await exchange(
            .post,
            "/v1/campaigns/\(id)/recipients",
            accounts(isLong).joined(separator: "\n"),
            type: "text/plain",
            endpoint: endpoint
        )
        #expect(answer.status == 200)
        #expect(try isAside() == isLong)
    }
}
