package import DeliveryEngine
package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import Platform

/// The local HTTP endpoint (contract, section 4).
///
/// It knows the queue, the deliveries and the provider's rules only by their ports, and takes
/// time and randomness as arguments.
package struct Endpoint: Sendable {
    package let configuration: EndpointConfiguration
    package let responder: APIResponder
    private let logger: Logger

    /// Responds to the routes of further groups beside its own.
    ///
    /// It draws random bits for ids from `random`, and shows in `/readyz` that the service is
    /// stopping while `isStopping` says so.
    package init(
        configuration: EndpointConfiguration,
        campaigns: any Campaigns,
        suppressions: any Suppressions,
        deliveries: any Deliveries,
        rules: any MessageRules,
        gateway: any Gateway,
        hooks: any Hooks = NoHooks(),
        metrics: any MetricsText = NoMetrics(),
        further groups: [any RouteGroup] = [],
        time: any TimeSource,
        random: @escaping @Sendable () -> UInt64,
        isStopping: @escaping @Sendable () -> Bool = { false },
        logger: Logger
    ) {
        self.configuration = configuration
        self.logger = logger
        let quietLog = QuietLog(logger, time: time)
        let audit = AuditLog(logger: logger)
        let ids = CampaignIDs(draw: random)
        let runningKeys = RunningKeys()
        let pages = MemoryBudget(limit: configuration.responseMemoryLimit)
        let intake = IntakeBudget(limit: configuration.intakeMemoryLimit)
        let rows = RowStream(pages: pages, isStopping: isStopping, quietLog: quietLog)
        let encoder = CampaignEncoder(deliveries: deliveries, rules: rules)
        let own: [any RouteGroup] = [
            CampaignController(
                campaigns: campaigns,
                deliveries: deliveries,
                rules: rules,
                encoder: encoder,
                configuration: configuration,
                time: time,
                ids: ids,
                runningKeys: runningKeys,
                pages: pages,
                audit: audit
            ),
            RecipientController(
                campaigns: campaigns,
                changes: deliveries.changes,
                rules: rules.accounts,
                encoder: RecipientEncoder(rules: rules),
                time: time,
                intake: intake,
                rows: rows,
                audit: audit
            ),
            SuppressionController(
                suppressions: suppressions,
                rules: rules.accounts,
                time: time,
                bodySizeLimit: configuration.bodySizeLimit,
                intake: intake,
                rows: rows,
                audit: audit
            ),
            ServiceController(
                campaigns: campaigns,
                deliveries: deliveries,
                rules: rules,
                configuration: configuration,
                metrics: metrics,
                pages: pages,
                time: time,
                isStopping: isStopping,
                audit: audit
            ),
            EventController(
                campaigns: campaigns,
                deliveries: deliveries,
                encoder: encoder,
                time: time,
                isStopping: isStopping,
                watching: MemoryBudget(limit: configuration.watchMemoryLimit),
                board: EventBoard(feed: deliveries.changes),
                logger: logger
            ),
            WebhookController(hooks: hooks, audit: audit),
            GatewayController(
                gateway: gateway,
                campaigns: campaigns,
                deliveries: deliveries,
                rules: rules,
                configuration: configuration,
                time: time,
                ids: ids,
                runningKeys: runningKeys,
                quietLog: quietLog,
                audit: audit
            ),
        ]
        responder = APIResponder(
            authenticator: Authenticator(
                listen: configuration.listen,
                tokens: configuration.tokens
            ),
            table: RouteTable(own + (configuration.hasPage ? [PageController()] : []) + groups),
            bodies: MemoryBudget(
                limit: max(configuration.bodyMemoryLimit, 2 * configuration.bodySizeLimit)
            ),
            providedBodies: MemoryBudget(
                limit: max(configuration.bodyMemoryLimit, configuration.gatewayBodySizeLimit)
            ),
            quietLog: quietLog
        )
    }

    package var routes: [Route] { responder.table.routes }

    /// The server of this endpoint; `onRunning` hears the address it got.
    package func service(
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) -> EndpointService {
        EndpointService(endpoint: self, onRunning: onRunning)
    }

    /// The endpoint as Hummingbird runs it; the service around it looks after a Unix socket.
    package func application(
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) -> Application<APIResponder> {
        let address: BindAddress =
            switch configuration.listen {
            case .tcp(let host, let port): .hostname(host, port: port)
            case .unix(let path): .unixDomainSocket(path: path)
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
