import HTTPAPI
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@Suite struct `Request limits` {
    private let head = HTTPRequest(
        method: .post,
        scheme: "http",
        authority: "localhost",
        path: "/",
        headerFields: [.contentLength: "1000000"]
    )

    private func makeChannel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: RequestLimitsHandler())
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        try channel.writeInbound(HTTPRequestPart.head(head))
        return channel
    }

    private func send(
        _ count: Int,
        every second: Int64,
        times: Int,
        _ channel: EmbeddedChannel
    ) throws {
        for _ in 0..<times {
            channel.read()
            channel.embeddedEventLoop.advanceTime(by: .seconds(second))
            let bytes = ByteBuffer(repeating: 0x78, count: count)
            try channel.writeInbound(HTTPRequestPart.body(bytes))
        }
    }

    @Test func `cut a body that trickles`() throws {
        let channel = try makeChannel()
        #expect(throws: SlowBody.self) { try send(10, every: 1, times: 60, channel) }
    }

    @Test func `let a body come at the least rate`() throws {
        let channel = try makeChannel()
        try send(1_100, every: 1, times: 300, channel)
        try channel.throwIfErrorCaught()
    }

    @Test func `don't take the endpoint's own slowness for the client's`() throws {
        let channel = try makeChannel()
        // Nothing is read, as while the store is busy.
        channel.embeddedEventLoop.advanceTime(by: .minutes(30))
        try channel.throwIfErrorCaught()
        #expect(channel.isActive)
    }

    @Test func `close a connection that asks nothing`() throws {
        let channel = EmbeddedChannel(handler: RequestLimitsHandler())
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        channel.embeddedEventLoop.advanceTime(by: .seconds(74))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test(arguments: [(false, 119, 2), (true, 4, 2)])
    func `close a connection whose client doesn't read, soon in a stop`(
        isStopping: Bool,
        patience: Int64,
        rest: Int64
    ) throws {
        let channel = try makeChannel()
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        if isStopping {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(patience))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(rest))
        #expect(!channel.isActive)
    }

    /// A connection whose answer is out before its body has come.
    private func makeAnsweredChannel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handlers: [HalfClosing(), RequestLimitsHandler()])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        var endless = head
        endless.headerFields = [.contentLength: "1000000000000"]
        try channel.writeInbound(HTTPRequestPart.head(endless))
        let answer = HTTPResponse(status: .contentTooLarge)
        try channel.writeOutbound(HTTPResponsePart.head(answer))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        return channel
    }

    @Test func `read on while a client sends, so that it comes to read its answer`() throws {
        let channel = try makeAnsweredChannel()
        try send(1 << 20, every: 2, times: 14, channel)
        #expect(channel.isActive)
        // Nor is the body's end the client's.
        try channel.writeInbound(HTTPRequestPart.end(nil))
        #expect(channel.isActive)
        // The server's own end comes at once, and doesn't count.
        channel.close(mode: .all, promise: nil)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(!channel.isActive)
    }

    @Test func `read on for a moment only where nothing comes`() throws {
        let channel = try makeAnsweredChannel()
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test(arguments: [(false, 28), (true, 4)])
    func `don't read on for ever, and in a stop still less`(
        isStopping: Bool,
        seconds: Int
    ) throws {
        let channel = try makeAnsweredChannel()
        if isStopping {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        try send(10, every: 1, times: seconds, channel)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 0x78, count: 10)))
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func `make the answers of a stop the last on their connections`() throws {
        let channel = EmbeddedChannel(handlers: [HalfClosing(), RequestLimitsHandler()])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        var short = head
        short.headerFields = [:]
        try channel.writeInbound(HTTPRequestPart.head(short))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        guard case .head(let answer) = try channel.readOutbound(as: HTTPResponsePart.self) else {
            Issue.record("no answer")
            return
        }
        #expect(answer.headerFields[.connection] == "close")
        // The server closes at once, when the answer may still be on its way.
        channel.close(mode: .all, promise: nil)
        #expect(channel.isActive)
    }

    @Test func `leave a slow reader the time for a connection's last answer`() throws {
        let holder = Holder()
        let channel = EmbeddedChannel(handlers: [holder, RequestLimitsHandler()])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        var last = head
        last.headerFields = [.connection: "close"]
        try channel.writeInbound(HTTPRequestPart.head(last))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.write(HTTPResponsePart.head(HTTPResponse(status: .ok)), promise: nil)
        channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        // Ending the output, which comes next, ends an embedded channel altogether.
        holder.promise?.succeed()
        #expect(!channel.isActive)
    }
}

/// Ends the output alone, as a socket does: an embedded channel would end altogether.
private final class HalfClosing: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart

    func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        if mode == .all {
            context.close(mode: mode, promise: promise)
        } else {
            promise?.succeed()
        }
    }
}

/// Keeps the end of an answer, as a socket does whose client reads slowly.
private final class Holder: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart
    var promise: EventLoopPromise<Void>?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.promise = promise ?? self.promise
    }
}
