import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization

/// A server on a free loopback port that answers by a script and tells what it saw.
///
/// It works on bytes, so that a test can answer what no HTTP library would write.
package final class LoopbackServer: Sendable {
    package enum Reply: Sendable {
        /// A whole answer with its length.
        case answer(status: Int = 200, headers: String = "", body: String)
        /// These bytes, and the end of the connection.
        case bytes(String)
        /// The connection ends without an answer.
        case close
        case silence
        /// The head of an answer, and then a byte of its body now and then, for ever.
        case trickle
    }

    package enum Event: Sendable, Equatable {
        case connected
        case requested
        /// The client ended the connection with a reset.
        case reset
        case closed
    }

    package struct Request: Sendable {
        package let head: String
        package let body: String
    }

    private struct State {
        var script: [Reply]
        var requests: [Request] = []
        var connectionCount = 0
    }

    package let port: Int
    private let channel: any Channel
    private let state: Mutex<State>
    private let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    /// The endpoint of the server.
    package var url: String { "http://127.0.0.1:\(port)" }
    package var secureURL: String { "https://127.0.0.1:\(port)" }
    package var requests: [Request] { state.withLock { $0.requests } }
    package var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// Runs a server for as long as the body runs; the last reply of the script repeats.
    package static func run<Result>(
        _ script: [Reply],
        tls: NIOSSLContext? = nil,
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let shared = Box()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: tls)
                        )
                    }
                    if let server = shared.value {
                        try channel.pipeline.syncOperations.addHandler(Connection(server))
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = LoopbackServer(
            channel: channel,
            script: script,
            events: events,
            continuation: continuation
        )
        shared.set(server)
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }

    private init(
        channel: any Channel,
        script: [Reply],
        events: AsyncStream<Event>,
        continuation: AsyncStream<Event>.Continuation
    ) {
        self.channel = channel
        self.events = events
        self.continuation = continuation
        port = channel.localAddress?.port ?? 0
        state = Mutex(State(script: script))
    }

    /// Waits until something has happened.
    package func wait(for event: Event) async {
        for await seen in events where seen == event { return }
    }

    /// Waits until a connection has ended, and says how.
    package func end() async -> Event? {
        for await seen in events where seen == .reset || seen == .closed { return seen }
        return nil
    }

    fileprivate func tell(_ event: Event) {
        if event == .connected { state.withLock { $0.connectionCount += 1 } }
        continuation.yield(event)
    }

    fileprivate func reply(to request: Request) -> Reply {
        state.withLock { state in
            state.requests.append(request)
            return state.script.count > 1 ? state.script.removeFirst() : state.script[0]
        }
    }
}

/// Holds the server for connections that come once it is listening.
private final class Box: Sendable {
    private let server = Mutex<LoopbackServer?>(nil)

    var value: LoopbackServer? { server.withLock { $0 } }

    func set(_ value: LoopbackServer) { server.withLock { $0 = value } }
}

private final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: LoopbackServer
    private var received = ""
    private var wasReset = false

    init(_ server: LoopbackServer) {
        self.server = server
    }

    func channelActive(context: ChannelHandlerContext) {
        server.tell(.connected)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        while let request = nextRequest() {
            let reply = server.reply(to: request)
            answer(reply, context: context)
            server.tell(.requested)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == ECONNRESET { wasReset = true }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        server.tell(wasReset ? .reset : .closed)
    }

    private func nextRequest() -> LoopbackServer.Request? {
        let bytes = Array(received.utf8)
        let text = received
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<end.lowerBound])
        let length =
            head.split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingPrefix(" ")) } ?? 0
        let start = head.utf8.count + 4
        guard bytes.count >= start + length else { return nil }
        received = String(decoding: bytes[(start + length)...], as: UTF8.self)
        let body = String(decoding: bytes[start..<start + length], as: UTF8.self)
        return LoopbackServer.Request(head: head, body: body)
    }

    private func answer(_ reply: LoopbackServer.Reply, context: ChannelHandlerContext) {
        switch reply {
        case .answer(let status, let headers, let body):
            write(
                "HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\(headers)\r\n\(body)",
                context: context
            )
        case .bytes(let bytes):
            write(bytes, context: context)
            context.close(promise: nil)
        case .close: context.close(promise: nil)
        case .silence: return
        case .trickle:
            write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", context: context)
            trickle(context: context)
        }
    }

    private func trickle(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        write("x", context: context)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) {
            self.trickle(context: context)
        }
    }

    private func write(_ text: String, context: ChannelHandlerContext) {
        // Whichever comes first, a write or a read, finds the reset: a write as a broken pipe, where
        // the reset was taken off the socket before. After an ordinary end it is no IOError. The
        // channel goes inactive within the write that fails, so the promise is listened to before.
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenFailure {
            if $0 is IOError { self.wasReset = true }
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: promise)
    }
}
