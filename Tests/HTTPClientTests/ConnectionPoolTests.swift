import HTTPClient
import NIOCore
import NIOHTTP1
import Platform
import TestSupport
import Testing

private let ok = LoopbackServer.Reply.answer(body: "fine")

/// Longer than a busy machine lets a test wait.
private let long = TimeAmount.minutes(10)

@Suite struct ConnectionPoolTests {
    private func withPool<Result>(
        idleLimit: Duration = .seconds(600),
        close: ConnectionPool.Settings.Close = .reset(retransmitting: .seconds(600)),
        _ body: (ConnectionPool) async throws -> Result
    ) async throws -> Result {
        let pool = ConnectionPool(.init(idleLimit: idleLimit, close: close))
        let result: Result
        do {
            result = try await body(pool)
        } catch {
            await pool.shutDown()
            throw error
        }
        await pool.shutDown()
        return result
    }

    private func post(
        _ body: String = "request",
        use: Post.AnswerUse = .body(limit: 1_000),
        within limit: TimeAmount = long,
        mayBegin: (@Sendable () -> Bool)? = nil
    ) -> Post {
        Post(
            target: "/path?query",
            headers: ["A": "b"],
            body: ByteBuffer(string: body),
            use: use,
            deadline: .now() + limit,
            mayBegin: mayBegin
        )
    }

    private func send(
        _ post: Post,
        to url: String,
        over pool: ConnectionPool,
        connectLimit: Duration = .seconds(600)
    ) async throws -> Post.Ending {
        let server = try #require(WebAddress(url))
        return await pool.post(post, to: server, connectLimit: connectLimit)
    }

    /// An ending as a text that a table can hold.
    private func shown(_ ending: Post.Ending) -> String {
        switch ending {
        case .answered(let head, let body): "\(head.status.code) \(String(buffer: body))"
        case .notBegun(let error): "not begun: \(error)"
        case .heldBack: "held back"
        case .broken(let error): "broken: \(error)"
        }
    }

