import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import Testing

@Suite struct `Creating a campaign` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    @Test func `answers 201 with its place and the whole campaign, and starts it`() async throws {
        let message = #"{"From_Account": "dave", "MsgBody": [ 1.50 ]}"#
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            #"{"name":"Singles' Day","message":\#(message),"recipients":["bonnie","rong"]}"#,
            endpoint: endpoint
        )
        let json = try answer.json()
        let id = try #require(json["id"]?.string)
        #expect(answer.status == 201)
        #expect(answer.headers[.location] == "/v1/campaigns/\(id)")
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.text.contains("\"message\":\(message)"))
        #expect(
            json.members?.map(\.name) == [
                "id", "name", "state", "reason", "priority", "on_unknown", "messages_per_minute",
                "created_at", "start_at", "expires_at", "send_between", "started_at", "finished_at",
                "message",
                "counts", "resent", "failures", "messages_last_minute", "eta", "check", "verify",
                "recall",
            ]
        )
        #expect(json["state"]?.string == "running")
        #expect(json["created_at"]?.string == "2025-11-11T01:30:00.000Z")
        #expect(json["counts"]?["total"]?.integer == 2)
        #expect(service.state.withLock { $0.admitted.map(\.id.description) } == [id])
    }

    @Test func `without recipients makes a draft that nobody sends`() async throws {
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            #"{"message":{},"start":null,"expires_at":"2025-11-11T09:30:01+08:00"}"#,
            endpoint: endpoint
        )
        #expect(answer.status == 201)
        #expect(try answer.json()["state"]?.string == "draft")
        #expect(try answer.json()["expires_at"]?.string == "2025-11-11T01:30:01.000Z")
        #expect(service.state.withLock { $0.admitted.isEmpty })
    }

    @Test(arguments: [
        ("", "not-json", 400), ("{", "not-json", 400), ("{\"a\":1,\"a\":2}", "not-json", 400),
        ("[]", "invalid", 422), ("{}", "invalid", 422),
    ])
    func `refuses what is no campaign at all`(
        body: String,
        slug: String,
        status: Int
    ) async throws {
        let answer = try await exchange(.post, "/v1/campaigns", body, endpoint: endpoint)
        #expect(answer.status == status)
        #expect(try answer.slug() == slug)
        #expect(answer.headers[.contentType] == "application/problem+json")
    }

    @Test func `names the byte at which JSON ends`() async throws {
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            "{\"name\": oops}",
            endpoint: endpoint
        )
        #expect(try answer.json()["detail"]?.string?.contains("byte 9") == true)
    }

    @Test(arguments: [
        (#""name":1"#, "/name"), (#""name":"a\u0007b""#, "/name"), (#""name":null"#, "/name"),
        (#""name":"\#(String(repeating: "天", count: 67))""#, "/name"),
        (#""recipients":"bonnie""#, "/recipients"), (#""recipients":[]"#, "/recipients"),
        (#""recipients":["ok",""]"#, "/recipients/1"), (#""recipients":[7]"#, "/recipients/0"),
        (#""recipients":["\#(String(repeating: "x", count: 33))"]"#, "/recipients/0"),
        (#""recipients":null"#, "/recipients"),
        (#""start":"yes""#, "/start"), (#""start":true"#, "/start"),
        (#""priority":"urgent""#, "/priority"), (#""priority":1"#, "/priority"),
        (#""messages_per_minute":0"#, "/messages_per_minute"),
        (#""messages_per_minute":12001"#, "/messages_per_minute"),
        (#""messages_per_minute":1.5"#, "/messages_per_minute"),
        (#""start_at":"tomorrow""#, "/start_at"), (#""start_at":5"#, "/start_at"),
        (#""expires_at":"2025-11-11T01:30:00Z""#, "/expires_at"),
        (#""start_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-01T00:00:00Z""#, "/expires_at"),
        (#""on_unknown":"hope""#, "/on_unknown"), (#""on_unknown":true"#, "/on_unknown"),
        (#""a/b~c":1"#, "/a~1b~0c"), (#""To_Account":["x"]"#, "/To_Account"),
    ])
    func `points to a fault`(field: String, pointer: String) async throws {
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            "{\"message\":{},\(field)}",
            endpoint: endpoint
        )
        #expect(answer.status == 422)
        #expect(try answer.slug() == "invalid")
        #expect(try answer.pointers() == [pointer])
        #expect(service.state.withLock { $0.campaigns.isEmpty })
    }

    @Test func `names every fault at once, the message's own too`() async throws {
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            #"{"nam":1,"message":{"bad":1},"priority":2,"recipients":["a",1]}"#,
            endpoint: endpoint
        )
        #expect(
            try answer.pointers() == [
                "/nam", "/message/bad", "/message/MsgBody/0", "/priority", "/recipients/1",
            ]
        )
    }

    @Test func `lists twenty bad accounts and counts the rest`() async throws {
        let accounts = (0..<30).map { _ in "\"\"" }.joined(separator: ",")
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            "{\"message\":{},\"recipients\":[\(accounts)]}",
            endpoint: endpoint
        )
        #expect(try answer.pointers().count == 21)
        #expect(answer.text.contains("10 further accounts"))
    }

    @Test func `takes any name of 200 bytes`() async throws {
        let name = String(repeating: "é", count: 100)
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            "{\"message\":{},\"name\":\"\(name)\"}",
            endpoint: endpoint
        )
        #expect(answer.status == 201)
        #expect(try answer.json()["name"]?.string == name)
    }

    @Test(arguments: [
        (QueueError.full("the disk is full"), 507, "store-full"),
        (.failed("the disk is broken"), 503, "store-failed"),
    ])
    func `says when the store can't`(error: QueueError, status: Int, slug: String) async throws {
        service.state.withLock { $0.queueError = error }
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            #"{"message":{},"recipients":["a"]}"#,
            endpoint: endpoint
        )
        #expect(answer.status == status)
        #expect(try answer.slug() == slug)
        #expect(answer.headers[.retryAfter] != nil)
        #expect(service.state.withLock { $0.admitted.isEmpty })
    }

    @Test func `refuses other types, encodings and sizes`() async throws {
        let text = try await exchange(
            .post,
            "/v1/campaigns",
            "{}",
            type: "text/plain",
            endpoint: endpoint
        )
        #expect(text.status == 415)
        #expect(text.headers[.accept] == "application/json")
        let gzip = try await exchange(
            .post,
            "/v1/campaigns",
            "{}",
            headers: [.contentEncoding: "gzip"],
            endpoint: endpoint
        )
        #expect(gzip.status == 415)
        #expect(gzip.headers[.acceptEncoding] == "identity")
        var configuration = makeConfiguration()
        configuration.bodySizeLimit = 100
        let long = try await exchange(
            .post,
            "/v1/campaigns",
            String(repeating: " ", count: 101),
            endpoint: makeEndpoint(service, configuration: configuration)
        )
        #expect(long.status == 413)
    }
}

@Suite struct `Changing a campaign` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    @Test func `moves it and shows it`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"], start: false)
        for (what, state) in [("start", "running"), ("pause", "paused"), ("resume", "running")] {
            let answer = try await exchange(
                .post,
                "/v1/campaigns/\(id)/\(what)",
                endpoint: endpoint
            )
            #expect(answer.status == 200)
            #expect(try answer.json()["state"]?.string == state)
        }
        let answer = try await exchange(.post, "/v1/campaigns/\(id)/cancel", endpoint: endpoint)
        #expect(try answer.json()["state"]?.string == "canceled")
        let late = try await exchange(.post, "/v1/campaigns/\(id)/start", endpoint: endpoint)
        #expect(late.status == 409)
        #expect(try late.slug() == "wrong-state")
        #expect(try late.json()["state"]?.string == "canceled")
    }

    @Test(arguments: [(HTTPRequest.Method.patch, ""), (.post, "/retry")])
    func `refuses what isn't there before it looks at the body`(
        method: HTTPRequest.Method,
        path: String
    ) async throws {
        let uri = "/v1/campaigns/01a1fcaa-663e-7f5b-a659-375a205d7d9e\(path)"
        let answer = try await exchange(method, uri, "{", endpoint: endpoint)
        #expect(answer.status == 404)
    }

    @Test(arguments: [
        (ChangeError.refused(.emptyDraft), 409, "wrong-state"),
        (.refused(.intakeOpen), 409, "wrong-state"), (.refused(.expired), 409, "wrong-state"),
        (.refused(.notFound), 404, "not-found"), (.stopping, 503, "stopping"),
        (.refused(.invalid(field: "start_at", detail: "too late")), 422, "invalid"),
        (.queue(.full("no room")), 507, "store-full"),
    ])
    func `is refused for a reason`(error: ChangeError, status: Int, slug: String) async throws {
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.changeError = error }
        let answer = try await exchange(.post, "/v1/campaigns/\(id)/start", endpoint: endpoint)
        #expect(answer.status == status)
        #expect(try answer.slug() == slug)
        #expect(try (answer.json()["state"]?.string == "draft") == (status == 409))
    }

    @Test(arguments: [ChangeError.stopping, .queue(.full("no room")), .queue(.failed("broken"))])
    func `isn't said to be as it was when a retry broke off`(error: ChangeError) async throws {
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.changeError = error }
        let rest = "some may be back in the queue, ask again for the others"
        let retry = try await exchange(.post, "/v1/campaigns/\(id)/retry", endpoint: endpoint)
        #expect(try retry.json()["detail"]?.string?.hasSuffix(rest) == true)
        let start = try await exchange(.post, "/v1/campaigns/\(id)/start", endpoint: endpoint)
        #expect(try start.json()["detail"]?.string?.hasSuffix("nothing was done") == true)
    }

    @Test(arguments: [
        (Campaign.State.running, "DELETE", "", "cancel it first"),
        (.canceled, "DELETE", "", "calls of it are out: ask again when they have ended"),
        (.completed, "POST", "/start", "retry sends again to those who failed or are unknown"),
        (.draft, "POST", "/retry", "start it first"),
        (.running, "PATCH", "", "start_at can't change once it has started or ended"),
    ])
    func `says what to do instead`(
        state: Campaign.State,
        method: String,
        path: String,
        remedy: String
    ) async throws {
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.changeError = .refused(.wrongState(state)) }
        let answer = try await exchange(
            try #require(HTTPRequest.Method(rawValue: method)),
            "/v1/campaigns/\(id)\(path)",
            method == "PATCH" ? "{}" : nil,
            endpoint: endpoint
        )
        #expect(answer.status == 409)
        #expect(try answer.json()["detail"]?.string?.hasSuffix("; \(remedy)") == true)
    }

    @Test func `patches what is named and nothing else`() async throws {
        let id = try await makeCampaign(endpoint)
        let answer = try await exchange(
            .patch,
            "/v1/campaigns/\(id)",
            #"{"messages_per_minute":null,"priority":"low","expires_at":"2026-01-01T00:00:00Z"}"#,
            type: "application/merge-patch+json",
            endpoint: endpoint
        )
        #expect(answer.status == 200)
        var patch = CampaignPatch()
        patch.messagesPerMinute = .some(nil)
        patch.priority = .low
        patch.expiresAt = .some(Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        #expect(service.state.withLock { $0.changes } == [.patch(patch)])
    }

    @Test func `takes a name away by null`() async throws {
        let id = try await makeCampaign(endpoint)
        let uri = "/v1/campaigns/\(id)"
        let answer = try await exchange(.patch, uri, #"{"name":null}"#, endpoint: endpoint)
        #expect(answer.status == 200)
        var patch = CampaignPatch()
        patch.name = ""
        #expect(service.state.withLock { $0.changes } == [.patch(patch)])
    }

    @Test(arguments: [
        (#"{"state":"paused"}"#, "/state"), (#"{"priority":null}"#, "/priority"),
        (#"{"name":1}"#, "/name"), (#"{"messages_per_minute":"1"}"#, "/messages_per_minute"),
        (#"{"expires_at":"2020-01-01T00:00:00Z"}"#, "/expires_at"), ("[]", ""),
    ])
    func `refuses a bad patch`(body: String, pointer: String) async throws {
        let id = try await makeCampaign(endpoint)
        let answer = try await exchange(.patch, "/v1/campaigns/\(id)", body, endpoint: endpoint)
        #expect(answer.status == 422)
        #expect(try answer.pointers() == [pointer])
    }

    @Test(arguments: [
        (nil, RetryFilter()), ("{}", RetryFilter()),
        (
            #"{"status":["failed"],"codes":[70169,1]}"#,
            RetryFilter(failed: true, unknown: false, codes: [70_169, 1])
        ),
        (#"{"status":["unknown"]}"#, RetryFilter(failed: false, unknown: true)),
        (
            #"{"status":["suppressed"]}"#,
            RetryFilter(failed: false, unknown: false, suppressed: true)
        ),
        (
            #"{"status":["suppressed","failed"]}"#,
            RetryFilter(failed: true, unknown: false, suppressed: true)
        ),
    ])
    func `retries what is asked for`(body: String?, filter: RetryFilter) async throws {
        let id = try await makeCampaign(endpoint)
        let answer = try await exchange(
            .post,
            "/v1/campaigns/\(id)/retry",
            body,
            endpoint: endpoint
        )
        #expect(answer.text == #"{"requeued":7}"#)
        #expect(service.state.withLock { $0.changes } == [.retry(filter)])
    }

    @Test(arguments: [
        (#"{"status":["sent"]}"#, "/status"), (#"{"status":[]}"#, "/status"),
        (#"{"status":["suppressed",1]}"#, "/status"), (#"{"status":"suppressed"}"#, "/status"),
        (#"{"codes":["1"]}"#, "/codes"), (#"{"code":1}"#, "/code"),
    ])
    func `refuses a bad retry`(body: String, pointer: String) async throws {
        let id = try await makeCampaign(endpoint)
        let answer = try await exchange(
            .post,
            "/v1/campaigns/\(id)/retry",
            body,
            endpoint: endpoint
        )
        #expect(answer.status == 422)
        #expect(try answer.pointers() == [pointer])
    }

    @Test(arguments: [(100, true), (101, false), (100_000, false)])
    func `retries at most a hundred codes`(count: Int, isGood: Bool) async throws {
        let id = try await makeCampaign(endpoint)
        let codes = (1...count).map { "\($0)" }.joined(separator: ",")
        let answer = try await exchange(
            .post,
            "/v1/campaigns/\(id)/retry",
            "{\"codes\":[\(codes)]}",
            endpoint: endpoint
        )
        #expect(answer.status == (isGood ? 200 : 422))
        #expect(try answer.pointers() == (isGood ? [] : ["/codes"]))
        #expect(answer.text.contains("at most 100") == !isGood)
    }

    @Test(arguments: [
        ("POST", "/v1/campaigns", #"{"message":{"MsgBody":["#, "/message"),
        ("POST", "/v1/campaigns", #"{"message":{},"recipients":[["#, "/recipients"),
        ("POST", "/v1/campaigns", #"{"name":["#, "/name"),
        ("POST", "/v1/plan", #"{"message":{},"recipients":["a",["#, "/recipients"),
        ("POST", "/v1/campaigns/ID/retry", #"{"status":["#, "/status"),
        ("PATCH", "/v1/campaigns/ID", #"{"name":["#, "/name"),
        ("PATCH", "/v1/campaigns/ID", "[", ""),
    ])
    func `stops reading a document once it is longer than any good one`(
        method: String,
        path: String,
        start: String,
        pointer: String
    ) async throws {
        let id = try await makeCampaign(endpoint)
        // Had all of it been read, this would be no JSON.
        let answer = try await exchange(
            try #require(HTTPRequest.Method(method)),
            path.replacing("ID", with: id),
            start + String(repeating: "0,", count: 100_000) + "nonsense",
            endpoint: endpoint
        )
        #expect(answer.status == 422, "\(answer.text)")
        #expect(try answer.pointers() == [pointer])
    }

    @Test func `lists fifty faults and counts the others`() async throws {
        let members = (0..<2_000).map { "\"x\($0)\":0" }.joined(separator: ",")
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            "{\"message\":{},\(members)}",
            endpoint: endpoint
        )
        #expect(answer.status == 422)
        #expect(try answer.pointers().count == 50)
        #expect(answer.text.contains("2000 fields are invalid, of which the first are listed"))
    }

    @Test(arguments: [16, 17, 35, 39, 40, 41])
    func `lists many of them in one page, made a few at a time`(limit: Int) async throws {
        let endpoint = endpoint
        var ids: [String] = []
        for _ in 0..<40 { ids.append(try await makeCampaign(endpoint)) }
        let uri = "/v1/campaigns?limit=\(limit)"
        let page = try await exchange(.get, uri, endpoint: endpoint).json()
        let seen = page["items"]?.elements?.compactMap { $0["id"]?.string }
        #expect(seen == Array(ids.reversed().prefix(limit)))
        #expect(page["next_cursor"]?.isNull == (limit >= 40))
    }

    @Test(arguments: [
        "/v1/campaigns", "/v1/campaigns/ID/recipients", "/v1/campaigns/ID/recipients#csv",
        "/v1/events",
    ])
    func `asks to wait where too many long answers are being read`(path: String) async throws {
        let id = try await makeCampaign(endpoint)
        var configuration = makeConfiguration()
        configuration.responseMemoryLimit = 0
        configuration.watchMemoryLimit = 0
        let answer = try await exchange(
            .get,
            path.replacing("ID", with: id).replacing("#csv", with: ""),
            headers: path.hasSuffix("#csv") ? [.accept: "text/csv"] : [:],
            endpoint: makeEndpoint(service, configuration: configuration)
        )
        #expect(answer.status == 503)
        #expect(try answer.slug() == "too-busy")
        #expect(answer.headers[.retryAfter] == "1")
    }

    @Test func `gives back what a long answer held`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        var configuration = makeConfiguration()
        configuration.responseMemoryLimit = 1 << 20
        let endpoint = makeEndpoint(service, configuration: configuration)
        for _ in 0..<5 {
            for uri in ["/v1/campaigns", "/v1/campaigns/\(id)/recipients?limit=1000"] {
                #expect(try await exchange(.get, uri, endpoint: endpoint).status == 200)
                #expect(try await exchange(.head, uri, endpoint: endpoint).status == 200)
            }
        }
    }

    @Test(arguments: [(100, 200), (101, 400)])
    func `shows recipients with at most a hundred codes`(count: Int, status: Int) async throws {
        let id = try await makeCampaign(endpoint)
        let query = (1...count).map { "code=\($0)" }.joined(separator: "&")
        let uri = "/v1/campaigns/\(id)/recipients?\(query)"
        #expect(try await exchange(.get, uri, endpoint: endpoint).status == status)
    }

    @Test func `deletes it without a body`() async throws {
        let id = try await makeCampaign(endpoint)
        let answer = try await exchange(.delete, "/v1/campaigns/\(id)", endpoint: endpoint)
        #expect(answer.status == 204)
        #expect(answer.body.isEmpty)
    }

    @Test(arguments: [
        "x", "00000000-0000-7000-8000-000000000000", "A0000000-0000-7000-8000-000000000000",
    ])
    func `knows no other ids`(id: String) async throws {
        let answer = try await exchange(.get, "/v1/campaigns/\(id)", endpoint: endpoint)
        #expect(answer.status == 404)
        #expect(try answer.slug() == "not-found")
    }

    @Test func `lists them newest first, in pages`() async throws {
        let endpoint = endpoint
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await makeCampaign(endpoint)) }
        ids.append(try await makeCampaign(endpoint, recipients: ["a"]))
        var seen: [String] = []
        var cursor: String?
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await exchange(
                .get,
                "/v1/campaigns?state=draft&state=paused&limit=2\(place)",
                endpoint: endpoint
            ).json()
            seen += page["items"]?.elements?.compactMap { $0["id"]?.string } ?? []
            cursor = page["next_cursor"]?.string
        } while cursor != nil
        #expect(seen == ids.dropLast().reversed())
    }

    @Test func `finds them by a part of their name, and counts all by state`() async throws {
        let endpoint = endpoint
        for name in ["Singles' Day", "singles again", "Other"] {
            let body = #"{"name":"\#(name)","message":{"a":1}}"#
            _ = try await exchange(.post, "/v1/campaigns", body, endpoint: endpoint)
        }
        _ = try await makeCampaign(endpoint, recipients: ["a"])
        let uri = "/v1/campaigns?name=SINGLES&message=false&limit=1"
        let page = try await exchange(.get, uri, endpoint: endpoint).json()
        #expect(page["items"]?.elements?.map { $0["name"]?.string } == ["singles again"])
        #expect(page["items"]?.elements?.first?["message"]?.isNull == true)
        #expect(page["next_cursor"]?.string != nil)
        let states = Campaign.State.allCases.map(\.rawValue)
        #expect(page["totals"]?.members?.map(\.name) == states)
        #expect(page["totals"]?["draft"]?.integer == 3)
        #expect(page["totals"]?["running"]?.integer == 1)
        #expect(page["totals"]?["halted"]?.integer == 0)
        let whole = try await exchange(.get, "/v1/campaigns?name=&message=true", endpoint: endpoint)
        #expect(try whole.json()["items"]?.elements?.count == 4)
        #expect(try whole.json()["items"]?.elements?.last?["message"]?["a"]?.integer == 1)
    }

    @Test func `ends a page where the store has looked far enough`() async throws {
        let endpoint = endpoint
        var ids: [String] = []
        for _ in 0..<4 { ids.append(try await makeCampaign(endpoint)) }
        service.state.withLock { $0.campaignPageLimit = 1 }
        let page = try await exchange(.get, "/v1/campaigns?limit=3", endpoint: endpoint).json()
        #expect(page["items"]?.elements?.map { $0["id"]?.string } == [ids[3]])
        #expect(page["next_cursor"]?.string != nil)
    }

    @Test func `says failures in words, and whether they may pass`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let key = try #require(Campaign.ID(id))
        service.state.withLock {
            $0.campaigns[key]?.failures = [
                .init(code: 70_107, count: 2), .init(code: 70_169, count: 1),
            ]
        }
        let answer = try await exchange(.get, "/v1/campaigns/\(id)", endpoint: endpoint)
        #expect(
            answer.text.contains(
                #""failures":[{"code":70107,"count":2,"text":"no such account","may_pass":false},"#
                    + #"{"code":70169,"count":1,"text":null,"may_pass":true}]"#
            )
        )
    }

    @Test(arguments: [
        ("message=yes", "bad-query"), ("message=", "bad-query"), ("name=a&name=b", "bad-query"),
        ("limit=0", "bad-query"), ("limit=1001", "bad-query"), ("limit=x", "bad-query"),
        ("limit=1&limit=2", "bad-query"), ("state=nonsense", "bad-query"), ("x=1", "bad-query"),
        ("cursor=AmE", "bad-cursor"), ("cursor=%ZZ", "bad-query"), ("cursor=", "bad-cursor"),
    ])
    func `refuses a bad query`(query: String, slug: String) async throws {
        let answer = try await exchange(.get, "/v1/campaigns?\(query)", endpoint: endpoint)
        #expect(answer.status == 400)
        #expect(try answer.slug() == slug)
    }
}
