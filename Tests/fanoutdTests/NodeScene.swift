import Client
import DeliveryCore
import DeliveryEngine
import HTTPAPI
import JSON
import Logging
import NIOCore
import Platform
import PrometheusText
import ServiceLifecycle
import Synchronization
import TencentIM
import TestSupport
import Webhooks
import fanoutd

/// A node on a lease that a test holds, with an endpoint that listens.
final class NodeScene: Sendable {
    let leadership = FakeLeadership()
    let provider = HeldProvider()
    let time = VirtualTime()
    let terms = PresentTerm()
    /// What the node says in its log.
    let log = Signals<String>()
    private let delivery = DeliveryMetrics()
    private let isStopping = Atomic(false)
    private let draws = Atomic<UInt64>(0)
    private let present = Mutex<(group: ServiceGroup, port: Int)?>(nil)

    private static let token = Secret("node-scene-token")

    /// Runs the node for as long as the story goes; throws what ended either.
    ///
    /// A node that fails ends the story too.
    func run(_ story: @escaping @Sendable () async throws -> Void) async throws {
        let (ports, portFound) = AsyncStream.makeStream(of: Int.self)
        let (sendingEnded, sendingEnd) = AsyncStream.makeStream(of: Never.self)
        let endpoint = standby(since: time.now().timestamp)
        let node = NodeService(
            leadership: leadership,
            terms: terms,
            parts: NodeService.Parts(
                endpoint: endpoint,
                standby: { self.standby(since: $0) },
                term: { self.term(on: $0, $1, onRestored: $2) },
                onSendingEnd: { sendingEnd.finish() }
            ),
            time: time,
            logger: logger
        )
        let stopping = Stopping(sendingEnded: sendingEnded) {
            self.isStopping.store(true, ordering: .relaxed)
            node.drain()
        }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let services: [any Service] = [
            node, endpoint.service { portFound.yield($0?.port ?? 0) }, stopping,
        ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                logger: quiet
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { portFound.finish() }
                try await group.run()
            }
            for await port in ports {
                present.withLock { $0 = (group, port) }
                tasks.addTask {
                    let end: Result<Void, any Error>
                    do {
                        end = .success(try await story())
                    } catch {
                        end = .failure(error)
                    }
                    await group.triggerGracefulShutdown()
                    try end.get()
                }
                break
            }
            try await tasks.waitForAll()
        }
    }

    /// Begins a stop, as a signal does.
    func stop() async {
        await present.withLock { $0?.group }?.triggerGracefulShutdown()
    }

    // MARK: What a client sees

    private var client: DaemonClient {
        let port = present.withLock { $0?.port } ?? 0
        let address = WebAddress(isSecure: false, host: "127.0.0.1", port: port)
        return DaemonClient(address: .web(address), token: Self.token)
    }

    /// The part that the node shows.
    func role() async throws -> String? {
        try await client.sendForJSON(.quota)["cluster"]?["role"]?.string
    }

    func configError() async throws -> String? {
        try await client.sendForJSON(.quota)["config_error"]?.string
    }

    /// Creates a campaign that starts, and answers its id.
    func submit(_ accounts: [String]) async throws -> String {
        let names = accounts.map { "\"\($0)\"" }.joined(separator: ",")
        let message = #"{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}"#
        let body = #"{"message":\#(message),"recipients":[\#(names)]}"#
        let request = DaemonClient.Request(
            "POST",
            "/v1/campaigns",
            answer: .object(with: "id"),
            body: .json(Array(body.utf8))
        )
        return try await client.sendForJSON(request)["id"]?.string ?? ""
    }

    /// A count of a campaign.
    func count(_ name: String, of id: String) async throws -> Int? {
        let request = DaemonClient.Request(
            "GET",
            "/v1/campaigns/\(id)",
            answer: .object(with: "counts")
        )
        return try await client.sendForJSON(request)["counts"]?[name]?.integer
    }

    /// The lines of a scrape.
    func metrics() async -> Set<Substring> {
        let text = String(decoding: await daemonMetrics.text(), as: UTF8.self)
        return Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") })
    }

    // MARK: What the node is made of

    private var logger: Logger {
        let log = log
        return LogLines { line in
            log.send(line.message)
            return nil
        }.logger
    }

    private func term(
        on queue: any QueueBackend,
        _ counted: PresentTerm.Counted,
        onRestored: @escaping @Sendable () -> Void
    ) -> Term {
        let end = Milestone()
        let hooks = WebhookSender(
            [],
            outbox: queue,
            poster: NoHookPoster(),
            time: time,
            seed: 1,
            former: counted.hooks,
            logger: logger
        )
        let deliveries = DeliveryService(
            queue: queue,
            provider: provider,
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: time,
            observer: delivery,
            logger: logger,
            onRestored: onRestored
        )
        let endpoint = HTTPAPI.Endpoint(
            configuration: configuration(.leader),
            campaigns: queue,
            suppressions: queue,
            deliveries: deliveries,
            rules: MessageTemplate(),
            gateway: gateway,
            hooks: hooks,
            time: time,
            random: { self.draws.add(1, ordering: .relaxed).newValue },
            isStopping: { self.isStopping.load(ordering: .relaxed) },
            isOver: { end.isReached },
            logger: logger
        )
        return Term(
            queue: queue,
            deliveries: deliveries,
            hooks: hooks,
            endpoint: endpoint,
            end: end
        )
    }

    private func standby(since: Timestamp) -> HTTPAPI.Endpoint {
        HTTPAPI.Endpoint(
            configuration: configuration(.standby),
            standby: Standby(since: since, configError: { self.terms.configError }),
            gateway: gateway,
            time: time,
            isStopping: { self.isStopping.load(ordering: .relaxed) },
            logger: logger
        )
    }

    private func configuration(_ role: ClusterStatus.Role) -> EndpointConfiguration {
        var configuration = EndpointConfiguration(listen: .tcp(host: "127.0.0.1", port: 0))
        let token = AccessToken(name: "owner", canWrite: true, secret: Self.token.bytes)
        configuration.tokens = { [token] }
        configuration.cluster = { [leadership] in
            var status = leadership.status
            status.role = role
            return status
        }
        return configuration
    }

    private var gateway: TencentGateway {
        TencentGateway(credentials: {
            AppCredentials(sdkAppID: 1, administrator: "admin", key: SecretKey("key"))
        })
    }

    private var daemonMetrics: DaemonMetrics {
        let terms = terms
        return DaemonMetrics(
            delivery: delivery,
            sending: {
                terms.current.map {
                    .init(quota: $0.deliveries.quota(), queue: $0.queue, hooks: $0.hooks)
                }
            },
            ended: { terms.ended },
            quotaLimit: { 12_000 },
            leadership: leadership,
            time: time,
            process: ProcessFigures(clock: time)
        )
    }
}

