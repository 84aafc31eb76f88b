package import DeliveryEngine
import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import Platform

/// The local HTTP endpoint (contract, section 4).
///
/// It knows the queue, the deliveries and the provider's rules only by their ports, and takes
/// time and randomness as arguments.
///
/// It answers in one part, the leader's or a standby's; its server may take on another's routes.
package struct Endpoint: Sendable {
    package let configuration: EndpointConfiguration
    private let responder: APIResponder
    private let present: PresentRoutes
    private let logger: Logger
    private let dates: DateTexts

    /// Responds to the routes of further groups beside its own.
    ///
    /// It draws random bits for ids from `random`, and shows in `/readyz` that the service is
    /// stopping while `isStopping` says so. Once `isOver` says that the node no longer leads, streams
    /// end, and what fails is answered like a standby's refusal.
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
        isOver: @escaping @Sendable () -> Bool = { false },
        logger: Logger
    ) {
        let isEnding: @Sendable () -> Bool = { isStopping() || isOver() }
        let quietLog = QuietLog(logger, time: time)
        let audit = AuditLog(logger: logger)
        let ids = CampaignIDs(draw: random)
        let runningKeys = RunningKeys()
        let pages = MemoryBudget(limit: configuration.responseMemoryLimit)
        let intake = IntakeBudget(limit: configuration.intakeMemoryLimit)
        let rows = RowStream(pages: pages, isStopping: isEnding, quietLog: quietLog)
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
                pages: pages,
                time: time,
                isStopping: isEnding,
                audit: audit
            ),
            InstanceController(configuration: configuration, metrics: metrics, time: time),
            EventController(
                campaigns: campaigns,
                deliveries: deliveries,
                encoder: encoder,
                time: time,
                cluster: configuration.cluster,
                isStopping: isEnding,
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
        self.init(own + groups, configuration, quietLog, time, logger) {
            guard isOver() else { return nil }
            return .standby(
                leader: configuration.cluster()?.leader,
                rest: "it led when this was asked, and whether it was done isn't known: ask again"
                    + " there, with the same Idempotency-Key if there was one"
            )
        }
    }

    /// Responds as a node that stands by.
    package init(
        configuration: EndpointConfiguration,
        standby: Standby,
        gateway: any Gateway,
        metrics: any MetricsText = NoMetrics(),
        time: any TimeSource,
        isStopping: @escaping @Sendable () -> Bool = { false },
        logger: Logger
    ) {
        let quietLog = QuietLog(logger, time: time)
        let groups: [any RouteGroup] = [
            StandbyController(
                standby: standby,
                configuration: configuration,
                isStopping: isStopping
            ),
            InstanceController(configuration: configuration, metrics: metrics, time: time),
            StandbyGatewayController(
                gateway: gateway,
                configuration: configuration,
                time: time,
                quietLog: quietLog
            ),
        ]
        self.init(groups, configuration, quietLog, time, logger)
    }

    private init(
        _ groups: [any RouteGroup],
        _ configuration: EndpointConfiguration,
        _ quietLog: QuietLog,
        _ time: any TimeSource,
        _ logger: Logger,
        end: @escaping @Sendable () -> Problem? = { nil }
    ) {
        self.configuration = configuration
        self.logger = logger
        dates = DateTexts(time: time)
        responder = APIResponder(
            authenticator: Authenticator(
                listen: configuration.listen,
                tokens: configuration.tokens
            ),
            table: RouteTable(groups + (configuration.hasPage ? [PageController()] : [])),
            bodies: MemoryBudget(
                limit: max(configuration.bodyMemoryLimit, 2 * configuration.bodySizeLimit)
            ),
            providedBodies: MemoryBudget(
                limit: max(configuration.bodyMemoryLimit, configuration.gatewayBodySizeLimit)
            ),
            quietLog: quietLog,
            end: end
        )
        present = PresentRoutes(responder)
    }

    package var routes: [Route] { responder.table.routes }

    /// Lets the server of this endpoint answer as another one from now on.
    package func answer(as other: Endpoint) -> FormerRequests {
        present.replace(with: other.responder)
    }

    /// The server of this endpoint; `onRunning` hears the address it got.
    package func service(
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) -> EndpointService {
        EndpointService(endpoint: self, onRunning: onRunning)
    }

    /// What its server answers on a connection.
    package func respond(to request: Request, on channel: any Channel) async -> Response {
        var response = await present.respond(to: request, on: channel)
        response.headers[.date] = dates.now
        return response
    }

    /// The event loop of all endpoints of the process.
    ///
    /// It isn't that of the calls to the provider: a burst of answers to these would keep a status
    /// query waiting.
    private static let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// The endpoint's server, which the service around it runs, looking after a Unix socket.
    func server(
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void
    ) -> Server<EndpointChannel> {
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
        let answer: HTTPChannelHandler.Responder = { request, writer, channel in
            let response = await respond(to: request, on: channel)
            do {
                try await writer.write(response: response.head, body: response.body)
            } catch is HTTPParserError {
                // Hummingbird answers a parser's error, and an answer has begun.
                throw BrokenRequest()
            }
        }
        return Server(
            childChannelSetup: EndpointChannel(
                base: HTTP1Channel(responder: answer, configuration: channel)
            ),
            configuration: ServerConfiguration(address: address),
            onServerRunning: { channel in await onRunning(channel.localAddress) },
            eventLoopGroup: Self.loop,
            logger: logger
        )
    }
}

/// A request turned out to be none while it was answered.
private struct BrokenRequest: Error {}
