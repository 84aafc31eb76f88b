import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Platform
import Synchronization
import Testing

@Suite struct `The history` {
    private let service = FakeService()

    @Test func `shows minutes with what was sent in them`() async throws {
        service.state.withLock {
            $0.traffic = [
                TrafficStep(
                    start: FakeService.start,
                    limit: 12_000,
                    addressed: 6,
                    sent: 3,
                    failed: 2,
                    retrying: 1,
                    unknown: 4
                )
            ]
        }
        let answer = try await exchange(.get, "/v1/history", endpoint: makeEndpoint(service))
        #expect(
            answer.text == #"{"step_s":60,"items":[{"at":"2025-11-11T01:30:00.000Z","#
                + #""limit":12000,"addressed":6,"sent":3,"failed":2,"retrying":1,"unknown":4}]}"#
        )
    }

    /// It is 01:30:59.999.
    @Test(arguments: [
        ("", "2025-11-11T00:31:00Z", 60), ("?minutes=1", "2025-11-11T01:30:00Z", 60),
        ("?minutes=60", "2025-11-11T00:31:00Z", 60),
        ("?minutes=1440", "2025-11-10T01:31:00Z", 60),
        ("?minutes=1441", "2025-11-10T01:00:00Z", 3_600),
        ("?minutes=44640", "2025-10-11T01:00:00Z", 3_600),
    ])
    func `goes back as far as is asked, in minutes or hours`(
        query: String,
        since: String,
        step: Int
    ) async throws {
        let now = FakeService.start.advanced(by: .milliseconds(59_999))
        let endpoint = makeEndpoint(service, time: FixedTime(timestamp: now))
        let answer = try await exchange(.get, "/v1/history\(query)", endpoint: endpoint)
        #expect(try answer.json()["step_s"]?.integer == step)
        #expect(try answer.json()["items"]?.elements?.isEmpty == true)
        let asked = service.state.withLock { $0.trafficQuestions }
        #expect(
            asked == [
                .init(
                    since: try #require(Timestamp(rfc3339: since)),
                    length: step == 60 ? .minute : .hour
                )
            ]
        )
    }

    @Test(arguments: ["0", "44641", "-1", "x", "1.5", "", "60&minutes=60"])
    func `knows its bounds`(minutes: String) async throws {
        let endpoint = makeEndpoint(service)
        let answer = try await exchange(.get, "/v1/history?minutes=\(minutes)", endpoint: endpoint)
        #expect(answer.status == 400)
        #expect(try answer.slug() == "bad-query")
    }
}

@Suite struct `An explanation` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    private static let causes =
        #"[{"cause":"own_cap","text":"600 a minute","#
        + #""until":"2025-11-11T01:30:00.000Z","remedy":"raise it"},"#
        + #"{"cause":"calls_out","text":"64 of 64","until":null,"remedy":null}]"#

    private func explain() {
        service.state.withLock {
            $0.explanation = Explanation(
                isMoving: true,
                lastCallAt: FakeService.start,
                causes: [
                    .init(
                        .ownCap,
                        "600 a minute",
                        until: FakeService.start,
                        remedy: "raise it"
                    ),
                    .init(.callsOut, "64 of 64"),
                ]
            )
            $0.quota.state = .throttled
        }
    }

    @Test func `is of a campaign, or of all sending`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        explain()
        let one = try await exchange(.get, "/v1/campaigns/\(id)/explain", endpoint: endpoint)
        let rest = #""moving":true,"last_call_at":"2025-11-11T01:30:00.000Z","causes":"#
        #expect(one.text == #"{"state":"running","# + rest + Self.causes + "}")
        let all = try await exchange(.get, "/v1/explain", endpoint: endpoint)
        #expect(all.text == #"{"state":"throttled","# + rest + Self.causes + "}")
        let unknown = "/v1/campaigns/01a1fcaa-663e-7f5b-a659-375a205d7d9e/explain"
        #expect(try await exchange(.get, unknown, endpoint: endpoint).status == 404)
    }

    @Test func `knows of a stream into a draft`() async throws {
        let id = try await makeCampaign(endpoint)
        let key = try #require(Campaign.ID(id))
        service.state.withLock { $0.openIntakes[key] = 1 }
        let answer = try await exchange(.get, "/v1/campaigns/\(id)/explain", endpoint: endpoint)
        let causes = try answer.json()["causes"]?.elements
        #expect(causes?.compactMap { $0["cause"]?.string } == ["intake_open"])
    }
}

@Suite struct `A session` {
    private let service = FakeService()

    private var configuration: EndpointConfiguration {
        var configuration = makeConfiguration()
        configuration.title = "Prod \"CN\""
        configuration.version = "1.2.3"
        configuration.app = { .init(id: 1_400_000_000, isSimulated: true) }
        return configuration
    }

    @Test(arguments: [(writeToken, "ops", true), (readToken, "viewer", false)])
    func `says who asks, and whom`(token: String, name: String, canWrite: Bool) async throws {
        let endpoint = makeEndpoint(service, configuration: configuration)
        let answer = try await exchange(.get, "/v1/session", token: token, endpoint: endpoint)
        #expect(
            answer.text == #"{"caller":"\#(name)","can_write":\#(canWrite),"version":"1.2.3","#
                + #""sdk_app_id":1400000000,"title":"Prod \"CN\"","simulator":true,"#
                + #""now":"2025-11-11T01:30:00.000Z"}"#
        )
    }

    @Test func `wants a token over TCP, and none on a Unix socket`() async throws {
        for token in [nil, "wrong"] {
            let answer = try await exchange(
                .get,
                "/v1/session",
                token: token,
                endpoint: makeEndpoint(service, configuration: configuration)
            )
            #expect(answer.status == 401)
        }
        var unix = configuration
        unix.listen = .unix(path: "/run/x")
        let answer = try await exchange(
            .get,
            "/v1/session",
            token: nil,
            endpoint: makeEndpoint(service, configuration: unix)
        )
        #expect(try answer.json()["can_write"] != nil)
        #expect(try answer.json()["caller"]?.string == "local socket")
    }
}
