import DeliveryCore
import Foundation
import HTTPAPI
import HTTPTypes
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Clients that are slow, many, or rude; the limits are short, so that none of it takes long.
@Suite(.serialized, .timeLimit(.minutes(1))) struct `Hostile clients` {
    private let service = FakeService()
    private static let head = "Host: localhost\r\nAuthorization: Bearer w-token\r\n"
    private static let health = "GET /healthz HTTP/1.1\r\n\(head)Connection: close\r\n\r\n"
    private static let text = "Content-Type: text/plain\r\n"

    private static func stream(_ id: String, _ fields: String) -> String {
        "POST /v1/campaigns/\(id)/recipients HTTP/1.1\r\n\(head)\(fields)\r\n"
    }

    // MARK: Many connections

    @Test func `that are idle make room for others`() async throws {
        var configuration = makeConfiguration()
        configuration.connectionLimit = 4
        try await withServer(makeEndpoint(service, configuration: configuration)) { address in
            try await withThrowingTaskGroup(of: String.self) { group in
                let (connected, arrival) = AsyncStream.makeStream(of: Void.self)
                for number in 0..<20 {
                    group.addTask {
                        try await withConnection(to: address) { connection in
                            // Some say nothing, the others never end their head.
                            if number % 2 == 0 { try await connection.send("GET / HTTP/1.1\r\n") }
                            arrival.yield()
                            return try await connection.receiveAll()
                        }
                    }
                }
                for await _ in connected.prefix(20) {}
                // All but the last few are closed without a word, long before their time.
                for _ in 0..<16 { #expect(try await group.next() == "") }
                let answer = try await talk(to: address, [("", Self.health)])
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                group.cancelAll()
            }
        }
    }

    @Test func `that all have something to do are left in peace, the next is told to wait`()
        async throws
    {
        var configuration = makeConfiguration()
        configuration.connectionLimit = 2
        let endpoint = makeEndpoint(service, configuration: configuration)
        let id = try await makeCampaign(endpoint)
        let expecting = Self.text + "Content-Length: 2\r\nExpect: 100-continue\r\n"
        try await withServer(endpoint) { address in
            try await withConnection(to: address) { first in
                try await first.send(Self.stream(id, expecting))
                try await first.receive(until: "100 Continue")
                try await withConnection(to: address) { second in
                    try await second.send(Self.stream(id, expecting))
                    try await second.receive(until: "100 Continue")
                    let refused = try await talk(to: address, [("", Self.health)])
                    #expect(refused.hasPrefix("HTTP/1.1 503"))
                    #expect(refused.contains("urn:fanoutd:problem:too-busy"))
                    #expect(refused.lowercased().contains("retry-after: 1\r\n"))
                    try await second.send("b\n")
                    #expect(try await second.receive(until: "\"accepted\":1"))
                    let answer = try await talk(to: address, [("", Self.health)])
                    #expect(answer.hasPrefix("HTTP/1.1 200"))
                }
                try await first.send("a\n")
                #expect(try await first.receive(until: "\"total\":2"))
            }
        }
    }

    // MARK: Slow ones

    @Test func `that never end their head are closed`() async throws {
        let configuration = makeHastyConfiguration { $0.headTime = .milliseconds(100) }
        try await withServer(makeEndpoint(service, configuration: configuration)) { address in
            let text = try await talk(to: address, [("", "GET /healthz HTTP/1.1\r\nHost: loc")])
            #expect(text.isEmpty)
        }
    }

    @Test(arguments: [("", "4\r\na\nb\n\r\n", 2), ("Expect: 100-continue\r\n", "", 0)])
    func `that stop in a body are told so, and keep what came`(
        expect: String,
        body: String,
        accepted: Int
    ) async throws {
        let configuration = makeHastyConfiguration { $0.rateWindow = .milliseconds(200) }
        let endpoint = makeEndpoint(service, configuration: configuration)
        let id = try await makeCampaign(endpoint)
        let fields = Self.text + "Transfer-Encoding: chunked\r\n" + expect
        let text = try await withServer(endpoint) { address in
            try await talk(to: address, [("", Self.stream(id, fields) + body)])
        }
        #expect(text.contains("HTTP/1.1 100 Continue") == !expect.isEmpty)
        #expect(text.contains("HTTP/1.1 408 "))
        #expect(text.contains("urn:fanoutd:problem:slow-body"))
        #expect(text.contains("\"accepted\":\(accepted)"))
        #expect(text.contains("Connection: close"))
        #expect(service.openIntakeCount == 0)
    }

    @Test func `that stop in a JSON body are told so`() async throws {
        let configuration = makeHastyConfiguration { $0.rateWindow = .milliseconds(200) }
        let endpoint = makeEndpoint(service, configuration: configuration)
        let fields = "Content-Type: application/json\r\nContent-Length: 100\r\n"
        let text = try await withServer(endpoint) { address in
            try await talk(
                to: address,
                [("", "POST /v1/campaigns HTTP/1.1\r\n\(Self.head)\(fields)\r\n{")]
            )
        }
        #expect(text.hasPrefix("HTTP/1.1 408 "))
        #expect(text.contains("urn:fanoutd:problem:slow-body"))
    }

    @Test func `that hide behind an endless chunk extension are cut off`() async throws {
        let configuration = makeHastyConfiguration { $0.rateWindow = .milliseconds(200) }
        let endpoint = makeEndpoint(service, configuration: configuration)
        let id = try await makeCampaign(endpoint)
        let fields = Self.text + "Transfer-Encoding: chunked\r\n"
        let text = try await withServer(endpoint) { address in
            try await withConnection(to: address) { connection in
                try await connection.send(Self.stream(id, fields) + "1;")
                let extension64K = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
                for _ in 0..<64 { try await connection.send(extension64K) }
                while try await connection.receive() {}
                return connection.received
            }
        }
        #expect(text.hasPrefix("HTTP/1.1 408 ") || text.hasPrefix("HTTP/1.1 400 "))
    }

    @Test func `that never read their answer lose it`() async throws {
        let (messages, log) = AsyncStream.makeStream(of: String.self)
        let configuration = makeHastyConfiguration { $0.writeTime = .milliseconds(200) }
        let endpoint = makeEndpoint(
            service,
            configuration: configuration,
            logger: LogLines { line in
                log.yield(line.message)
                return nil
            }.logger
        )
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.isEndless = true }
        let path = "/v1/campaigns/\(id)/recipients"
        let request = "GET \(path) HTTP/1.1\r\n\(Self.head)Accept: text/csv\r\n\r\n"
        let text = try await withServer(endpoint) { address in
            try await withConnection(to: address, receiveBuffer: 4_096) { connection in
                try await connection.send(request)
                for await message in messages where message == "An export broke off" { break }
                return try await connection.receiveAll()
            }
        }
        #expect(text.hasPrefix("HTTP/1.1 200 "))
        #expect(!text.hasSuffix("0\r\n\r\n"))
        // What the kernel and the client hold is some megabytes; a page has 60 KB and more.
        #expect(service.state.withLock { $0.pageCount } < 1_000)
    }

    @Test func `that send all of a refused body before they read get their answer`() async throws {
        let head = Self.head
        let text = try await withServer(makeEndpoint(service)) { address in
            try await withConnection(to: address) { connection in
                let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
                let fields = "Content-Type: application/json\r\nContent-Length: \(16 << 20)\r\n"
                try await connection.send("POST /v1/campaigns HTTP/1.1\r\n\(head)\(fields)\r\n")
                for _ in 0..<16 { try await connection.sendAll(piece) }
                return try await connection.receiveAll()
            }
        }
        #expect(text.hasPrefix("HTTP/1.1 413 "))
        #expect(text.contains("urn:fanoutd:problem:too-large"))
    }

    // MARK: Those that end early

    @Test func `that end their side still get their answer`() async throws {
        let endpoint = makeEndpoint(service)
        let id = try await makeCampaign(endpoint)
        let (whole, broken) = try await withServer(endpoint) { address in
            let whole = try await withConnection(to: address) { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\n\(Self.head)\r\n")
                connection.finish()
                return try await connection.receiveAll()
            }
            let broken = try await withConnection(to: address) { connection in
                let fields = Self.text + "Content-Length: 100\r\n"
                try await connection.send(Self.stream(id, fields) + "a\nb\nc")
                connection.finish()
                return try await connection.receiveAll()
            }
            return (whole, broken)
        }
        #expect(whole.hasPrefix("HTTP/1.1 200 "))
        #expect(broken.hasPrefix("HTTP/1.1 400 "))
        #expect(broken.contains("urn:fanoutd:problem:broken-stream"))
        #expect(broken.contains("\"accepted\":"))
        #expect(service.openIntakeCount == 0)
    }

    // MARK: Greedy ones

    @Test func `that send bombs leave time for others`() async throws {
        // One more than there are threads; each alone would keep one busy for a long while.
        let count = ProcessInfo.processInfo.activeProcessorCount + 1
        let (changes, change) = AsyncStream.makeStream(of: Void.self)
        service.state.withLock { $0.onIntake = { change.yield() } }
        let endpoint = makeEndpoint(service)
        let id = try await makeCampaign(endpoint)
        let member = gzip([UInt8](repeating: UInt8(ascii: "x"), count: 32 << 20))
        let bomb = [UInt8](repeatElement(member, count: 3).joined()) + gzip(Array("\nlast\n".utf8))
        let fields = Self.text + "Content-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n"
        let service = service
        try await withServer(endpoint) { address in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        try await talk(
                            to: address,
                            [
                                (
                                    "",
                                    Array((Self.stream(id, "Connection: close\r\n" + fields)).utf8)
                                ),
                                ("", bomb),
                            ]
                        )
                    }
                }
                for await _ in changes.prefix(count) {}
                #expect(service.openIntakeCount == count, "a stream ended before the last began")
                let answer = try await talk(to: address, [("", Self.health)])
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                #expect(service.openIntakeCount == count, "a stream ended before the answer")
                for try await text in group {
                    #expect(text.hasPrefix("HTTP/1.1 200 "))
                    #expect(text.contains("\"invalid\":1,"), "\(text)")
                }
            }
        }
        #expect(service.state.withLock { $0.recipients.values.first?.count } == 1)
    }

    @Test func `that open too many streams are told to wait`() async throws {
        var configuration = makeConfiguration()
        configuration.intakeMemoryLimit = IntakeBudget.minimum
        let endpoint = makeEndpoint(service, configuration: configuration)
        let id = try await makeCampaign(endpoint)
        let fields = Self.text + "Content-Length: 2\r\nExpect: 100-continue\r\n"
        try await withServer(endpoint) { address in
            try await withConnection(to: address) { first in
                try await first.send(Self.stream(id, fields))
                try await first.receive(until: "100 Continue")
                let refused = try await talk(
                    to: address,
                    [("", Self.stream(id, fields + "Connection: close\r\n"))]
                )
                // Not asked for the body first: nobody wants it.
                #expect(refused.hasPrefix("HTTP/1.1 503 "))
                #expect(refused.contains("urn:fanoutd:problem:too-busy"))
                try await first.send("a\n")
                #expect(try await first.receive(until: "\"accepted\":1"))
            }
        }
    }

    @Test func `that send many bodies at once share a bounded memory`() async throws {
        var configuration = makeConfiguration()
        configuration.bodySizeLimit = 1_000
        configuration.bodyMemoryLimit = 0
        let endpoint = makeEndpoint(service, configuration: configuration)
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let (gate, opening) = AsyncStream.makeStream(of: Void.self)
        service.state.withLock {
            $0.beforeCreation = {
                arrival.yield()
                for await _ in gate { break }
            }
        }
        let padding = String(repeating: " ", count: 900)
        let body = "{\"name\":\"n\",\"message\":{\"MsgBody\":[]}\(padding)}"
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await exchange(.post, "/v1/campaigns", body, endpoint: endpoint).status
                }
            }
            for await _ in arrivals.prefix(2) {}
            let refused = try await exchange(.post, "/v1/campaigns", body, endpoint: endpoint)
            #expect(refused.status == 503)
            #expect(try refused.slug() == "too-busy")
            opening.finish()
            for try await status in group { #expect(status == 201) }
        }
        service.state.withLock { $0.beforeCreation = nil }
        let again = try await exchange(.post, "/v1/campaigns", body, endpoint: endpoint)
        #expect(again.status == 201)
    }
}
