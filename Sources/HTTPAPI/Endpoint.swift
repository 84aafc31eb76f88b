package import DeliveryEngine
package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import ServiceLifecycle

/// The local HTTP endpoint (contract, section 4).
///
/// It knows the queue, the deliveries and the provider's rules only by their ports, and takes
/// time and randomness as arguments.
package struct Endpoint: Sendable {
    package let configuration: EndpointConfiguration
    package let responder: EndpointResponder
    private let logger: Logger

    /// Draws random bits for ids from `random`, and shows in `/readyz` that the service is stopping
    /// while `isStopping` says so.
    package init(
        configuration: EndpointConfiguration,
        campaigns: any Campaigns,
        deliveries: any Deliveries,
        rules: any MessageRules,
        gateway: any Gateway,
        metrics: any MetricsText = NoMetrics(),
        time: any TimeSource,
        random: @escaping @Sendable () -> UInt64,
        isStopping: @escaping @Sendable () -> Bool = { false },
        logger: Logger
    ) {
        self.configuration = configuration
        self.logger = logger
        responder = EndpointResponder(
            configuration: configuration,
            campaigns: campaigns,
            deliveries: deliveries,
            rules: rules,
            gateway: gateway,
            metrics: metrics,
            time: time,
            random: random,
            isStopping: isStopping,
            budget: IntakeBudget(limit: configuration.intakeMemoryLimit),
            bodies: BodyBudget(
                limit: max(configuration.bodyMemoryLimit, 2 * configuration.bodySizeLimit)
            ),
            gatewayBodies: BodyBudget(
                limit: max(configuration.bodyMemoryLimit, configuration.gatewayBodySizeLimit)
            ),
            logger: logger,
            quietLog: QuietLog(logger, time: time)
        )
    }

    /// The server of this endpoint; `onRunning` hears the address it got.
    package func service(
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) -> EndpointService {
        EndpointService(endpoint: self, logger: logger, onRunning: onRunning)
    }

    /// The endpoint as Hummingbird runs it; the service around it looks after a Unix socket.
    package func application(
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) -> Application<EndpointResponder> {
        let address: BindAddress =
            switch configuration.listen {
            case .tcp(let host, let port): .hostname(host, port: port)
            case .unix(let path, _): .unixDomainSocket(path: path)
            }
        let limits = configuration.requestLimits
        let connections = ConnectionTable(
            limit: ConnectionTable.limit(
                wanted: configuration.connectionLimit,
                openFiles: ConnectionTable.openFiles
            )
        )
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                RequestLimitsHandler(limits: limits, table: connections)
            ],
            // The largest ordinary head is far below this; NIO's own limits are 80 KiB.
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16_384,
                maxHeaderListSize: 32_768,
                maxHeaderFieldCount: 100
            )
        )
        return Application(
            responder: responder,
            server: HTTPServerBuilder { responder in
                EndpointChannel(base: HTTP1Channel(responder: responder, configuration: channel))
            },
            configuration: ApplicationConfiguration(address: address),
            onServerRunning: { channel in await onRunning(channel.localAddress) },
            logger: logger
        )
    }
}

/// Runs the endpoint until a graceful shutdown.
package struct EndpointService: Service {
    let endpoint: Endpoint
    let logger: Logger
    let onRunning: @Sendable (SocketAddress?) async -> Void

    package func run() async throws {
        guard case .unix(let path, let group) = endpoint.configuration.listen else {
            try await endpoint.application(onRunning: onRunning).run()
            return
        }
        let socket = UnixSocket(path: path)
        let groupID = try group.map(UnixSocket.groupID)
        try await socket.checkUnused()
        let (logger, onRunning) = (logger, onRunning)
        let application = endpoint.application { address in
            do {
                try socket.open(to: groupID)
            } catch {
                logger.error("The socket stays the owner's alone", metadata: ["error": "\(error)"])
            }
            await onRunning(address)
        }
        defer { socket.remove() }
        try await application.run()
    }
}
