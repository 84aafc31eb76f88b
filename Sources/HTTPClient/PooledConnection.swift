import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import Platform

/// A connection of a pool: makes one request after another, and closes at the first thing that isn't
/// as it should be.
final class PooledConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    let server: WebAddress
    private let pool: PooledConnections
    private var context: ChannelHandlerContext?
    private var exchange: PooledConnections.Exchange?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()
    /// Of a body that nobody wants.
    private var bytesToPass = 0
    private var isWritten = true
    private var isAnswered = true
    /// Closes it when it was unused for too long, or its unwanted body is.
    private var alarm: Scheduled<Void>?
    /// How the request ends that it is closed under.
    private var ending: Post.Ending?
    private var isClosing = false

    init(_ server: WebAddress, of pool: PooledConnections) {
        self.server = server
        self.pool = pool
    }

    var end: EventLoopFuture<Void>? { context?.channel.closeFuture }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Sets how a new connection is to end.
    ///
    /// A request that has timed out must not reach the server afterwards. An ordinary close goes on
    /// sending what is in the socket's buffer, and the kernel repeats what wasn't acknowledged.
    func prepare() {
        guard case .reset(let retransmitting) = pool.settings.close else { return }
        guard let socket = context?.channel as? any SocketOptionProvider else { return }
        let options = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).flatMap {
            socket.unsafeSetSocketOption(
                level: .tcp,
                name: NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT),
                value: CInt(clamping: TimeAmount(retransmitting).nanoseconds / 1_000_000)
            )
        }
        options.assumeIsolated().whenFailure { _ in self.close(nil) }
    }

    /// Closes the connection unless it is used again, or an answer that nobody waits for is over,
    /// within the limit of idleness.
    func limitIdleness() {
        guard let context else { return }
        alarm = context.eventLoop.assumeIsolated().scheduleTask(
            in: TimeAmount(pool.settings.idleLimit)
        ) { self.close(nil) }
    }

    /// Makes a request, if it may begin.
    func begin(_ exchange: PooledConnections.Exchange) {
        alarm?.cancel()
        guard let context, !isClosing else {
            pool.end(exchange, .notBegun(HTTPFault.closed))
            return
        }
        let post = exchange.order.post
        guard post.mayBegin?() ?? true else {
            pool.keep(self)
            pool.end(exchange, .heldBack)
            return
        }
        self.exchange = exchange
        exchange.connection = self
        (isWritten, isAnswered, head) = (false, false, nil)
        body.clear()
        write(post, context)
    }

    private func write(_ post: Post, _ context: ChannelHandlerContext) {
        var headers = post.headers
        headers.add(name: "Host", value: server.authority)
        headers.add(name: "Content-Length", value: "\(post.body.readableBytes)")
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: post.target,
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(post.body))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            self.isWritten = true
            self.settle()
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(answer: head)
        case .body(let piece): take(piece)
        case .end:
            isAnswered = true
            if let exchange, let head { finish(exchange, .answered(head, body)) }
            settle()
        }
    }

    private func begin(answer head: HTTPResponseHead) {
        guard let exchange else { return close(nil) }
        self.head = head
        switch exchange.order.post.use {
        case .body:
            if head.status != .ok { close(under: .answered(head, ByteBuffer())) }
        case .head(let bodyLimit):
            bytesToPass = bodyLimit
            finish(exchange, .answered(head, ByteBuffer()))
            limitIdleness()
        }
    }

    private func take(_ piece: ByteBuffer) {
        guard let exchange, case .body(let limit) = exchange.order.post.use else {
            bytesToPass -= piece.readableBytes
            if bytesToPass < 0 { close(nil) }
            return
        }
        if body.readableBytes + piece.readableBytes > limit { return close(.answerTooLarge) }
        if body.readableBytes == 0 { body = piece } else { body.writeImmutableBuffer(piece) }
    }

    private func finish(_ exchange: PooledConnections.Exchange, _ ending: Post.Ending) {
        self.exchange = nil
        pool.end(exchange, ending)
    }

    /// Goes back to the pool when request and answer are both over, or ends.
    private func settle() {
        guard isAnswered, exchange == nil, !isClosing else { return }
        alarm?.cancel()
        // A request that is still being sent after its answer is one that the server gave up.
        if isWritten, head?.isKeepAlive == true { pool.keep(self) } else { close(nil) }
    }

    /// Closes; a request that is out ends as broken by the fault once the socket is closed.
    func close(_ fault: HTTPFault?) {
        close(under: fault.map(Post.Ending.broken))
    }

    private func close(under ending: Post.Ending?) {
        guard !isClosing else { return }
        isClosing = true
        self.ending = ending
        alarm?.cancel()
        pool.drop(self)
        guard let context else { return }
        if case .orderly = pool.settings.close {
            // The peer may take its time for its part of the farewell.
            if let exchange { finish(exchange, ending ?? .broken(HTTPFault.closed)) }
            context.close(promise: nil)
            return
        }
        guard server.isSecure else { return context.close(promise: nil) }
        do {
            // Past TLS, which would wait for the peer's farewell.
            let tls = try context.pipeline.syncOperations.context(
                handlerType: NIOSSLClientHandler.self
            )
            tls.close(mode: .all, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(under: .broken(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        alarm?.cancel()
        if let exchange { finish(exchange, ending ?? .broken(HTTPFault.closed)) }
        pool.closed(self)
    }
}
