import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

private let leaderURL = "https://b.example:8480"

@Suite struct `A node that stands by` {
    private let endpoint = makeStandby()

    /// Paths whose routes it answers as the leader does, and the one that takes a form.
    private static let answered: Set = [
        "/v1/quota", "/v1/session", "/v1/explain", "/v1/campaigns/{id}/export",
    ]
    /// Every route of a leader that it sends on.
    static let others = makeEndpoint(FakeService()).routes
        .filter { $0.path.hasPrefix("/v1/") && !answered.contains($0.path) }
        .map { ($0.method.rawValue, $0.path) }

    private static func uri(_ path: String) -> String {
        path.replacing("{id}", with: "01a1fcaa-6b43-740a-a2b5-d2bffb6739bf")
            .replacing("{account}", with: "a").replacing("{webhook}", with: "1")
    }

    @Test(arguments: Self.others)
    func `names the leader on every other route, once the token was checked`(
        method: String,
        path: String
    ) async throws {
        let method = try #require(HTTPRequest.Method(method))
        let uri = Self.uri(path)
        let stranger = try await exchange(method, uri, token: nil, endpoint: endpoint)
        #expect(stranger.status == 401)
        for token in [readToken, writeToken] {
            let answer = try await exchange(method, uri, token: token, endpoint: endpoint)
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] == "5")
            #expect(try answer.slug() == "standby")
            #expect(try answer.json()["state"]?.string == "standby")
            #expect(try answer.json()["leader"]?.string == leaderURL)
        }
    }

    @Test func `takes the token of a form as the leader does`() async throws {
        let uri = Self.uri("/v1/campaigns/{id}/export")
        for (token, status) in [(readToken, 503), ("other", 401)] {
            let answer = try await exchange(
                .post,
                uri,
                "access_token=\(token)&format=csv",
                type: "application/x-www-form-urlencoded",
                token: nil,
                endpoint: endpoint
            )
            #expect(answer.status == status)
        }
    }

    @Test func `shows its own part, and claims nothing of the leader's window`() async throws {
        let answer = try await exchange(.get, "/v1/quota", token: readToken, endpoint: endpoint)
        #expect(
            answer.text == #"{"messages_per_minute":12000,"window_used":null,"#
                + #""next_call_at":null,"calls_per_second":200,"state":"standby","reason":null,"#
                + #""since":"2025-11-11T01:30:00.000Z","until":null,"remedy":null,"pace":null,"#
                + #""window":null,"in_flight":0,"config_error":"limits.burst: too large","#
                + #""cluster":{"role":"standby","leader":"https://b.example:8480","epoch":7,"#
                + #""synchronous":true}}"#
        )
        #expect(try await exchange(.get, "/v1/quota", token: nil, endpoint: endpoint).status == 401)
        #expect(try await exchange(.delete, "/v1/quota", endpoint: endpoint).status == 405)
    }

    @Test(arguments: [leaderURL, nil])
    func `explains that it sends nothing, and where the leader is`(url: String?) async throws {
        let endpoint = makeStandby(leader: url)
        let answer = try await exchange(.get, "/v1/explain", endpoint: endpoint).json()
        #expect(answer["state"]?.string == "standby")
        let cause = try #require(answer["causes"]?.elements?.first)
        #expect(cause["cause"]?.string == "standby")
        let words = [cause["text"]?.string, cause["remedy"]?.string].map { $0 ?? "" }
        #expect(words.allSatisfy { $0.contains(leaderURL) } == (url != nil))
        let other = try await exchange(.get, "/v1/campaigns", endpoint: endpoint).json()
        #expect(other["leader"]?.isNull == (url == nil))
    }

    @Test func `isn't ready, and works`() async throws {
        let ready = try await exchange(.get, "/readyz", token: nil, endpoint: endpoint)
        #expect(ready.status == 503)
        #expect(try ready.slug() == "standby")
        #expect(try ready.json()["leader"]?.string == leaderURL)
        let stopping = makeStandby(isStopping: true)
        let stopped = try await exchange(.get, "/readyz", token: nil, endpoint: stopping)
        #expect(try stopped.slug() == "stopping")
        for path in ["/healthz", "/", "/app.js"] {
            let answer = try await exchange(.get, path, token: nil, endpoint: endpoint)
            #expect(answer.status == 200, "\(path)")
        }
        for path in ["/openapi.yaml", "/metrics", "/v1/session"] {
            let answer = try await exchange(.get, path, token: readToken, endpoint: endpoint)
            #expect(answer.status == 200, "\(path)")
            let none = try await exchange(.get, path, token: nil, endpoint: endpoint)
            #expect(none.status == 401, "\(path)")
        }
        for path in ["/x", "/v2/campaigns", "/v1"] {
            #expect(try await exchange(.get, path, endpoint: endpoint).status == 404, "\(path)")
        }
    }

    @Test func `refuses the provider's call in its language, and only who may call hears why`()
        async throws
    {
        func answer(_ path: String) async throws -> String {
            let answer = try await exchange(.post, path, "a", token: nil, endpoint: endpoint)
            #expect(answer.status == 200)
            return answer.text
        }
        let path = "/v4/openim/batchsendmsg"
        #expect(try await answer("\(path)?identifier=admin") == "standby \(leaderURL)")
        #expect(try await answer(path) == "stranger")
        #expect(try await answer("/v4/openim/sendmsg") == "unknown command")
    }
}

