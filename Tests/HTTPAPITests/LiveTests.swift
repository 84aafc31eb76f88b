import DeliveryCore
import DeliveryEngine
import Foundation
import Glibc
import HTTPAPI
import Logging
import NIOCore
import NIOPosix
import Platform
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct `A real socket` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }
    private let head = "Host: localhost\r\nAuthorization: Bearer w-token\r\n"

    @Test func `keeps a connection, and sends nothing behind HEAD`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let path = "/v1/campaigns/\(id)/recipients"
        let head = head
        let text = try await withServer(endpoint) { address in
            try await talk(
                to: address,
                [
                    ("", "HEAD \(path) HTTP/1.1\r\n\(head)Accept: text/csv\r\n\r\n"),
                    ("\r\n\r\n", "GET \(path) HTTP/1.1\r\n\(head)Accept: text/csv\r\n\r\n"),
                    ("0\r\n\r\n", "GET /healthz HTTP/1.1\r\n\(head)Connection: close\r\n\r\n"),
                ]
            )
        }
        let answers = text.components(separatedBy: "HTTP/1.1 200 OK\r\n")
        #expect(answers.count == 4)
        #expect(answers.dropFirst().first?.hasSuffix("\r\n\r\n") == true)
        #expect(answers.dropFirst().first?.contains("0\r\n\r\n") == false)
        #expect(answers.last?.contains("Connection: close") == true)
        #expect(answers.last?.hasSuffix("{\"status\":\"ok\"}") == true)
    }

    @Test func `dates each answer by the second in which it is made`() async throws {
        let time = SetTime(Timestamp(milliseconds: 1_762_824_600_000))
        let text = try await withServer(makeEndpoint(service, time: time)) { address in
            try await withConnection(to: address) { connection in
                let head = "Host: localhost\r\n"
                for (milliseconds, end) in [(0, ""), (999, ""), (1, "Connection: close\r\n")] {
                    time.advance(by: milliseconds)
                    try await connection.send("GET /healthz HTTP/1.1\r\n\(head)\(end)\r\n")
                    let count = connection.received.ranges(of: "\"ok\"").count
                    while connection.received.ranges(of: "\"ok\"").count == count {
                        guard try await connection.receive() else { break }
                    }
                }
                return connection.received
            }
        }
        let dates = text.matches(of: /\r\ndate: (.+)\r\n/.ignoresCase()).map { "\($0.output.1)" }
        #expect(
            dates == [
                "Tue, 11 Nov 2025 01:30:00 GMT", "Tue, 11 Nov 2025 01:30:00 GMT",
                "Tue, 11 Nov 2025 01:30:01 GMT",
            ]
        )
    }

    @Test func `asks for a body it wants, and refuses the others before they are sent`()
        async throws
    {
        let id = try await makeCampaign(endpoint)
        let head = head
        let expect = "Expect: 100-continue\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n"
        let path = "/v1/campaigns/\(id)/recipients"
        let (good, bad) = try await withServer(endpoint) { address in
            let good = try await talk(
                to: address,
                [
                    ("", "POST \(path) HTTP/1.1\r\n\(head)\(expect)"),
                    ("HTTP/1.1 100 Continue", "a\n"),
                ],
                until: "\"total\":1}"
            )
            let bad = try await talk(
                to: address,
                [("", "POST \(path)x HTTP/1.1\r\n\(head)\(expect)")]
            )
            return (good, bad)
        }
        #expect(good.contains("HTTP/1.1 200 OK"))
        #expect(bad.hasPrefix("HTTP/1.1 404"))
        #expect(bad.contains("Connection: close"))
    }

    @Test func `keeps what came of a stream that breaks`() async throws {
        let id = try await makeCampaign(endpoint)
        let head = head + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        let text = try await withServer(endpoint) { address in
            let request = "POST /v1/campaigns/\(id)/recipients HTTP/1.1\r\n\(head)"
            return try await talk(to: address, [("", request + "4\r\na\nb\n\r\nbroken\r\n")])
        }
        #expect(text.hasPrefix("HTTP/1.1 400"))
        #expect(text.contains("urn:fanoutd:problem:broken-stream"))
        #expect(text.contains("\"accepted\":2"))
        #expect(service.state.withLock { $0.recipients.values.first?.count } == 2)
    }

    @Test func `refuses heads that are too large or none`() async throws {
        let head = head
        let (large, none) = try await withServer(endpoint) { address in
            let field = "X-Long: " + String(repeating: "x", count: 20_000) + "\r\n"
            let large = try await talk(
                to: address,
                [("", "GET /healthz HTTP/1.1\r\n\(head)\(field)\r\n")]
            )
            let none = try await talk(to: address, [("", "nonsense\r\n\r\n")])
            return (large, none)
        }
        #expect(large.hasPrefix("HTTP/1.1 431"))
        #expect(large.contains("urn:fanoutd:problem:headers-too-large"))
        #expect(none.hasPrefix("HTTP/1.1 400"))
    }

    @Test(arguments: [true, false])
    func `breaks the connection when an export fails in its middle, or its campaign is deleted`(
        isDeleted: Bool
    ) async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a", "b", "c"])
        service.state.withLock {
            $0.pageLimit = 1
            if isDeleted {
                $0.isDeletedByLaterPage = true
            } else {
                $0.laterPageError = .failed("the disk is broken")
            }
        }
        let head = head
        let text = try await withServer(endpoint) { address in
            try await talk(
                to: address,
                [
                    (
                        "",
                        "GET /v1/campaigns/\(id)/recipients HTTP/1.1\r\n\(head)Accept: text/csv\r\n\r\n"
                    )
                ]
            )
        }
        #expect(text.contains("a,queued"))
        #expect(!text.hasSuffix("0\r\n\r\n"))
    }

    @Test func `of Unix kind names its peer in the log, and takes no Host or any word`()
        async throws
    {
        let path = "/tmp/fanoutd-\(UInt64.random(in: 0...UInt64.max)).sock"
        let changes = LogLines.audit
        let endpoint = makeEndpoint(
            service,
            configuration: makeConfiguration(listen: .unix(path: path)),
            logger: changes.logger
        )
        let text = try await withServer(endpoint) { address in
            try await talk(
                to: address,
                [
                    (
                        "",
                        "POST /v4/openim/batchsendmsg?identifier=boss HTTP/1.1\r\n"
                            + "Content-Length: 6\r\n\r\nbonnie"
                    ),
                    (
                        "taken",
                        "POST /v1/pause HTTP/1.1\r\nHost: fanoutd\r\n"
                            + "Content-Length: 0\r\nConnection: close\r\n\r\n"
                    ),
                ]
            )
        }
        #expect(text.hasPrefix("HTTP/1.1 200"))
        let id = try #require(service.state.withLock { $0.campaigns.keys.first })
        #expect(
            changes.all == [
                "create of \(id) by gateway boss, uid \(geteuid())",
                "pause all by uid \(geteuid())",
            ]
        )
    }

    @Test func `of Unix kind has its mode, asks no token, and isn't taken twice`() async throws {
        let path = "/tmp/fanoutd-\(UInt64.random(in: 0...UInt64.max)).sock"
        let configuration = makeConfiguration(listen: .unix(path: path))
        let endpoint = makeEndpoint(service, configuration: configuration)
        let text = try await withServer(endpoint) { address in
            await #expect(throws: (any Error).self) { try await endpoint.service().run() }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o660)
            return try await talk(
                to: address,
                [("", "GET /v1/quota HTTP/1.1\r\nConnection: close\r\n\r\n")]
            )
        }
        #expect(text.hasPrefix("HTTP/1.1 200"))
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
