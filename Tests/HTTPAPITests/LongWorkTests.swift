import HTTPAPI
import HTTPTypes
import Synchronization
import Testing

/// The sending loop turns on the threads of Swift's concurrency, and a connection on its event loop:
/// a long body is the work of neither.
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

    /// A real connection has an event loop with a thread of its own.
    @Test func `over a short body is done on the connection's event loop, over a stream never`()
        async throws
    {
        let endpoint = makeEndpoint(service)
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.threads = [] }
        let head = "Host: localhost\r\nAuthorization: Bearer w-token\r\n"
        let body = document(false)
        let answers = try await withServer(endpoint) { address in
            try await talk(
                to: address,
                [
                    (
                        "",
                        "POST /v1/plan HTTP/1.1\r\n\(head)Content-Type: application/json\r\n"
                            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                    ),
                    (
                        "}",
                        "POST /v1/campaigns/\(id)/recipients HTTP/1.1\r\n\(head)"
                            + "Content-Type: text/plain\r\nConnection: close\r\n"
                            + "Content-Length: 4\r\n\r\na\nb\n"
                    ),
                ]
            )
        }
        #expect(answers.ranges(of: "200 OK").count == 2, "\(answers)")
        let threads = service.state.withLock { $0.threads }
        try #require(threads.count == 2)
        #expect(threads[0].hasPrefix("NIO-ELT-"))
        #expect(!threads[1].hasPrefix("NIO-"), "\(threads)")
    }
}
