package import DeliveryCore
package import DeliveryEngine
package import HTTPAPI
package import Logging
import ServiceLifecycle
import Synchronization
import Webhooks

/// A node's life: it stands by until it leads, runs a term, and stands by again when it has lost
/// the lease.
///
/// The endpoint's server goes on through all of it, and answers by the routes of the part that the
/// node has. A stop lets the running term finish its calls and record them; then the lease is given
/// up, so that another node leads at once.
package final class NodeService: Service {
    private let leadership: any Leadership
    private let terms: PresentTerm
    private let parts: Parts
    private let time: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var isDraining = false
        /// Ends the wait for the lease.
        var standby: AsyncStream<Never>.Continuation?
        /// What was under way at the last step down, and when that was.
        var former: (requests: FormerRequests, since: Instant)?
    }

    /// Makes a term's parts on a queue; the closure is called once the queue has been read.
    package typealias MakeTerm =
        @Sendable (
            _ queue: any QueueBackend,
            _ counted: PresentTerm.Counted,
            _ onRestored: @escaping @Sendable () -> Void
        ) -> Term

    /// What a node is made of.
    package struct Parts: Sendable {
        /// The endpoint whose server runs all the time.
        package var endpoint: HTTPAPI.Endpoint
        /// A standby's routes, from a moment on.
        package var standby: @Sendable (Timestamp) -> HTTPAPI.Endpoint
        package var term: MakeTerm
        /// Is told once that the node stands by.
        package var onStandingBy: @Sendable () -> Void
        /// Is told that no call goes out any more until the process ends.
        package var onSendingEnd: @Sendable () -> Void

        package init(
            endpoint: HTTPAPI.Endpoint,
            standby: @escaping @Sendable (Timestamp) -> HTTPAPI.Endpoint,
            term: @escaping MakeTerm,
            onStandingBy: @escaping @Sendable () -> Void = {},
            onSendingEnd: @escaping @Sendable () -> Void = {}
        ) {
            self.endpoint = endpoint
            self.standby = standby
            self.term = term
            self.onStandingBy = onStandingBy
            self.onSendingEnd = onSendingEnd
        }
    }

    /// How long requests of a term that is over may still be answered.
    private static let farewell: Duration = .seconds(1)
    /// How long a node waits after a term that couldn't begin before it stands by again.
    private static let pause: Duration = .seconds(5)

    package init(
        leadership: any Leadership,
        terms: PresentTerm,
        parts: Parts,
        time: any TimeSource,
        logger: Logger
    ) {
        self.leadership = leadership
        self.terms = terms
        self.parts = parts
        self.time = time
        self.logger = logger
    }

    /// Runs until a graceful shutdown; throws what no waiting mends.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            // However the terms end, the shutdown doesn't wait for them.
            defer { parts.onSendingEnd() }
            parts.onStandingBy()
            var wait: Duration?
            while let queue = try await standBy(after: wait) {
                wait = try await lead(on: queue) ? nil : Self.pause
            }
        } onGracefulShutdown: {
            self.drain()
        }
        await untilShutdown()
    }

    /// Claims nothing more, and takes no lease over; `run` returns once it is shut down and the calls
    /// in flight have ended.
    package func drain() {
        let standby = state.withLock { state in
            state.isDraining = true
            return state.standby
        }
        standby?.finish()
        terms.current?.deliveries.drain()
    }

    private var isDraining: Bool { state.withLock { $0.isDraining } }
}

// MARK: - Standing by

extension NodeService {
    /// Waits until this node leads; nil if it is stopped before.
    private func standBy(after wait: Duration?) async throws -> (any QueueBackend)? {
        let (drains, drain) = AsyncStream.makeStream(of: Never.self)
        let isDraining = state.withLock { state in
            state.standby = drain
            return state.isDraining
        }
        if isDraining { return nil }
        let queue = try await withThrowingTaskGroup(of: (any QueueBackend)?.self) { group in
            group.addTask { try await self.lease(after: wait) }
            group.addTask {
                for await _ in drains {}
                return nil
            }
            var queue = try await group.next() ?? nil
            group.cancelAll()
            // The lease may have come in the moment of the stop.
            while let late = try await group.next() { queue = late ?? queue }
            return queue
        }
        guard let queue else { return nil }
        guard !self.isDraining, !Task.isCancelled else {
            await leadership.resign()
            return nil
        }
        return queue
    }

