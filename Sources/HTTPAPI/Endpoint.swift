package import DeliveryEngine
package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import ServiceLifecycle
import Synchronization

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
            answers: BodyBudget(limit: configuration.answerMemoryLimit),
            watching: BodyBudget(limit: configuration.watchMemoryLimit),
            events: EventBoard(feed: deliveries.changes),
            logger: logger,
            quietLog: QuietLog(logger, time: time)
        )
    }

    /// The server of this endpoint; `onRunning` hears the address it got.
    package func service(
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) -> EndpointService {
        EndpointService(endpoint: self, onRunning: onRunning)
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
///
/// It fails with a `ListenFault` where a Unix socket can't have what the configuration says of it:
/// its place, its mode or its group.
package struct EndpointService: Service {
    let endpoint: Endpoint
    let onRunning: @Sendable (SocketAddress?) async -> Void

    package func run() async throws {
        guard case .unix(let path, let group) = endpoint.configuration.listen else {
            try await endpoint.application(onRunning: onRunning).run()
            return
        }
        let socket = UnixSocket(path: path)
        if let group { _ = try UnixSocket.groupID(group) }
        try await socket.checkUnused()
        let opened = Mutex<UnixSocket.Identity?>(nil)
        defer { if let own = opened.withLock({ $0 }) { socket.remove(own) } }
        let onRunning = onRunning
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let (faults, fault) = AsyncStream.makeStream(of: ListenFault.self)
            let application = endpoint.application { address in
                do throws(ListenFault) {
                    let own = try socket.open(to: group)
                    opened.withLock { $0 = own }
                } catch {
                    // The server can't be told to end from here.
                    fault.yield(error)
                    return
                }
                await onRunning(address)
            }
            tasks.addTask {
                defer { fault.finish() }
                try await application.run()
            }
            for await fault in faults { throw fault }
            try await tasks.waitForAll()
        }
    }
}
