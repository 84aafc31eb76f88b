import DeliveryCore
import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL

/// Stands on a connection between the client and the socket: asks whether a request may still go
/// out, and closes with a reset.
///
/// A call that has timed out must not reach Tencent afterwards, or it would be counted in a minute
/// that has been given away. An ordinary close goes on sending what is in the socket's buffer, and
/// one of a TLS connection first waits for the peer's farewell.
final class CallGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Names the call on a request's way to the gate, which takes it off.
    static let header = "fanoutd-call"

    private let registry: CallRegistry
    private var context: ChannelHandlerContext?
    private var current: CallRegistry.CallID?

    init(registry: CallRegistry) {
        self.registry = registry
    }

    /// Prepares a new connection.
    ///
    /// The client's hook for this is called a debug initializer; it is the only one that reaches
    /// the connection before the first request.
    static func install(
        on channel: any Channel,
        registry: CallRegistry,
        timeout: Duration
    ) -> EventLoopFuture<Void> {
        do {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(CallGate(registry: registry), position: .after(encoder))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        guard let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        let milliseconds = CInt(clamping: timeout.milliseconds)
        return socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).flatMap {
            socket.unsafeSetSocketOption(
                level: .tcp,
                name: NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT),
                value: milliseconds
            )
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data) else {
            context.write(data, promise: promise)
            return
        }
        current = head.headers.first(name: Self.header).flatMap { CallRegistry.CallID($0) }
        head.headers.remove(name: Self.header)
        let gate = CallRegistry.Gate(
            eventLoop: context.eventLoop,
            handler: NIOLoopBound(self, eventLoop: context.eventLoop)
        )
        guard let current, registry.begin(current, at: gate) else {
            promise?.fail(ChannelError.alreadyClosed)
            reset(context, promise: nil)
            return
        }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all else {
            context.close(mode: mode, promise: promise)
            return
        }
        reset(context, promise: promise)
    }

    /// Closes the connection if this call is the last that used it.
    func abort(_ id: CallRegistry.CallID) {
        guard let context, current == id else { return }
        reset(context, promise: nil)
    }

    /// Closes the socket itself, past the TLS handler.
    private func reset(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        do {
            let tls = try context.pipeline.syncOperations.context(
                handlerType: NIOSSLClientHandler.self
            )
            tls.close(mode: .all, promise: promise)
        } catch {
            // No TLS on this connection.
            context.close(mode: .all, promise: promise)
        }
    }
}
