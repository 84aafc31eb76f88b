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

/// Keeps the end of an answer, as a socket does whose client reads slowly.
private final class Holder: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart
    var promise: EventLoopPromise<Void>?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.promise = promise ?? self.promise
    }
}
