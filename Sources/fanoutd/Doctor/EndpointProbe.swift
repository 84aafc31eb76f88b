import Client
import Codecs
import DeliveryCore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import Platform

/// Connects to an endpoint and asks for its first page, which needs no credentials.
struct EndpointProbe {
    let address: WebAddress
    /// Nil for an endpoint without TLS.
    let trust: NIOSSLContext?
    /// As for a call, of which a third is for the connection.
    let timeout: Duration
    let now: @Sendable () -> Timestamp
    /// Whether it asks for a page once it is connected.
    var asks = true

    func run() async -> EndpointSighting {
        var sighting = EndpointSighting(address: address)
        let addresses = await sighting.measure(.lookUp) {
            try await HostLookup.run(address.host, address.effectivePort)
        }
        guard let addresses else { return sighting }
        let talk = await sighting.measure(.connection) { try await connect(to: addresses) }
        guard let talk else { return sighting }
        defer { talk.end() }
        if trust != nil {
            let isDone: Void? = await sighting.measure(.handshake) {
                try await talk.handshake.futureResult.get()
            }
            guard isDone != nil else { return sighting }
        }
        guard asks else { return sighting }
        let asked = now()
        let head = await sighting.measure(.answer) { try await talk.ask(address) }
        let seconds = head?.headers.first(name: "Date").flatMap { HTTPDate.seconds($0) }
        if let seconds {
            sighting.note(providerTime: seconds, asked: asked, answered: now())
        }
        return sighting
    }

    private var connectTimeout: TimeAmount { TimeAmount(timeout / 3) }

    /// The first of the addresses that takes a connection.
    private func connect(to addresses: [SocketAddress]) async throws -> Talk {
        var failure: any Error = TransportFault.unknownHost
        for socket in addresses {
            do {
                return try await connect(to: socket)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func connect(to socket: SocketAddress) async throws -> Talk {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let handshake = loop.makePromise(of: Void.self)
        let answer = loop.makePromise(of: HTTPResponseHead.self)
        // A certificate may be for an address, which isn't told in the handshake.
        let host = address.host
        let name = Loopback.isIPv4(host) || HostName.ipv6(host) != nil ? nil : host
        let trust = trust
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let trust {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: trust, serverHostname: name)
                        )
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(Listener(handshake: handshake, answer: answer))
                }
            }
        do {
            let channel = try await bootstrap.connect(to: socket).get()
            let limit = TimeAmount(timeout)
            let alarm = loop.scheduleTask(in: limit) {
                handshake.fail(ChannelError.connectTimeout(limit))
                answer.fail(ChannelError.connectTimeout(limit))
            }
            return Talk(channel: channel, handshake: handshake, answer: answer, alarm: alarm)
        } catch {
            handshake.fail(error)
            answer.fail(error)
            throw error
        }
    }

    /// A connection and what is awaited of it.
    private struct Talk: Sendable {
        let channel: any Channel
        let handshake: EventLoopPromise<Void>
        let answer: EventLoopPromise<HTTPResponseHead>
        let alarm: Scheduled<Void>

        func ask(_ address: WebAddress) async throws -> HTTPResponseHead {
            var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
            head.headers.add(name: "Host", value: address.authority)
            head.headers.add(name: "User-Agent", value: "fanoutd")
            head.headers.add(name: "Connection", value: "close")
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            return try await answer.futureResult.get()
        }

        /// Ends the connection, and with it all that is still awaited.
        func end() {
            alarm.cancel()
            channel.close(promise: nil)
        }
    }

    /// Waits for the end of the handshake and for the head of the answer.
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart

        private let handshake: EventLoopPromise<Void>
        private let answer: EventLoopPromise<HTTPResponseHead>

        init(handshake: EventLoopPromise<Void>, answer: EventLoopPromise<HTTPResponseHead>) {
            self.handshake = handshake
            self.answer = answer
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted? = event as? TLSUserEvent { handshake.succeed() }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .head(let head) = unwrapInboundIn(data) { answer.succeed(head) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            fail(error)
            context.close(promise: nil)
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            fail(ChannelError.eof)
        }

        private func fail(_ error: any Error) {
            handshake.fail(error)
            answer.fail(error)
        }
    }
}

extension NIOSSLContext {
    /// The system's roots of trust.
    static func system() throws -> NIOSSLContext {
        try NIOSSLContext(configuration: .makeClientConfiguration())
    }
}

extension EndpointSighting {
    /// Does a stage and notes its time or its failure; nil for the latter.
    fileprivate mutating func measure<Value>(
        _ stage: Stage,
        _ body: () async throws -> Value
    ) async -> Value? {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let value = try await body()
            steps.append(Step(stage, start.duration(to: clock.now)))
            return value
        } catch {
            failure = Failure(stage, Self.fault(error))
            return nil
        }
    }

    private static func fault(_ error: any Error) -> TransportFault {
        switch error {
        case let fault as TransportFault: fault
        case ChannelError.connectTimeout: .timedOut
        default: TransportFault(error)
        }
    }
}