    /// The queue, once the lease is this node's; nil if the wait was broken off.
    private func lease(after wait: Duration?) async throws -> (any QueueBackend)? {
        do {
            if let wait { try await time.sleep(until: time.now().instant.advanced(by: wait)) }
            return try await leadership.lead()
        } catch is CancellationError where Task.isCancelled {
            return nil
        }
    }
}

// MARK: - Leading

extension NodeService {
    /// What happened in a term.
    private enum Turn: Sendable {
        case leaseLost
        /// Calls in flight have ended, and none follows.
        case sendingEnded
        case hooksEnded
        case failed(any Error)
        case watchEnded
    }

    /// Runs a term to its end; false if it couldn't begin.
    private func lead(on queue: any QueueBackend) async throws -> Bool {
        let term = terms.begin { [parts] counted in
            parts.term(queue, counted) { self.showLeader() }
        }
        // A stop that came before the term was there to be told.
        if isDraining { term.deliveries.drain() }
        let fault = await run(term)
        stepDown(term)
        terms.end()
        await leadership.resign()
        if let fault {
            guard fault is QueueError else { throw fault }
            logger.error(
                "The queue can't be read, so another node is given the lease",
                metadata: ["error": "\(fault)"]
            )
        }
        await cutFormer()
        return fault == nil
    }

    /// Runs a term's services until they have drained or the lease is lost; the answer is the error
    /// that ended them, if one did.
    private func run(_ term: Term) async -> (any Error)? {
        await withTaskGroup(of: Turn.self) { group in
            group.addTask { await self.keepLease() }
            group.addTask { await Self.turn(.sendingEnded) { try await term.deliveries.run() } }
            group.addTask { await Self.turn(.hooksEnded) { try await term.hooks.run() } }
            group.addTask {
                await term.proof.run(time: self.time) { await term.queue.proveWriting(now: $0) }
                return .watchEnded
            }
            var fault: (any Error)?
            var running = 2
            for await turn in group {
                switch turn {
                case .sendingEnded, .hooksEnded:
                    if case .sendingEnded = turn, isDraining { parts.onSendingEnd() }
                    running -= 1
                    if running == 0 { group.cancelAll() }
                case .leaseLost:
                    // What is out now is left to the next leader, who holds it as out.
                    stepDown(term)
                    group.cancelAll()
                case .failed(let error):
                    fault = fault ?? error
                    group.cancelAll()
                case .watchEnded: break
                }
            }
            return fault
        }
    }

    /// The queue has been read: requests are the leader's from now on.
    private func showLeader() {
        guard let term = terms.current else { return }
        state.withLock { _ in
            // The lease may have been lost meanwhile.
            guard !term.end.isReached else { return }
            _ = parts.endpoint.answer(as: term.endpoint)
        }
        logger.notice(
            "The queue has been read: this node answers as the leader",
            metadata: ["epoch": "\(epoch)"]
        )
    }

    /// Ends what a term answers, if that hasn't been done: nobody is told a former leader's news.
    private func stepDown(_ term: Term) {
        let now = time.now()
        let standby = parts.standby(now.timestamp)
        let isNew = state.withLock { state in
            guard !term.end.isReached else { return false }
            term.end.reach()
            state.former = (parts.endpoint.answer(as: standby), now.instant)
            return true
        }
        guard isNew, !isDraining else { return }
        logger.warning("The lease is lost: this node stands by")
    }

    /// Gives what is under way a moment to be answered, and cuts off the rest.
    private func cutFormer() async {
        let former = state.withLock { state in
            defer { state.former = nil }
            return state.former
        }
        // At the process' end the server cuts them off itself.
        guard let former, !isDraining else { return }
        do {
            try await time.sleep(until: former.since.advanced(by: Self.farewell))
        } catch {
            // Canceled: the process ends.
        }
        former.requests.cut()
    }

    private var epoch: String { leadership.status.epoch.map { "\($0)" } ?? "unknown" }

    private func keepLease() async -> Turn {
        await leadership.keep()
        return .leaseLost
    }

    private static func turn(_ end: Turn, _ body: () async throws -> Void) async -> Turn {
        do {
            try await body()
            return end
        } catch {
            return .failed(error)
        }
    }
}