    @Test func `a request goes out whole, and its answer is read`() async throws {
        try await LoopbackServer.run([ok]) { server in
            try await withPool { pool in
                let ending = try await send(post(), to: server.url, over: pool)
                #expect(shown(ending) == "200 fine")
            }
            let request = try #require(server.requests.first)
            #expect(
                request.head
                    == "POST /path?query HTTP/1.1\r\nA: b\r\nHost: 127.0.0.1:\(server.port)"
                    + "\r\nContent-Length: 7"
            )
            #expect(request.body == "request")
        }
    }

    @Test func `two requests at once have a connection each, which later ones share`() async throws
    {
        try await LoopbackServer.run([.silence, ok]) { server in
            try await withPool { pool in
                let first = await withTaskGroup(of: String.self) { group in
                    group.addTask {
                        do {
                            return shown(try await send(post(), to: server.url, over: pool))
                        } catch {
                            return "\(error)"
                        }
                    }
                    await server.wait(for: .requested)
                    for _ in 0..<3 {
                        do {
                            let ending = try await send(post(), to: server.url, over: pool)
                            #expect(shown(ending) == "200 fine")
                        } catch {
                            Issue.record(error)
                        }
                    }
                    group.cancelAll()
                    return await group.next()
                }
                #expect(first == "broken: interrupted")
                #expect(server.connectionCount == 2)
            }
        }
    }

    @Test func `a connection that its server closes after an answer isn't used again`() async throws
    {
        let last = LoopbackServer.Reply.answer(headers: "connection: close\r\n", body: "fine")
        try await LoopbackServer.run([last]) { server in
            try await withPool { pool in
                for _ in 0..<2 {
                    let ending = try await send(post(), to: server.url, over: pool)
                    #expect(shown(ending) == "200 fine")
                }
            }
            #expect(server.connectionCount == 2)
        }
    }

    @Test(arguments: [
        (LoopbackServer.Reply.answer(status: 502, body: "sorry"), "502 ", 2),
        (
            .answer(body: String(repeating: "x", count: 1_000)),
            "200 " + String(repeating: "x", count: 1_000),
            1
        ),
        (.answer(body: String(repeating: "x", count: 1_001)), "broken: the answer is too large", 2),
        (.close, "broken: the connection was closed", 2),
    ])
    func `a body is taken of a 200 alone, up to its limit`(
        _ reply: LoopbackServer.Reply,
        _ text: String,
        _ connections: Int
    ) async throws {
        try await LoopbackServer.run([reply, ok]) { server in
            try await withPool { pool in
                let ending = try await send(post(), to: server.url, over: pool)
                #expect(shown(ending) == text)
                #expect(shown(try await send(post(), to: server.url, over: pool)) == "200 fine")
            }
            #expect(server.connectionCount == connections)
        }
    }

    @Test(arguments: [(100, 1), (101, 2)])
    func `an answer whose head is enough keeps its connection if its body is short`(
        _ size: Int,
        _ connections: Int
    ) async throws {
        let reply = LoopbackServer.Reply.answer(
            status: 404,
            body: String(repeating: "x", count: size)
        )
        try await LoopbackServer.run([reply]) { server in
            try await withPool(close: .orderly) { pool in
                let use = Post.AnswerUse.head(bodyLimit: 100)
                for _ in 0..<2 {
                    let ending = try await send(post(use: use), to: server.url, over: pool)
                    #expect(shown(ending) == "404 ")
                    // The second request might come while the body of the first is being read.
                    if connections == 2 { #expect(await server.end() == .closed) }
                }
            }
            #expect(server.connectionCount <= 2)
            if connections == 2 { #expect(server.connectionCount == 2) }
        }
    }

    @Test func `a connection that nothing uses is closed after a while`() async throws {
        try await LoopbackServer.run([ok]) { server in
            try await withPool(idleLimit: .milliseconds(100)) { pool in
                for _ in 0..<2 {
                    let ending = try await send(post(), to: server.url, over: pool)
                    #expect(shown(ending) == "200 fine")
                    #expect(await server.end() != nil)
                }
            }
            #expect(server.connectionCount == 2)
        }
    }

    @Test func `a head is enough though its body never ends`() async throws {
        try await LoopbackServer.run([.trickle]) { server in
            try await withPool(idleLimit: .milliseconds(100), close: .orderly) { pool in
                let use = Post.AnswerUse.head(bodyLimit: 1_000_000)
                let ending = try await send(post(use: use), to: server.url, over: pool)
                #expect(shown(ending) == "200 ")
                #expect(await server.end() != nil)
            }
        }
    }

    @Test func `an answer before the request is whole ends the connection`() async throws {
        // More than the buffers of a socket hold; the server reads nothing behind the head.
        let body = String(repeating: "x", count: 64 << 20)
        try await EarlyServer.run("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine") { url in
            try await withPool { pool in
                let ending = try await send(post(body), to: url, over: pool)
                #expect(shown(ending) == "200 fine")
                // On the same connection nobody would read it.
                let second = try await send(post(within: .seconds(20)), to: url, over: pool)
                #expect(shown(second) == "200 fine")
            }
        }
    }

    @Test func `a request that may not begin leaves its connection to the next`() async throws {
        try await LoopbackServer.run([ok]) { server in
            try await withPool { pool in
                let kept = try await send(post(mayBegin: { false }), to: server.url, over: pool)
                #expect(shown(kept) == "held back")
                #expect(server.requests.isEmpty)
                let sent = try await send(post(mayBegin: { true }), to: server.url, over: pool)
                #expect(shown(sent) == "200 fine")
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `a request that is canceled before it is made isn't begun`() async throws {
        try await LoopbackServer.run([ok]) { server in
            let ending = try await withPool { pool in
                let server = try #require(WebAddress(server.url))
                return await withTaskGroup(of: Post.Ending.self) { group in
                    group.cancelAll()
                    group.addTask {
                        await pool.post(post(), to: server, connectLimit: .seconds(600))
                    }
                    return await group.next()
                }
            }
            #expect(ending.map(shown) == "not begun: interrupted")
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `a deadline that passes before the connection stands leaves the request not begun`()
        async throws
    {
        // Its silence is a handshake that isn't answered.
        try await LoopbackServer.run([.silence]) { server in
            try await withPool { pool in
                let ending = try await send(
                    post(within: .milliseconds(200)),
                    to: server.secureURL,
                    over: pool
                )
                #expect(shown(ending) == "not begun: no answer in time")
                let late = try await send(
                    post(),
                    to: server.secureURL,
                    over: pool,
                    // A busy machine has its connection within that.
                    connectLimit: .seconds(2)
                )
                #expect(shown(late) == "not begun: no TLS handshake in time")
            }
        }
    }

    @Test func `a pool that was shut down begins nothing, and what was out is broken`() async throws
    {
        try await LoopbackServer.run([.silence]) { server in
            let pool = ConnectionPool(
                .init(idleLimit: .seconds(600), close: .reset(retransmitting: .seconds(600)))
            )
            let address = try #require(WebAddress(server.url))
            let ending = await withTaskGroup(of: Post.Ending.self) { group in
                group.addTask {
                    await pool.post(post(), to: address, connectLimit: .seconds(600))
                }
                await server.wait(for: .requested)
                await pool.shutDown()
                return await group.next()
            }
            #expect(ending.map(shown) == "broken: the connection was closed")
            let next = await pool.post(post(), to: address, connectLimit: .seconds(600))
            #expect(shown(next) == "not begun: shutting down")
        }
    }
}
