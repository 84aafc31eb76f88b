import DeliveryCore
import DeliveryEngine
import HTTPAPI
import Logging
import NIOCore
import Platform
import TimeZoneData
import Webhooks

/// What of a daemon outlasts its terms: the configuration in force, the provider, the metrics, and
/// from what a term's own parts are made.
struct LastingParts: Sendable {
    let present: PresentConfiguration
    let log: StandardErrorLog
    let provider: OpenProvider
    let poster: HTTPHookPoster
    /// Nil with a queue that is this daemon's alone.
    let leadership: (any Leadership)?
    let terms = PresentTerm()
    private let delivery = DeliveryMetrics()
    private let clock: SystemClock
    private let process: ProcessFigures

    init(
        present: PresentConfiguration,
        log: StandardErrorLog,
        provider: OpenProvider,
        poster: HTTPHookPoster,
        leadership: (any Leadership)?,
        clock: SystemClock
    ) {
        self.present = present
        self.log = log
        self.provider = provider
        self.poster = poster
        self.leadership = leadership
        self.clock = clock
        process = ProcessFigures(clock: clock)
    }

    /// A term's parts on a queue, which count on from those before.
    func term(
        on queue: any QueueBackend,
        _ counted: PresentTerm.Counted,
        isStopping: @escaping @Sendable () -> Bool,
        onRestored: @escaping @Sendable () -> Void
    ) -> Term {
        let configuration = present.current
        var random = SystemRandomNumberGenerator()
        let end = Milestone()
        queue.send(as: configuration.provider.sender)
        let hooks = WebhookSender(
            configuration.webhooks.map(\.webhook),
            outbox: queue,
            poster: poster,
            time: clock,
            seed: random.next(),
            former: counted.hooks,
            logger: log.logger("webhooks")
        )
        let deliveries = DeliveryService(
            queue: queue,
            provider: provider.provider,
            settings: DeliveryService.Settings(
                limits: configuration.dispatchLimits,
                fingerprint: configuration.provider.fingerprint(salt: queue.salt),
                zones: ZoneFolder.system,
                seed: random.next()
            ),
            time: clock,
            observer: delivery,
            logger: log.logger("delivery"),
            onRestored: onRestored
        )
        let endpoint = HTTPAPI.Endpoint(
            configuration: endpointConfiguration(.leader),
            campaigns: queue,
            suppressions: queue,
            deliveries: deliveries,
            rules: ProviderModule.installed.rules,
            gateway: provider.gateway,
            hooks: hooks,
            metrics: metrics,
            time: clock,
            random: {
                var random = SystemRandomNumberGenerator()
                return random.next()
            },
            isStopping: isStopping,
            isOver: { end.isReached },
            logger: log.logger("http")
        )
        return Term(
            queue: queue,
            deliveries: deliveries,
            hooks: hooks,
            endpoint: endpoint,
            end: end
        )
    }

    /// The routes of a node that stands by since a moment.
    func standby(
        since: Timestamp,
        isStopping: @escaping @Sendable () -> Bool
    ) -> HTTPAPI.Endpoint {
        HTTPAPI.Endpoint(
            configuration: endpointConfiguration(.standby),
            standby: Standby(since: since, configError: { [terms] in terms.configError }),
            gateway: provider.gateway,
            metrics: metrics,
            time: clock,
            isStopping: isStopping,
            logger: log.logger("http")
        )
    }

    /// The node's part is shown as the routes are, which follow the lease a moment later.
    private func endpointConfiguration(_ role: ClusterStatus.Role) -> EndpointConfiguration {
        var configuration = present.current.endpointConfiguration(present)
        configuration.cluster = { [leadership] in
            guard var status = leadership?.status else { return nil }
            status.role = role
            return status
        }
        return configuration
    }

    private var metrics: DaemonMetrics {
        let terms = terms
        let present = present
        return DaemonMetrics(
            delivery: delivery,
            sending: {
                terms.current.map { term in
                    .init(
                        quota: term.deliveries.quota(),
                        queue: term.queue,
                        hooks: term.hooks
                    )
                }
            },
            ended: { terms.ended },
            quotaLimit: { present.current.limits.messagesPerMinute },
            leadership: leadership,
            time: clock,
            process: process
        )
    }

    /// Puts a configuration that was read again into force.
    func take(_ configuration: Configuration) async {
        log.setLevel(configuration.log.level)
        // The provider first: sending that the dispatcher resumes must use the new key.
        provider.update(configuration)
        terms.configurationRead(refusedFor: nil)
        guard let term = terms.current else { return }
        term.queue.send(as: configuration.provider.sender)
        term.hooks.update(configuration.webhooks.map(\.webhook))
        await term.deliveries.reconfigure(
            configuration.dispatchLimits,
            fingerprint: configuration.provider.fingerprint(salt: term.queue.salt)
        )
    }

    /// Whether the loop turns and the store's operations end, with success or with an error.
    func isAlive() async -> Bool {
        guard let term = terms.current, !term.end.isReached else { return true }
        await term.deliveries.proveTurning()
        guard leadership == nil else { return !term.proof.isOverdue(at: clock.now().instant) }
        // A hung disk never answers, and then the watchdog isn't fed; an error is an answer.
        await term.queue.proveWriting(now: clock.now())
        return true
    }

    /// A line for `systemctl status`.
    func status() async -> String {
        let epoch = leadership?.status.epoch.map { " of epoch \($0)" } ?? ""
        guard let term = terms.current else {
            let leader = leadership?.status.leader.map { ", the leader is at \($0)" } ?? ""
            return "standby\(epoch)\(leader)"
        }
        let status = await Self.status(of: term)
        return leadership == nil ? status : "leader\(epoch), \(status)"
    }

    private static func status(of term: Term) async -> String {
        let quota = term.deliveries.quota()
        var parts = ["\(quota.windowUsed) of \(quota.messagesPerMinute) messages a minute"]
        do throws(QueueError) {
            let waiting = try await term.backlog.recipients(of: term.queue, term.deliveries.changes)
            parts.append("\(waiting) recipients queued")
        } catch {
            // The state shows that the store fails, and the log says why.
        }
        parts.append("\(quota.inFlight) calls in flight")
        return "\(quota.state.rawValue): " + parts.joined(separator: ", ")
    }
}