@Suite struct `A change of a node's part` {
    private let service = FakeService()
    private let isOver = Flag()

    private var leader: Endpoint {
        var configuration = makeConfiguration()
        configuration.cluster = { ClusterStatus(role: .leader, leader: nil, epoch: 8) }
        let flag = isOver
        return makeEndpoint(service, configuration: configuration, isOver: flag.isSet)
    }

    @Test func `gives the server other routes`() async throws {
        let endpoint = makeStandby()
        #expect(try await exchange(.get, "/v1/campaigns", endpoint: endpoint).status == 503)
        _ = endpoint.answer(as: leader)
        #expect(try await exchange(.get, "/v1/campaigns", endpoint: endpoint).status == 200)
        let quota = try await exchange(.get, "/v1/quota", endpoint: endpoint).json()
        #expect(quota["cluster"]?["role"]?.string == "leader")
        #expect(quota["cluster"]?["epoch"]?.integer == 8)
        #expect(quota["cluster"]?["synchronous"]?.isNull == true)
        #expect(try await exchange(.get, "/readyz", endpoint: endpoint).status == 200)
        _ = endpoint.answer(as: makeStandby())
        #expect(try await exchange(.get, "/v1/campaigns", endpoint: endpoint).status == 503)
    }

    @Test func `makes a standby's refusal of what fails by it`() async throws {
        service.state.withLock { $0.queueError = .failed("no lease") }
        let body = #"{"message":{"MsgBody":[]},"recipients":["a"]}"#
        let failed = try await exchange(.post, "/v1/campaigns", body, endpoint: leader)
        #expect(try failed.slug() == "store-failed")
        isOver.set()
        let over = try await exchange(.post, "/v1/campaigns", body, endpoint: leader)
        #expect(over.status == 503)
        #expect(try over.slug() == "standby")
        #expect(over.headers[.retryAfter] == "5")
        #expect(over.text.contains("Idempotency-Key"))
        service.state.withLock { $0.changeError = .stopping }
        let paused = try await exchange(.post, "/v1/pause", endpoint: leader)
        #expect(try paused.slug() == "standby")
        // What is wrong with a request is wrong at the leader too.
        let bad = try await exchange(.post, "/v1/campaigns", "{", endpoint: leader)
        #expect(bad.status == 400)
    }

    @Test(.timeLimit(.minutes(1)))
    func `ends the streams of events`() async throws {
        let time = VirtualTime()
        let endpoint = makeStandby(time: time)
        let flag = isOver
        _ = endpoint.answer(as: makeEndpoint(service, isOver: flag.isSet, time: time))
        try await withServer(endpoint) { address in
            try await withConnection(to: address) { events in
                try await events.send(Self.request("GET /v1/events"))
                try await events.receive(until: "event: quota")
                _ = endpoint.answer(as: makeStandby())
                flag.set()
                while time.sleeperCount == 0 { await Task.yield() }
                time.pass(.seconds(1))
                // It ends as it should, and its connection takes another request.
                try await events.receive(until: "\r\n0\r\n\r\n")
                try await events.send(Self.request("GET /v1/campaigns"))
                #expect(try await events.receive(until: "urn:fanoutd:problem:standby"))
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `cuts off what goes on all the same, and nothing that came after it`() async throws {
        let endpoint = makeStandby()
        _ = endpoint.answer(as: leader)
        try await withServer(endpoint) { address in
            let rest = try await withConnection(to: address) { upload in
                try await upload.send(
                    Self.request(
                        "POST /v1/suppressions",
                        "content-type: text/plain\r\ncontent-length: 1000\r\nexpect: 100-continue"
                    )
                )
                try await upload.receive(until: "100 Continue")
                let requests = endpoint.answer(as: makeStandby())
                let later = try await talk(
                    to: address,
                    [(after: "", send: Self.request("GET /v1/quota"))],
                    until: "synchronous"
                )
                #expect(later.contains("200"))
                requests.cut()
                return try await upload.receiveAll()
            }
            #expect(!rest.contains("HTTP/1.1 200"))
        }
    }

    private static func request(_ line: String, _ more: String? = nil) -> String {
        "\(line) HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(writeToken)\r\n"
            + (more.map { "\($0)\r\n" } ?? "") + "\r\n"
    }
}

/// Something that has happened or hasn't.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() { value.store(true, ordering: .relaxed) }
}
