import DeliveryCore
import DeliveryEngine
import EndpointFixtures
import HTTPAPI
import HTTPTypes
import JSON
import Platform
import Synchronization
import Testing

@Suite struct `The door` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    @Test func `wants a token it knows`() async throws {
        for token in [nil, "", "w-toke", "w-tokenx", "W-token"] {
            let answer = try await exchange(.get, "/v1/quota", token: token, endpoint: endpoint)
            #expect(answer.status == 401)
            #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
        }
        let basic = try await exchange(
            .get,
            "/v1/quota",
            headers: [.authorization: "Basic w-token"],
            token: nil,
            endpoint: endpoint
        )
        #expect(basic.status == 401)
        #expect(try await exchange(.get, "/v1/quota", endpoint: endpoint).status == 200)
    }

    @Test(arguments: ["Bearer  w-token", "bearer w-token", "BEARER    w-token"])
    func `takes any number of blanks before a token`(credentials: String) async throws {
        let answer = try await exchange(
            .get,
            "/v1/quota",
            headers: [.authorization: credentials],
            token: nil,
            endpoint: endpoint
        )
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        // What a person, the page itself, and a program send.
        ("localhost:9000", "none", nil, 200), ("localhost:9000", "same-origin", nil, 200),
        ("localhost:9000", "same-origin", "http://localhost:9000", 200),
        ("localhost:9000", nil, "http://localhost:9000", 200),
        ("LOCALHOST:9000", nil, "http://localhost:9000", 200), ("127.0.0.1:9000", nil, nil, 200),
        ("", nil, nil, 200), ("fanoutd", nil, nil, 200), ("localhost.", nil, nil, 200),
        ("%2Frun%2Ffanoutd.sock", nil, nil, 200),
        // What other sites' pages send.
        ("localhost:9000", "same-site", "http://localhost:8000", 403),
        ("localhost:9000", "cross-site", "http://evil.example", 403),
        ("localhost:9000", "cross-site", nil, 403), ("localhost:9000", "", nil, 403),
        ("localhost:9000", "none, none", nil, 403),
        ("localhost:9000", "cross-site, none", nil, 403),
        ("localhost:9000", nil, "http://localhost:8000", 403), ("localhost:9000", nil, "null", 403),
        ("localhost:9000", nil, "http://localhost", 403),
        ("localhost:9000", nil, "http://localhost:9000.evil.example", 403),
        // A name that was pointed here, for which browsers send neither.
        ("evil.example", nil, nil, 403), ("evil.example.:9000", nil, nil, 403),
        ("localhost.evil.example", nil, nil, 403), ("10.0.0.1:9000", nil, nil, 403),
        ("evil.example:9000", "same-origin", nil, 403),
        ("evil.example:9000", nil, "http://evil.example:9000", 403), ("", "none", nil, 403),
    ])
    func `lets other sites' pages do nothing on a Unix socket`(
        host: String,
        site: String?,
        origin: String?,
        status: Int
    ) async throws {
        let configuration = makeConfiguration(listen: .unix(path: "/run/x"))
        var headers: HTTPFields = [:]
        if let site { headers[try #require(.init("Sec-Fetch-Site"))] = site }
        if let origin { headers[.origin] = origin }
        let answer = try await WholeAnswer(
            of: makeEndpoint(service, configuration: configuration),
            .post,
            "/v1/pause",
            host: host,
            headers: headers
        )
        #expect(answer.status == status)
        #expect(service.state.withLock { $0.quota.state } == (status == 200 ? .paused : .running))
    }

    @Test func `asks no browser anything over TCP but a token`() async throws {
        let answer = try await exchange(
            .get,
            "/v1/quota",
            headers: [.origin: "http://evil.example"],
            endpoint: endpoint
        )
        #expect(answer.status == 200)
    }

    @Test func `lets a read-only token read`() async throws {
        let read = try await exchange(.get, "/v1/quota", token: readToken, endpoint: endpoint)
        #expect(read.status == 200)
        let head = try await exchange(.head, "/v1/quota", token: readToken, endpoint: endpoint)
        #expect(head.status == 200)
        let write = try await exchange(.post, "/v1/pause", token: readToken, endpoint: endpoint)
        #expect(write.status == 403)
        #expect(try write.slug() == "read-only-token")
    }

    @Test func `shows the metrics to whoever has a token, in the form that Prometheus asks for`()
        async throws
    {
        let endpoint = makeEndpoint(service, metrics: OneMetric())
        let none = try await exchange(.get, "/metrics", token: nil, endpoint: endpoint)
        #expect(none.status == 401)
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,"
            + "*/*;q=0.1"
        for accept in [prometheus, "text/plain", "*/*"] {
            let answer = try await exchange(
                .get,
                "/metrics",
                headers: [.accept: accept],
                token: readToken,
                endpoint: endpoint
            )
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text == "one 1\n")
        }
    }

    @Test func `asks no token of a health check, nor on a Unix socket`() async throws {
        #expect(try await exchange(.get, "/healthz", token: nil, endpoint: endpoint).status == 200)
        let configuration = makeConfiguration(listen: .unix(path: "/run/x"))
        let unix = makeEndpoint(service, configuration: configuration)
        #expect(try await exchange(.post, "/v1/pause", token: nil, endpoint: unix).status == 200)
    }

    @Test(arguments: [
        ("localhost", 200), ("LOCALHOST.:8480", 200), ("127.0.0.1:8480", 200), ("127.9.9.9", 200),
        ("[::1]evil.example", 403), ("localhost:evil.example", 403), ("127.-0.0.+1", 403),
        ("[::1]:8480", 200), ("[::1]", 200), ("[0:0::0:1]:8480", 200),
        ("[::ffff:7f00:1]", 200),
        ("[::ffff:127.0.0.1]", 200), ("[::ffff:10.0.0.1]", 403), ("[::2]", 403),
        ("evil.example", 403), ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403), ("10.0.0.1:8480", 403), ("daemon.internal:1", 200),
        ("", 400), (nil, 400),
    ])
    func `knows its own names`(host: String?, status: Int) async throws {
        #expect(try await self.status(of: host, listen: "daemon.internal") == status)
    }

    @Test(
        arguments: ["0.0.0.0", "::", "[::]"],
        [
            ("10.0.0.1:8480", 200), ("[2001:db8::1]:8480", 200), ("localhost", 200),
            ("0.0.0.0", 200),
            ("evil.example", 403), ("10.0.0.1.evil.example", 403), ("10.0.0.256", 403),
            ("a:b:x", 403), ("[::1%25eth0]", 403),
        ]
    )
    func `answers to any address where it listens on all`(
        listen: String,
        host: (name: String, status: Int)
    ) async throws {
        #expect(try await status(of: host.name, listen: listen) == host.status)
    }

    private func status(of host: String?, listen: String) async throws -> Int {
        let configuration = makeConfiguration(listen: .tcp(host: listen, port: 8_480))
        let endpoint = makeEndpoint(service, configuration: configuration)
        return try await WholeAnswer(of: endpoint, .get, "/healthz", host: host).status
    }

    @Test func `answers every known path with 405 and Allow`() async throws {
        // The provider's other commands are refused in its language, whatever the method.
        let table = endpoint.routes.filter { $0.provided != .everything(below: "/v4/") }
        for path in Set(table.map(\.path)) {
            let methods = table.filter { $0.path == path }.map(\.method)
            let uri = path.split(separator: "{").first.map { "\($0)" } ?? path
            let full =
                path.contains("{")
                ? uri
                    + path.dropFirst(uri.count).map { character in
                        "{}".contains(character) ? "" : "\(character)"
                    }.joined() : path
            let answer = try await exchange(.options, full, endpoint: endpoint)
            #expect(answer.status == 405, "\(full)")
            let allow = answer.headers[.allow]?.split(separator: ", ").map { String($0) } ?? []
            let heads = methods.contains(.get) ? ["HEAD"] : []
            #expect(allow == (methods.map(\.rawValue) + heads).sorted())
        }
    }

    @Test(arguments: ["/x", "/v1", "/v1/campaigns/", "/v2/campaigns", "//v1/quota", "/v1/quota/x"])
    func `answers 404 elsewhere`(path: String) async throws {
        let answer = try await exchange(.get, path, endpoint: endpoint)
        #expect(answer.status == 404)
        #expect(try answer.json()["type"]?.string == "urn:fanoutd:problem:not-found")
        #expect(try answer.json()["status"]?.integer == 404)
    }

    @Test func `answers HEAD like GET, without the body`() async throws {
        let get = try await exchange(.get, "/v1/quota", endpoint: endpoint)
        let head = try await exchange(.head, "/v1/quota", endpoint: endpoint)
        #expect(head.body.isEmpty)
        #expect(head.headers[.contentLength] == String(get.body.count))
    }
}

