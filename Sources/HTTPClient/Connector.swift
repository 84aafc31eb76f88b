import Codecs
package import NIOCore
package import NIOHTTP1
import NIOPosix
package import NIOSSL
import NIOTLS
package import Platform
import Synchronization

/// A connection for one request, which is written, and whose answer is read, part by part.
package typealias HTTPStream = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

/// Opens connections that speak HTTP/1.1, to web servers with or without TLS and to sockets of this
/// machine.
package final class Connector: Sendable {
    private let tls: TLSConfiguration
    private let context = Mutex<NIOSSLContext?>(nil)

    package init(tls: TLSConfiguration = .makeClientConfiguration()) {
        self.tls = tls
    }

    /// The TLS of connections to a server; nil for one without.
    ///
    /// It is made at the first need and kept: the system's roots of trust take some megabytes, and
    /// milliseconds to read.
    func security(of server: WebAddress) throws -> NIOSSLContext? {
        guard server.isSecure else { return nil }
        return try context.withLock { context in
            if let context { return context }
            let made = try NIOSSLContext(configuration: tls)
            context = made
            return made
        }
    }

    /// Opens a connection to a server on an event loop, its TLS handshake done.
    ///
    /// All of it must be done within the limit: afterwards the connection, if there is one, is closed.
    func open(
        _ server: WebAddress,
        with tls: NIOSSLContext?,
        on loop: any EventLoop,
        within limit: TimeAmount
    ) -> EventLoopFuture<any Channel> {
        let deadline = NIODeadline.now() + limit
        // A certificate may be for an address, which isn't told in the handshake.
        let address = Self.address(of: server)
        let name = address == nil ? server.host : nil
        let bootstrap = Self.bootstrap(on: loop, limit) { pipeline in
            guard let tls else { return }
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
            try pipeline.addHandler(Handshake())
        }
        let connection =
            if let address {
                bootstrap.connect(to: address)
            } else {
                bootstrap.connect(host: server.host, port: server.effectivePort)
            }
        guard tls != nil else { return connection }
        return connection.flatMap { channel in
            Handshake.isDone(on: channel, until: deadline).map { channel }
        }
    }

    /// Opens a connection to a server whose bodies are streamed.
    package func stream(to server: WebAddress, within limit: TimeAmount) async throws -> HTTPStream
    {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let connection = try open(server, with: security(of: server), on: loop, within: limit)
        return try await Self.stream(connection)
    }

    /// Opens a connection to a socket of this machine, likewise.
    package func stream(
        toSocket path: String,
        within limit: TimeAmount
    ) async throws -> HTTPStream {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let bootstrap = Self.bootstrap(on: loop, limit) { _ in }
        return try await Self.stream(bootstrap.connect(unixDomainSocketPath: path))
    }

    /// On the event loop still, before anything can be read.
    private static func stream(
        _ connection: EventLoopFuture<any Channel>
    ) async throws -> HTTPStream {
        try await connection.flatMapThrowing { channel in
            try HTTPStream(wrappingChannelSynchronously: channel)
        }.get()
    }

    private static func bootstrap(
        on loop: any EventLoop,
        _ limit: TimeAmount,
        _ secure: @escaping @Sendable (ChannelPipeline.SynchronousOperations) throws -> Void
    ) -> ClientBootstrap {
        ClientBootstrap(group: loop).connectTimeout(limit).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try secure(channel.pipeline.syncOperations)
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
            }
        }
    }

    /// The address that a server's host is; nil for a name.
    private static func address(of server: WebAddress) -> SocketAddress? {
        do {
            return try SocketAddress(ipAddress: server.host, port: server.effectivePort)
        } catch {
            return nil
        }
    }
}

/// Stands behind the TLS of a connection and waits for the end of its handshake.
private final class Handshake: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private var promise: EventLoopPromise<Void>?

    /// Done when the handshake is; past the deadline it fails, and the connection is closed.
    static func isDone(
        on channel: any Channel,
        until deadline: NIODeadline
    ) -> EventLoopFuture<Void> {
        do {
            let handler = try channel.pipeline.syncOperations.handler(type: Handshake.self)
            guard let promise = handler.promise else { throw HTTPFault.closed }
            let alarm = channel.eventLoop.scheduleTask(deadline: deadline) {
                promise.fail(HTTPFault.handshakeTimeout)
            }
            promise.futureResult.whenComplete { result in
                alarm.cancel()
                if case .failure = result { channel.close(promise: nil) }
            }
            return promise.futureResult
        } catch {
            return channel.eventLoop.makeFailedFuture(HTTPFault.closed)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        promise = context.eventLoop.makePromise()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { promise?.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise?.fail(error)
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise?.fail(HTTPFault.closed)
    }
}
