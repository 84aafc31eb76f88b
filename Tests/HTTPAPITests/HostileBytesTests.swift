import DeliveryCore
import HTTPAPI
import NIOCore
import Testing

/// What a client sends, and what must come back.
struct HostileBytes: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    /// The statuses of the answers, in order.
    let statuses: [Int]

    init(_ name: String, _ text: String, _ statuses: Int...) {
        self.init(name, bytes: Array(text.utf8), statuses)
    }

    init(_ name: String, bytes: [UInt8], _ statuses: [Int]) {
        testDescription = name
        self.bytes = bytes
        self.statuses = statuses
    }
}

private let host = "Host: localhost\r\n"
private let token = "Authorization: Bearer w-token\r\n"
private let json = "Content-Type: application/json\r\n"

private func get(_ path: String = "/healthz", _ fields: String = host) -> String {
    "GET \(path) HTTP/1.1\r\n\(fields)\r\n"
}

private func post(_ path: String, _ fields: String, _ body: String = "") -> String {
    "POST \(path) HTTP/1.1\r\n\(host)\(token)\(fields)\r\n\(body)"
}

private let last = get("/healthz", host + "Connection: close\r\n")

let hostileBytes: [HostileBytes] = [
    // Not HTTP/1.1.
    HostileBytes("nonsense", "nonsense\r\n\r\n", 400),
    HostileBytes("only line ends, then a request", "\r\n\r\n" + last, 200),
    HostileBytes("NULs", bytes: [UInt8](repeating: 0, count: 100), [400]),
    HostileBytes("a TLS ClientHello", bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00], [400]),
    HostileBytes("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    HostileBytes(
        "an upgrade to HTTP/2",
        get(
            "/healthz",
            host
                + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        ) + last,
        200
    ),
    HostileBytes("HTTP/1.0", "GET /healthz HTTP/1.0\r\n\(host)\r\n", 200),
    HostileBytes("HTTP/0.9", "GET /healthz\r\n\r\n", 400),
    HostileBytes("HTTP/3.0", "GET /healthz HTTP/3.0\r\n\(host)\r\n", 400),
    HostileBytes("an unknown method", "FETCH /healthz HTTP/1.1\r\n\(host)\r\n", 400),
    HostileBytes("CONNECT", "CONNECT localhost:1 HTTP/1.1\r\n\(host)\r\n", 404),
    HostileBytes("OPTIONS *", "OPTIONS * HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 404),
    HostileBytes("TRACE", "TRACE /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 405),
    // Heads.
    HostileBytes("a folded header", get("/healthz", host + "X: a\r\n b\r\n"), 400),
    HostileBytes("a space before the colon", get("/healthz", host + "X : a\r\n"), 400),
    HostileBytes("a header without a name", get("/healthz", host + ": a\r\n"), 400),
    HostileBytes("NUL in a header", get("/healthz", host + "X: a\0b\r\n"), 400),
    HostileBytes("bare CR in a header", get("/healthz", host + "X: a\rb\r\n"), 400),
    HostileBytes("bare LF as line end", "GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
    HostileBytes(
        "invalid UTF-8 in a header",
        bytes: Array("GET /healthz HTTP/1.1\r\n\(host)X: ".utf8) + [0xFF, 0xFE]
            + Array("\r\n\r\n\(last)".utf8),
        [200, 200]
    ),
    HostileBytes(
        "invalid UTF-8 in a path",
        bytes: Array("GET /v1/".utf8) + [0xFF, 0xFE] + Array(" HTTP/1.1\r\n\(host)\r\n".utf8),
        [400]
    ),
    HostileBytes("NUL in a path", get("/health\0z"), 400),
    HostileBytes("a long path", get("/" + String(repeating: "x", count: 100_000)), 431),
    HostileBytes("a long query", get("/healthz?" + String(repeating: "x", count: 100_000)), 431),
    HostileBytes("a long method", String(repeating: "G", count: 100_000), 400),
    HostileBytes(
        "a long header",
        get("/healthz", host + "X: " + String(repeating: "x", count: 100_000) + "\r\n"),
        431
    ),
    HostileBytes(
        "a long name",
        get("/healthz", host + String(repeating: "x", count: 100_000) + ": a\r\n"),
        431
    ),
    HostileBytes(
        "many headers",
        get("/healthz", host + String(repeating: "X: a\r\n", count: 10_000)),
        431
    ),
    HostileBytes(
        "many long headers",
        get(
            "/healthz",
            host
                + String(
                    repeating: "X: " + String(repeating: "x", count: 8_000) + "\r\n",
                    count: 20
                )
        ),
        431
    ),
    // Hosts.
    HostileBytes("no Host", get("/healthz", "Connection: close\r\n"), 400),
    HostileBytes("two Hosts", get("/healthz", host + host) + last, 400, 200),
    HostileBytes(
        "two Hosts, one foreign",
        get("/healthz", host + "Host: evil.example\r\n") + last,
        400,
        200
    ),
    HostileBytes("an empty Host", get("/healthz", "Host: \r\n") + last, 400, 200),
    HostileBytes("a foreign absolute target", get("http://evil.example/healthz") + last, 403, 200),
    HostileBytes(
        "an absolute target of our own",
        get("http://localhost/healthz", "Host: evil.example\r\nConnection: close\r\n"),
        200
    ),
    // Bodies.
    HostileBytes(
        "both lengths",
        post(
            "/v1/pause",
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n" + last
        ),
        400
    ),
    HostileBytes(
        "both lengths, the other way",
        post(
            "/v1/pause",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            "0\r\n\r\n" + last
        ),
        400
    ),
    HostileBytes(
        "two lengths",
        post("/v1/pause", "Content-Length: 4\r\nContent-Length: 5\r\n", "12345"),
        400
    ),
    HostileBytes(
        "two equal lengths",
        post("/v1/pause", "Content-Length: 4\r\nContent-Length: 4\r\n", "1234"),
        400
    ),
    HostileBytes("a list of lengths", post("/v1/pause", "Content-Length: 4, 4\r\n", "1234"), 400),
    HostileBytes("a negative length", post("/v1/pause", "Content-Length: -1\r\n"), 400),
    HostileBytes("a length with a plus", post("/v1/pause", "Content-Length: +1\r\n"), 400),
    HostileBytes("a hexadecimal length", post("/v1/pause", "Content-Length: 0x10\r\n"), 400),
    HostileBytes(
        "a length beyond 64 bits",
        post("/v1/pause", "Content-Length: 99999999999999999999\r\n"),
        400
    ),
    HostileBytes(
        "a length of 2^63",
        post("/v1/campaigns", json + "Content-Length: 9223372036854775808\r\n"),
        413
    ),
    HostileBytes(
        "a coding besides chunked",
        post("/v1/pause", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        400
    ),
    HostileBytes(
        "chunked that isn't the last",
        post("/v1/pause", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        400
    ),
    HostileBytes(
        "chunked twice",
        post(
            "/v1/pause",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n"
        ),
        400
    ),
    HostileBytes(
        "a misspelt coding",
        post("/v1/pause", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        400
    ),
    HostileBytes("identity", post("/v1/pause", "Transfer-Encoding: identity\r\n", ""), 400),
    HostileBytes(
        "a hidden coding",
        post("/v1/pause", "Transfer-Encoding:\u{0b}chunked\r\n", "0\r\n\r\n"),
        400
    ),
    HostileBytes(
        "chunked in HTTP/1.0",
        "POST /v1/campaigns HTTP/1.0\r\n\(host)\(token)\(json)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400
    ),
    HostileBytes(
        "no chunk size",
        post("/v1/campaigns", json + "Transfer-Encoding: chunked\r\n", "\r\n"),
        400
    ),
    HostileBytes(
        "a negative chunk size",
        post("/v1/campaigns", json + "Transfer-Encoding: chunked\r\n", "-1\r\n"),
        400
    ),
    HostileBytes(
        "a chunk size beyond 64 bits",
        post("/v1/campaigns", json + "Transfer-Encoding: chunked\r\n", "11111111111111111\r\n"),
        400
    ),
    HostileBytes(
        "a chunk longer than it says",
        post("/v1/campaigns", json + "Transfer-Encoding: chunked\r\n", "2\r\n{}}\r\n0\r\n\r\n"),
        400
    ),
    HostileBytes(
        "chunks that end with LF alone",
        post("/v1/campaigns", json + "Transfer-Encoding: chunked\r\n", "2\n{}\n0\n\n"),
        400
    ),
    HostileBytes(
        "many trailers",
        post(
            "/v1/campaigns",
            json + "Transfer-Encoding: chunked\r\n",
            "2\r\n{}\r\n0\r\n" + String(repeating: "X: a\r\n", count: 10_000)
        ),
        400
    ),
    HostileBytes(
        "a body of GET",
        "GET /healthz HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\n12345" + last,
        200,
        200
    ),
    // Several requests.
    HostileBytes(
        "a pipeline",
        get() + get("/v1/quota") + get("/nowhere") + last,
        200,
        401,
        404,
        200
    ),
    HostileBytes(
        "a request behind a small refused body",
        post("/v1/campaigns", "Content-Type: text/html\r\nContent-Length: 5\r\n", "12345") + last,
        415,
        200
    ),
    HostileBytes(
        "a request behind a large refused body",
        post(
            "/v1/campaigns",
            json + "Content-Length: 2000000\r\n",
            String(repeating: "x", count: 2_000_000)
        ) + last,
        413
    ),
    HostileBytes(
        "a request behind an endless refused body",
        post(
            "/v1/campaigns",
            json + "Transfer-Encoding: chunked\r\n",
            String(
                repeating: "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n",
                count: 40
            )
        ),
        413
    ),
    HostileBytes("nonsense behind a request", get() + "nonsense\r\n\r\n", 200, 400),
    HostileBytes("a request behind the last", last + get(), 200),
    HostileBytes(
        "a preflight",
        "OPTIONS /v1/campaigns HTTP/1.1\r\n\(host)Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\nConnection: close\r\n\r\n",
        401
    ),
    HostileBytes(
        "expecting what there isn't",
        post("/v1/pause", "Expect: 200-maybe\r\nConnection: close\r\n"),
        200
    ),
]

@Suite(.serialized, .timeLimit(.minutes(1))) struct `Hostile bytes` {
    @Test(arguments: hostileBytes)
    func `get their answers, problems with the refusals, and an end`(
        hostile: HostileBytes
    ) async throws {
        // No haste: on a busy machine a client may be late with its first byte.
        let endpoint = makeEndpoint(FakeService())
        let text = try await withServer(endpoint) { address in
            try await talk(to: address, [("", hostile.bytes)])
        }
        let starts = text.matches(of: #/HTTP/1\.[01] ([0-9]{3}) /#)
        #expect(starts.map { Int($0.output.1) } == hostile.statuses, "\(text)")
        let lastAnswer = starts.last.map { text[$0.range.lowerBound...].lowercased() } ?? ""
        #expect(lastAnswer.contains("\r\nconnection: close\r\n"), "\(text)")
        let problems = text.matches(of: #/"type":"urn:fanoutd:problem:/#)
        #expect(problems.count == hostile.statuses.count { $0 >= 400 }, "\(text)")
        #expect(!text.lowercased().contains("access-control"))
    }
}