@Suite struct `The service's own routes` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    @Test func `show the quota`() async throws {
        let answer = try await exchange(.get, "/v1/quota", endpoint: endpoint)
        #expect(
            answer.text == #"{"messages_per_minute":12000,"window_used":500,"#
                + #""next_call_at":"2025-11-11T01:30:00.000Z","calls_per_second":200,"#
                + #""state":"running","reason":null,"since":null,"until":null,"remedy":null,"#
                + #""pace":16,"window":{"held":500,"unanswered":500,"room":11470,"releases":[]},"#
                + #""in_flight":1,"config_error":null,"cluster":null}"#
        )
        service.state.withLock { state in
            state.quota.state = .throttled
            state.quota.since = FakeService.start
            state.quota.until = FakeService.start.advanced(by: .seconds(8))
            state.quota.remedy = "wait"
            state.quota.pace = 4
            state.quota.window = QuotaWindow(held: 7, unanswered: 4, room: 0, releases: [1, 2])
        }
        let throttled = try await exchange(.get, "/v1/quota", endpoint: endpoint)
        #expect(
            throttled.text.contains(
                #""since":"2025-11-11T01:30:00.000Z","until":"2025-11-11T01:30:08.000Z","#
                    + #""remedy":"wait","pace":4,"window":{"held":7,"unanswered":4,"room":0,"#
                    + #""releases":[1,2]}"#
            )
        )
    }

    @Test func `pause and resume all sending`() async throws {
        let pause = try await exchange(.post, "/v1/pause", endpoint: endpoint)
        #expect(try pause.json()["state"]?.string == "paused")
        let resume = try await exchange(.post, "/v1/resume", endpoint: endpoint)
        #expect(try resume.json()["state"]?.string == "running")
    }

    @Test(arguments: [
        (ServiceState.running, 200), (.throttled, 200), (.paused, 200), (.unreachable, 503),
        (.halted, 503), (.storeFailed, 503),
    ])
    func `say whether it is ready`(state: ServiceState, status: Int) async throws {
        service.state.withLock {
            $0.quota.state = state
            $0.quota.reason = .init(code: 70_003, text: "the UserSig is bad")
        }
        let answer = try await exchange(.get, "/readyz", token: nil, endpoint: endpoint)
        #expect(answer.status == status)
        #expect(try answer.json()["state"]?.string == state.rawValue)
        #expect(answer.text.contains("the UserSig is bad"))
    }

    @Test func `are not ready while stopping`() async throws {
        let stopping = makeEndpoint(service, isStopping: true)
        let answer = try await exchange(.get, "/readyz", token: nil, endpoint: stopping)
        #expect(answer.status == 503)
        #expect(try answer.slug() == "stopping")
    }
}

private struct OneMetric: MetricsText {
    let contentType = "text/plain; version=0.0.4; charset=utf-8"

    func text() async -> [UInt8] { Array("one 1\n".utf8) }
}
