import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import Synchronization
import Testing

/// The provider's own call, taken in instead of made.
@Suite struct `The gateway` {
    private let service = FakeService()
    private static let path = "/v4/openim/batchsendmsg?identifier=boss&anything=else"

    private func post(
        _ path: String = Self.path,
        _ body: String = "bonnie\nrong",
        endpoint: Endpoint? = nil,
        configuration: EndpointConfiguration = makeConfiguration()
    ) async throws -> Answer {
        let endpoint = endpoint ?? makeEndpoint(service, configuration: configuration)
        // Clients for the provider send a JSON body as a form, and no token.
        return try await exchange(
            .post,
            path,
            body,
            type: "application/x-www-form-urlencoded",
            token: nil,
            endpoint: endpoint
        )
    }

    private var count: Int { service.state.withLock { $0.campaigns.count } }

    @Test func `stores a call as a campaign that starts, and answers with its id`() async throws {
        var configuration = makeConfiguration()
        configuration.defaultPriority = .low
        configuration.defaultOnUnknown = .leave
        let answer = try await post(configuration: configuration)
        let campaign = try #require(service.state.withLock { $0.campaigns.values.first })
        #expect(answer.status == 200)
        #expect(answer.text == "taken \(campaign.id)")
        #expect(campaign.state == .running && campaign.counts.total == 2)
        #expect(campaign.settings.priority == .low && campaign.settings.onUnknown == .leave)
        #expect(service.state.withLock { $0.admitted.count } == 1)
    }

    @Test(arguments: [("bonnie", UnknownPolicy.verify), ("online\nbonnie", .resend)])
    func `sends again what no history shows, where the default is to look it up`(
        body: String,
        policy: UnknownPolicy
    ) async throws {
        var configuration = makeConfiguration()
        configuration.defaultOnUnknown = .verify
        _ = try await post(Self.path, body, configuration: configuration)
        let campaign = try #require(service.state.withLock { $0.campaigns.values.first })
        #expect(campaign.settings.onUnknown == policy)
    }

    @Test func `answers the same call with the first answer and makes nothing twice`() async throws
    {
        let endpoint = makeEndpoint(service)
        let first = try await post(endpoint: endpoint)
        let again = try await post(endpoint: endpoint)
        #expect(first.text == again.text && count == 1)
        let other = try await post(Self.path, "bonnie", endpoint: endpoint)
        #expect(other.text != first.text && count == 2)
    }

    @Test func `asks a caller's name before it looks at the body`() async throws {
        let answer = try await post("/v4/openim/batchsendmsg", "bad")
        #expect(answer.status == 200 && answer.text == "stranger" && count == 0)
    }

    @Test func `refuses in the provider's language`() async throws {
        #expect(try await post(Self.path, "bad").text == "bad body")
        var configuration = makeConfiguration()
        configuration.gatewayBodySizeLimit = 4
        #expect(try await post(configuration: configuration).text == "over 4")
        service.state.withLock { $0.queueError = .full("no room") }
        #expect(try await post().text == "queue")
        #expect(count == 0)
    }

    @Test(arguments: ["/v4/openim/sendmsg", "/v4/x", "/v4/", "/v4/a/b/c?usersig=x"])
    func `knows no other command`(path: String) async throws {
        let answer = try await post(path)
        #expect(answer.status == 200 && answer.text == "unknown command")
    }

    @Test(arguments: [HTTPRequest.Method.get, .put, .delete, .options, .patch])
    func `knows no other command by any method`(method: HTTPRequest.Method) async throws {
        let endpoint = makeEndpoint(service)
        let answer = try await exchange(method, "/v4/openim/x", token: nil, endpoint: endpoint)
        #expect(answer.status == 200 && answer.text == "unknown command")
    }

    @Test(arguments: ["/v4/openim/batchsendmsg?identifier=b%zz", "/v4/openim/sendmsg?a=%zz"])
    func `leaves a broken escape to whoever reads the value`(path: String) async throws {
        let answer = try await post(path)
        #expect(answer.status == 200)
        #expect(answer.text.hasPrefix("taken") || answer.text == "unknown command")
    }

    @Test(arguments: [Self.path, "/v4/openim/sendmsg"])
    func `answers whatever form a client asks for`(path: String) async throws {
        let endpoint = makeEndpoint(service)
        let headers: HTTPFields = [.accept: "text/html"]
        let answer = try await exchange(
            .post,
            path,
            "bonnie",
            headers: headers,
            token: nil,
            endpoint: endpoint
        )
        #expect(answer.status == 200)
    }

    @Test func `has room for one of its largest bodies, and says when there is no more`()
        async throws
    {
        var configuration = makeConfiguration()
        configuration.bodyMemoryLimit = 0
        configuration.bodySizeLimit = 1
        configuration.gatewayBodySizeLimit = 6
        let endpoint = makeEndpoint(service, configuration: configuration)
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        service.state.withLock {
            $0.beforeCreation = {
                enter.finish()
                for await _ in released {}
            }
        }
        async let first = post(Self.path, "bonnie", endpoint: endpoint)
        for await _ in entered {}
        let second = try await post(Self.path, "rong", endpoint: endpoint)
        #expect(second.status == 200 && second.text == "queue")
        release.finish()
        #expect(try await first.text.hasPrefix("taken") && count == 1)
    }

    @Test func `is for POST alone`() async throws {
        let endpoint = makeEndpoint(service)
        let answer = try await exchange(.get, Self.path, token: nil, endpoint: endpoint)
        #expect(answer.status == 405 && answer.headers[.allow] == "POST")
    }

    @Test func `says that a call is being taken in already`() async throws {
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        service.state.withLock {
            $0.beforeCreation = {
                enter.finish()
                for await _ in released {}
            }
        }
        let endpoint = makeEndpoint(service)
        func send() async throws -> Answer {
            try await exchange(.post, Self.path, "bonnie", token: nil, endpoint: endpoint)
        }
        async let first = send()
        for await _ in entered {}
        service.state.withLock { $0.beforeCreation = nil }
        #expect(try await send().text == "running")
        release.finish()
        #expect(try await first.text.hasPrefix("taken"))
        #expect(count == 1)
    }
}
