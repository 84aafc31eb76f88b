import DeliveryCore
import DeliveryEngine
import HTTPAPI
import Logging
import NIOCore
import ServiceLifecycle

/// How a daemon's services are put together: for a queue of its own, which makes for one term, or
/// for one that nodes share.
///
/// Services shut down from the end: first no new calls are made, and once those in flight are
/// recorded the endpoint stops, which may still be reading a stream; hooks may hear of what happened
/// until then.
struct Serving: Sendable {
    let parts: LastingParts
    let run: DaemonRun
    let clock: SystemClock
    let load: @Sendable () throws -> Configuration
    /// Is told the endpoint's port.
    let onRunning: @Sendable (Int?) -> Void
    let guest: (any Service)?

    /// Serves a queue of the daemon's own, until a signal.
    func serve(on queue: any QueueBackend) async throws {
        // The endpoint, and the queue read.
        let startup = StartupLatch(waitingFor: 2, whenComplete: run.announceReady)
        let (sendingEnded, sendingEnd) = AsyncStream.makeStream(of: Never.self)
        let terms = parts.terms
        let stopping = Stopping(sendingEnded: sendingEnded) {
            terms.current?.deliveries.drain()
        }
        let term = terms.begin { counted in
            parts.term(
                on: queue,
                counted,
                isStopping: { stopping.hasBegun },
                onRestored: { startup.arrived() }
            )
        }
        let sending = PatientService(term.deliveries, onEnd: { sendingEnd.finish() })
        try await serve([term.hooks, sending], by: term.endpoint, stopping, startup)
    }

    /// Serves as one of the nodes that share a queue, until a signal.
    func serve(as leadership: any Leadership) async throws {
        // The endpoint, and the node that stands by.
        let startup = StartupLatch(waitingFor: 2, whenComplete: run.announceReady)
        let (sendingEnded, sendingEnd) = AsyncStream.makeStream(of: Never.self)
        let stop = Milestone()
        let isStopping: @Sendable () -> Bool = { stop.isReached }
        let endpoint = parts.standby(since: clock.now().timestamp, isStopping: isStopping)
        let node = NodeService(
            leadership: leadership,
            terms: parts.terms,
            parts: NodeService.Parts(
                endpoint: endpoint,
                standby: { parts.standby(since: $0, isStopping: isStopping) },
                term: { parts.term(on: $0, $1, isStopping: isStopping, onRestored: $2) },
                onStandingBy: { startup.arrived() },
                onSendingEnd: { sendingEnd.finish() }
            ),
            time: clock,
            logger: parts.log.logger("node")
        )
        let stopping = Stopping(sendingEnded: sendingEnded) {
            stop.reach()
            node.drain()
        }
        try await serve([node], by: endpoint, stopping, startup)
    }

    private func serve(
        _ senders: [any Service],
        by endpoint: HTTPAPI.Endpoint,
        _ stopping: Stopping,
        _ startup: StartupLatch
    ) async throws {
        let reload = ConfigurationReload(
            load: load,
            present: parts.present,
            logger: parts.log.logger("configuration"),
            effects: ConfigurationReload.Effects(
                take: { await parts.take($0) },
                refuse: { parts.terms.configurationRead(refusedFor: $0) },
                tell: { if startup.isComplete { run.tell($0) } }
            )
        )
        let server = endpoint.service { address in
            startup.arrived()
            onRunning(address?.port)
        }
        try await run.run(
            DaemonRun.Parts(
                services: senders + [server, stopping],
                status: { await parts.status() },
                isAlive: { await parts.isAlive() },
                reload: {
                    await reload.run(monotonicMicroseconds: clock.monotonicMicroseconds())
                },
                guest: guest
            )
        )
    }
}
