import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import Testing

@Suite struct `A key for a campaign's creation` {
    private let service = FakeService()
    private let endpoint: Endpoint

    private static let body = #"{"name":"n","message":{},"recipients":["bonnie"]}"#

    init() {
        endpoint = makeEndpoint(service)
    }

    private static func create(
        _ endpoint: Endpoint,
        key: String,
        body: String = body,
        token: String? = writeToken
    ) async throws -> Answer {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        return try await exchange(
            .post,
            "/v1/campaigns",
            body,
            headers: [name: key],
            token: token,
            endpoint: endpoint
        )
    }

    private var campaignCount: Int { service.state.withLock { $0.campaigns.count } }

    @Test func `gets a repetition the first answer, whatever has happened since`() async throws {
        let first = try await Self.create(endpoint, key: "k-1")
        #expect(first.status == 201)
        let id = try #require(Campaign.ID(try first.json()["id"]?.string ?? ""))
        service.state.withLock { $0.campaigns[id] = nil }
        let again = try await Self.create(endpoint, key: "k-1")
        #expect(again.status == 201)
        #expect(again.body == first.body)
        #expect(again.headers[.location] == first.headers[.location])
        #expect(again.headers[.contentType] == "application/json")
        #expect(campaignCount == 0)
        #expect(service.state.withLock { $0.admitted.count } == 1)
    }

    @Test func `answers an expired document as it did when it was good`() async throws {
        let body = #"{"message":{},"expires_at":"2025-11-11T01:30:01Z"}"#
        let first = try await Self.create(endpoint, key: "k", body: body)
        let later = makeEndpoint(
            service,
            time: FixedTime(timestamp: FakeService.start.advanced(by: .seconds(5)))
        )
        let again = try await Self.create(later, key: "k", body: body)
        #expect(again.status == 201)
        #expect(again.body == first.body)
    }

    @Test func `is refused with another body`() async throws {
        _ = try await Self.create(endpoint, key: "k-1")
        let other = try await Self.create(endpoint, key: "k-1", body: Self.body + " ")
        #expect(other.status == 422)
        #expect(try other.slug() == "key-reused")
        #expect(campaignCount == 1)
    }

    @Test func `is the token's own, and keys are bytes`() async throws {
        var configuration = makeConfiguration()
        let second = AccessToken(name: "second", canWrite: true, secret: Array("s-token".utf8))
        let tokens = configuration.tokens
        configuration.tokens = { tokens() + [second] }
        let endpoint = makeEndpoint(service, configuration: configuration)
        for (key, token) in [
            ("k-1", writeToken), ("k-1", "s-token"), ("\u{E9}", writeToken),
            ("e\u{301}", writeToken),
        ] {
            let answer = try await Self.create(endpoint, key: key, token: token)
            #expect(answer.status == 201)
        }
        #expect(campaignCount == 4)
    }

    @Test func `is free again after a refusal`() async throws {
        let bad = try await Self.create(endpoint, key: "k-1", body: "{}")
        #expect(bad.status == 422)
        service.state.withLock { $0.queueError = .full("no room") }
        #expect(try await Self.create(endpoint, key: "k-1").status == 507)
        service.state.withLock { $0.queueError = nil }
        #expect(try await Self.create(endpoint, key: "k-1").status == 201)
    }

    @Test func `is in use while its first request runs`() async throws {
        let (endpoint, service) = (endpoint, service)
        let nested = Mutex<[Int]>([])
        service.state.withLock {
            $0.beforeCreation = {
                service.state.withLock { $0.beforeCreation = nil }
                do {
                    let same = try await Self.create(endpoint, key: "k-1")
                    let slug = try same.slug()
                    #expect(slug == "key-in-use")
                    #expect(same.headers[.retryAfter] == "1")
                    let other = try await Self.create(endpoint, key: "k-2")
                    nested.withLock { $0 = [same.status, other.status] }
                } catch {
                    Issue.record(error)
                }
            }
        }
        #expect(try await Self.create(endpoint, key: "k-1").status == 201)
        #expect(nested.withLock { $0 } == [409, 201])
        #expect(campaignCount == 2)
    }

    @Test(arguments: [(0, 400), (1, 201), (255, 201), (256, 400)])
    func `has 1 to 255 bytes`(count: Int, status: Int) async throws {
        let key = String(repeating: "k", count: count)
        #expect(try await Self.create(endpoint, key: key).status == status)
    }
}
