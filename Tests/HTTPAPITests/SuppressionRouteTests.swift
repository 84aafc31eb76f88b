import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

private let list = "/v1/suppressions"
private let head = "Host: localhost\r\nAuthorization: Bearer \(writeToken)\r\n"

@Suite struct `Suppressing an account` {
    private let suppressions = FakeSuppressions()
    private let endpoint: Endpoint

    init() {
        endpoint = makeEndpoint(FakeService(), suppressions: suppressions)
    }

    private func ask(
        _ method: HTTPRequest.Method,
        _ account: String,
        _ body: String? = nil,
        type: String? = "application/json",
        headers: HTTPFields = [:],
        token: String? = writeToken
    ) async throws -> Answer {
        try await exchange(
            method,
            "\(list)/\(account)",
            body,
            type: type,
            headers: headers,
            token: token,
            endpoint: endpoint
        )
    }

    @Test func `shows it with its reason and time, now and later`() async throws {
        let put = try await ask(.put, "bonnie", #"{"reason":"by law"}"#)
        #expect(put.status == 200)
        #expect(
            put.text == #"{"account":"bonnie","reason":"by law","#
                + #""created_at":"2025-11-11T01:30:00.000Z"}"#
        )
        let shown = try await ask(.get, "bonnie")
        #expect(shown.body == put.body && shown.status == 200)
        let head = try await ask(.head, "bonnie")
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test(arguments: [nil, "", "{}", #"{"reason":null}"#])
    func `needs no reason`(body: String?) async throws {
        let answer = try await ask(.put, "bonnie", body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json()["reason"]?.isNull == true)
    }

    @Test func `again gives it the new reason and keeps its time`() async throws {
        let earlier = FakeService.start.advanced(by: .seconds(-60))
        suppressions.state.withLock { state in
            let account = Account("bonnie")
            state.list[account] = Suppression(
                account: account,
                reason: "old",
                createdAt: earlier
            )
        }
        let new = try await ask(.put, "bonnie", #"{"reason":"new"}"#)
        #expect(try new.json()["reason"]?.string == "new")
        #expect(try new.json()["created_at"]?.string == earlier.rfc3339)
        let bare = try await ask(.put, "bonnie")
        #expect(try bare.json()["reason"]?.isNull == true)
        #expect(try bare.json()["created_at"]?.string == earlier.rfc3339)
    }

    @Test(arguments: [
        ("a%2Fb", "a/b"), ("%E5%A4%A9", "天"), ("e%CC%81", "e\u{301}"), ("%C3%A9", "\u{E9}"),
        ("%20a%20", " a "), ("a+b", "a+b"), ("%25", "%"), ("%3F", "?"),
    ])
    func `takes its name byte for byte`(path: String, name: String) async throws {
        #expect(try await ask(.put, path).status == 200)
        let accounts = suppressions.state.withLock { $0.list.keys.map(\.bytes) }
        #expect(accounts == [Array(name.utf8)])
        #expect(try await ask(.get, path).status == 200)
        for other in ["%C3%A9", "e%CC%81"] where other != path {
            #expect(try await ask(.get, other).status == 404)
        }
    }

    @Test(arguments: [
        ("%00", "no control characters"), ("%C2%85", "no control characters"),
        ("%FF", "UTF-8"), (String(repeating: "x", count: 33), "at most 32 bytes"),
        (String(repeating: "%E5%A4%A9", count: 11), "at most 32 bytes"),
    ])
    func `refuses what no account can be, before it reads the body`(
        path: String,
        words: String
    ) async throws {
        let answer = try await ask(.put, path, "nonsense", type: "text/html")
        #expect(answer.status == 422)
        #expect(try answer.slug() == "invalid")
        #expect(answer.text.contains(words), "\(answer.text)")
        #expect(try await ask(.get, path).status == 404)
        #expect(try await ask(.delete, path).status == 404)
        #expect(suppressions.state.withLock { $0.list.isEmpty })
    }

    @Test(arguments: [
        (#"{"reason":1}"#, "/reason"), (#"{"reason":["a"]}"#, "/reason"),
        (#"{"reason":"\u0000"}"#, "/reason"), (#"{"reason":"a\nb"}"#, "/reason"),
        (#"{"why":"a"}"#, "/why"), ("[]", ""), ("null", ""),
        (#"{"reason":"\#(String(repeating: "x", count: 201))"}"#, "/reason"),
        (#"{"reason":"\#(String(repeating: "天", count: 67))"}"#, "/reason"),
    ])
    func `refuses a bad reason`(body: String, pointer: String) async throws {
        let answer = try await ask(.put, "bonnie", body)
        #expect(answer.status == 422)
        #expect(try answer.pointers() == [pointer])
        #expect(suppressions.state.withLock { $0.list.isEmpty })
    }

    @Test func `takes a reason of 200 bytes, and JSON alone`() async throws {
        let long = #"{"reason":"\#(String(repeating: "天", count: 66))ab"}"#
        #expect(try await ask(.put, "bonnie", long).status == 200)
        #expect(try await ask(.put, "bonnie", "{}", type: "text/plain").status == 415)
        #expect(try await ask(.put, "bonnie", "{").status == 400)
        let gzip = try await ask(.put, "bonnie", "{}", headers: [.contentEncoding: "gzip"])
        #expect(gzip.status == 415)
    }

    @Test func `is undone once`() async throws {
        _ = try await ask(.put, "bonnie")
        let removal = try await ask(.delete, "bonnie")
        #expect(removal.status == 204 && removal.body.isEmpty)
        for method: HTTPRequest.Method in [.delete, .get, .head] {
            #expect(try await ask(method, "bonnie").status == 404)
        }
        #expect(try await ask(.delete, "bonnie").slug() == "not-found")
    }

    @Test(arguments: [("PUT", 403), ("DELETE", 403), ("GET", 404)])
    func `wants a token that may write`(method: String, status: Int) async throws {
        let method = try #require(HTTPRequest.Method(method))
        #expect(try await ask(method, "bonnie", token: readToken).status == status)
        #expect(try await ask(method, "bonnie", token: nil).status == 401)
    }

    @Test func `is for its methods alone`() async throws {
        let one = try await ask(.post, "bonnie")
        #expect(one.status == 405)
        #expect(one.headers[.allow] == "DELETE, GET, HEAD, PUT")
        let all = try await exchange(.put, list, endpoint: endpoint)
        #expect(all.status == 405)
        #expect(all.headers[.allow] == "GET, HEAD, POST")
        #expect(try await ask(.put, "").status == 404)
        #expect(try await ask(.put, "a/b").status == 404)
        #expect(try await ask(.put, "%ZZ").status == 404)
        #expect(try await ask(.get, "bonnie?limit=1").status == 400)
    }

    @Test(arguments: [(QueueError.full("no room"), 507), (.failed("broken"), 503)])
    func `says when the store can't`(error: QueueError, status: Int) async throws {
        suppressions.state.withLock { $0.queueError = error }
        for method: HTTPRequest.Method in [.put, .get, .delete] {
            let answer = try await ask(method, "bonnie")
            #expect(answer.status == status)
            #expect(answer.headers[.retryAfter] != nil)
        }
        let page = try await exchange(.get, list, endpoint: endpoint)
        #expect(page.status == status)
    }
}

@Suite struct `A list of suppressions` {
    private let suppressions = FakeSuppressions()
    private let log = LogLines { "\($0.message)" }
    private let endpoint: Endpoint

    init() {
        endpoint = makeEndpoint(FakeService(), suppressions: suppressions, logger: log.logger)
    }

    private func stream(
        _ bytes: [UInt8],
        type: String = "text/plain",
        headers: HTTPFields = [:],
        token: String = writeToken,
        endpoint: Endpoint? = nil
    ) async throws -> Answer {
        try await exchange(
            .post,
            list,
            bytes: bytes,
            type: type,
            headers: headers,
            token: token,
            endpoint: endpoint ?? self.endpoint
        )
    }

    private var accounts: [String] {
        suppressions.state.withLock { $0.list.keys.sorted().map(\.text) }
    }

    @Test func `says what came of it`() async throws {
        _ = try await exchange(.put, "\(list)/rong", #"{"reason":"by law"}"#, endpoint: endpoint)
        let bytes = Array("\u{FEFF}bonnie\r\nrong\n\nbonnie\n\u{1}\nlast".utf8)
        let answer = try await stream(bytes)
        #expect(answer.status == 200)
        #expect(
            answer.text == #"{"accepted":2,"duplicates":2,"invalid":1,"invalid_examples":"#
                + #"[{"line":5,"reason":"an account holds no control characters"}],"total":3}"#
        )
        // Who is on it already stays as it is.
        let rong = suppressions.state.withLock { $0.list[Account("rong")] }
        #expect(rong?.reason == "by law")
        let empty = try await stream([])
        #expect(
            empty.text
                == #"{"accepted":0,"duplicates":0,"invalid":0,"invalid_examples":[],"total":3}"#
        )
    }

    @Test(arguments: [
        ("text/plain", "a\nb\n"), ("application/x-ndjson", "\"a\"\n{\"account\":\"b\"}\n"),
        ("text/csv", "account,reason,created_at\r\na,x,2025-11-11T01:30:00.000Z\r\nb,,\r\n"),
    ])
    func `comes in the forms of recipients, gzipped too`(type: String, text: String) async throws {
        let plain = try await stream(Array(text.utf8), type: type)
        #expect(try plain.json()["accepted"]?.integer == 2)
        #expect(accounts == ["a", "b"])
        let again = try await stream(
            gzip(Array(text.utf8)),
            type: type,
            headers: [.contentEncoding: "gzip"]
        )
        #expect(try again.json()["duplicates"]?.integer == 2)
    }

    @Test func `refuses other types and encodings, and a token that may only read`() async throws {
        #expect(try await stream([], type: "application/json").status == 415)
        #expect(try await stream([], headers: [.contentEncoding: "br"]).status == 415)
        #expect(try await stream(Array("a\n".utf8), token: readToken).status == 403)
        #expect(accounts.isEmpty)
    }

    @Test func `keeps what it read of a broken stream and says so`() async throws {
        let bytes = gzip(Array("a\nb\n".utf8)) + Array("garbage".utf8)
        let answer = try await stream(bytes, headers: [.contentEncoding: "gzip"])
        #expect(answer.status == 400)
        #expect(try answer.slug() == "broken-stream")
        #expect(try answer.json()["intake"]?["accepted"]?.integer == 2)
        #expect(try answer.json()["intake"]?["total"]?.integer == 2)
        #expect(accounts == ["a", "b"])
    }

    @Test func `tells what was stored before the store was full`() async throws {
        suppressions.state.withLock { $0.faultAfterRun = .full("the disk is full") }
        let answer = try await stream(Array("a\nb\na\n".utf8))
        #expect(answer.status == 507)
        #expect(answer.headers[.retryAfter] != nil)
        #expect(answer.text.contains("only what `intake` counts was stored"))
        let intake = try answer.json()["intake"]
        #expect(intake?["accepted"]?.integer == 2)
        #expect(intake?["total"]?.integer == 2)
    }

    @Test(arguments: ["", "a\n"])
    func `answers 507 when the store takes nothing, and never a total that it can't know`(
        text: String
    ) async throws {
        suppressions.state.withLock { $0.queueError = .full("the disk is full") }
        let answer = try await stream(Array(text.utf8))
        #expect(answer.status == 507)
        suppressions.state.withLock { $0.queueError = nil }
        #expect(try await stream(Array("a\n".utf8)).status == 200)
    }

    @Test func `is read in bounded memory, with bad lines among many`() async throws {
        var configuration = makeConfiguration()
        configuration.intakeMemoryLimit = 1 << 20
        let small = makeEndpoint(
            FakeService(),
            suppressions: suppressions,
            configuration: configuration
        )
        let lines = (0..<200_000).map { number in
            number.isMultiple(of: 1_000) ? "bad-\u{7}-\(number)\n" : "account-\(number)\n"
        }
        let answer = try await stream(Array(lines.joined().utf8), endpoint: small)
        let summary = try answer.json()
        #expect(summary["accepted"]?.integer == 199_800)
        #expect(summary["invalid"]?.integer == 200)
        let examples = summary["invalid_examples"]?.elements?.compactMap { $0["line"]?.integer }
        #expect(examples == (0..<10).map { $0 * 1_000 + 1 })
        #expect(summary["total"]?.integer == 199_800)
        let sizes = suppressions.state.withLock { $0.runSizes }
        #expect(sizes.count > 3)
        // 18 bytes of an account and 4 of its offset: no run is over the whole budget.
        #expect((sizes.max() ?? 0) * 18 < 1 << 20)
    }

    @Test func `shares the memory of streams with recipients`() async throws {
        var configuration = makeConfiguration()
        // Room for one stream.
        configuration.intakeMemoryLimit = IntakeBudget.minimum
        let crowded = makeEndpoint(
            FakeService(),
            suppressions: suppressions,
            configuration: configuration
        )
        let id = try await makeCampaign(crowded)
        try await withServer(crowded) { address in
            try await withConnection(to: address) { first in
                try await first.send(
                    "POST /v1/campaigns/\(id)/recipients HTTP/1.1\r\n\(head)"
                        + "Content-Type: text/plain\r\nContent-Length: 2\r\n"
                        + "Expect: 100-continue\r\n\r\n"
                )
                try await first.receive(until: "100 Continue")
                let refused = try await stream(Array("a\n".utf8), endpoint: crowded)
                #expect(refused.status == 503)
                #expect(try refused.slug() == "too-busy")
                try await first.send("a\n")
                #expect(try await first.receive(until: "\"total\":1"))
            }
        }
        #expect(try await stream(Array("a\n".utf8), endpoint: crowded).status == 200)
    }

    private func fill(_ names: [String]) {
        suppressions.state.withLock { state in
            for name in names {
                let account = Account(name)
                state.list[account] = Suppression(
                    account: account,
                    reason: name == "b,\"c" ? "say \"no\", twice" : nil,
                    createdAt: FakeService.start
                )
            }
        }
    }

    @Test(arguments: [1, 2, 4, 100])
    func `is paged through in the order of the bytes`(limit: Int) async throws {
        let names = ["A", "a", "b,\"c", "天"]
        fill(names)
        var seen: [String] = []
        var cursor: String?
        var pages = 0
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await exchange(
                .get,
                "\(list)?limit=\(limit)\(place)",
                token: readToken,
                endpoint: endpoint
            ).json()
            #expect(page.members?.map(\.name) == ["items", "next_cursor"])
            seen += page["items"]?.elements?.compactMap { $0["account"]?.string } ?? []
            cursor = page["next_cursor"]?.string
            pages += 1
        } while cursor != nil
        #expect(seen == names)
        #expect(pages == (names.count + limit - 1) / limit)
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "limit=x", "cursor=x", "account=a", "status=sent",
        "cursor=\(Cursor.account(Account(String(repeating: "x", count: 33))).text)",
    ])
    func `refuses a bad query`(query: String) async throws {
        #expect(try await exchange(.get, "\(list)?\(query)", endpoint: endpoint).status == 400)
    }

    @Test func `leaves whole as CSV and as JSON lines`() async throws {
        fill(["a", "b,\"c", "天"])
        let time = "2025-11-11T01:30:00.000Z"
        let csv = try await exchange(
            .get,
            list,
            headers: [.accept: "text/csv"],
            endpoint: endpoint
        )
        #expect(
            csv.text == "account,reason,created_at\r\na,,\(time)\r\n"
                + "\"b,\"\"c\",\"say \"\"no\"\", twice\",\(time)\r\n天,,\(time)\r\n"
        )
        let lines = try await exchange(
            .get,
            list,
            headers: [.accept: "application/x-ndjson"],
            endpoint: endpoint
        )
        #expect(lines.headers[.contentType] == "application/x-ndjson")
        #expect(
            lines.text.split(separator: "\n").first.map { "\($0)" }
                == #"{"account":"a","reason":null,"created_at":"\#(time)"}"#
        )
        #expect(lines.text.split(separator: "\n").count == 3)
        let head = try await exchange(
            .head,
            list,
            headers: [.accept: "text/csv"],
            endpoint: endpoint
        )
        #expect(head.status == 200 && head.body.isEmpty)
        let limited = try await exchange(
            .get,
            "\(list)?limit=1",
            headers: [.accept: "text/csv"],
            endpoint: endpoint
        )
        #expect(limited.status == 400)
        let other = try await exchange(
            .get,
            list,
            headers: [.accept: "text/html"],
            endpoint: endpoint
        )
        #expect(other.status == 406)
    }

    @Test func `leaves a piece at a time, and what is read back is the same`() async throws {
        let names = (0..<1_203).map { "account-\(10_000 + $0)" }
        fill(names)
        let lines = try await exchange(
            .get,
            list,
            headers: [.accept: "application/x-ndjson"],
            endpoint: endpoint
        )
        #expect(suppressions.state.withLock { $0.limits } == [500, 500, 500])
        suppressions.state.withLock { $0.list = [:] }
        let back = try await stream(lines.body, type: "application/x-ndjson")
        #expect(try back.json()["accepted"]?.integer == names.count)
        #expect(accounts == names)
    }

    @Test func `breaks the connection when the store fails in its middle`() async throws {
        fill((0..<600).map { "account-\(10_000 + $0)" })
        suppressions.state.withLock { $0.laterPageError = .failed("broken") }
        let text = try await withServer(endpoint) { address in
            try await talk(
                to: address,
                [("", "GET \(list) HTTP/1.1\r\n\(head)Accept: text/csv\r\n\r\n")]
            )
        }
        #expect(text.contains("account-10000,,"))
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(log.all.contains("An export broke off"))
    }
}