/// There are no hooks to post to.
private struct NoHookPoster: HookPoster {
    func post(
        _ body: [UInt8],
        headers: [(name: String, value: String)],
        to address: HookAddress
    ) async -> HookAnswer {
        .failed("there is no hook")
    }
}

/// A provider whose calls stay out until the test lets them be answered; one that is given up is
/// interrupted.
final class HeldProvider: Provider {
    private struct State {
        var isOpen = false
        var waiting: [AsyncStream<Never>.Continuation] = []
        var batches: [Batch] = []
    }

    private let state = Mutex(State())
    let calls = Signals<Batch>()

    /// All calls so far.
    var batches: [Batch] { state.withLock { $0.batches } }

    func send(_ batch: Batch) async -> Outcome {
        let (answers, answer) = AsyncStream.makeStream(of: Never.self)
        let isOpen = state.withLock { state in
            state.batches.append(batch)
            if !state.isOpen { state.waiting.append(answer) }
            return state.isOpen
        }
        calls.send(batch)
        if !isOpen { for await _ in answers {} }
        return Task.isCancelled
            ? .unknown(.interrupted) : .answered(messageKey: "k", refused: [])
    }

    /// Answers the calls that are out and, until it is closed again, those to come.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for answer in waiting { answer.finish() }
    }

    func close() { state.withLock { $0.isOpen = false } }

    func check(_ accounts: [Account]) async -> CheckOutcome {
        .answered(missing: [], unclear: [])
    }

    func lookUp(_ lookUp: LookUp) async -> LookUpOutcome {
        .answered(HistoryPage(found: nil, next: nil))
    }

    func recall(_ recall: Recall) async -> RecallOutcome { .answered(.recalled(code: 0)) }

    func renewCredentials() async {}
}
