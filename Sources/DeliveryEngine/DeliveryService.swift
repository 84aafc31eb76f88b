package import DeliveryCore
package import Logging
import ServiceLifecycle
import Synchronization

/// Performs the dispatcher's effects.
///
/// One loop takes an event at a time, hands it to the dispatcher and performs the effects in order.
/// Calls, commits and waits are children of one task group and report back as events; all of it runs
/// where calls begin and end. The service decides nothing: a decision needed here is a missing effect.
package final class DeliveryService: Service, Deliveries {
    private let queue: any Queue
    private let provider: any Provider
    let time: any TimeSource
    private let log: QuietLog
    private let observer: any DeliveryObserver
    private let onRestored: @Sendable () -> Void
    package let changes = ChangeFeed()
    private let events: AsyncStream<Dispatcher.Event>
    private let report: AsyncStream<Dispatcher.Event>.Continuation
    let state: Mutex<State>

    struct State: Sendable {
        var dispatcher: Dispatcher
        var waiting: [Int: CheckedContinuation<Dispatcher.Reply, Never>] = [:]
        var requestCount = 0
        var isStopped = false
        var configError: String?
        /// Consecutive failed commits.
        var failedCommits = 0
    }

    /// `onRestored` is called once the queue has been read; until then quota and state are those of
    /// an empty queue.
    package init(
        queue: any Queue,
        provider: any Provider,
        settings: Settings,
        time: any TimeSource,
        observer: any DeliveryObserver = NoObserver(),
        logger: Logger,
        onRestored: @escaping @Sendable () -> Void = {}
    ) {
        self.queue = queue
        self.provider = provider
        self.time = time
        self.observer = observer
        log = QuietLog(logger, time: time)
        self.onRestored = onRestored
        (events, report) = AsyncStream.makeStream()
        let dispatcher = Dispatcher(
            limits: settings.limits,
            fingerprint: settings.fingerprint,
            zones: settings.zones,
            seed: settings.seed,
            now: time.now()
        )
        state = Mutex(State(dispatcher: dispatcher))
    }

    package struct Settings: Sendable {
        package var limits: Limits
        /// A fingerprint of credentials and app settings; not a secret itself.
        package var fingerprint: String
        /// The clocks that campaigns' sending hours go by.
        package var zones: any TimeZones
        /// Seeds jitter and the numbers of calls; different in each run.
        package var seed: UInt64

        package init(
            limits: Limits,
            fingerprint: String,
            zones: any TimeZones = UniversalTime(),
            seed: UInt64
        ) {
            self.limits = limits
            self.fingerprint = fingerprint
            self.zones = zones
            self.seed = seed
        }
    }

    /// Runs until a graceful shutdown has drained the calls in flight; throws only if the queue
    /// can't be read at the start.
    package func run() async throws {
        // Requests that wait for a reply are answered, however the loop ends.
        defer { stop() }
        let restored = try await queue.restore(now: time.now())
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskExecutorPreference(provider.executor) { await turn(restored) }
        } onCancelOrGracefulShutdown: {
            self.report.yield(.drain)
        }
    }

    /// Takes events until the dispatcher has stopped.
    private func turn(_ restored: Restored) async {
        await withDiscardingTaskGroup { group in
            // Handled before the stream: changes that operators asked for while the queue was
            // being read must not be undone by its contents.
            _ = perform(handle(.restored(restored)), in: &group)
            onRestored()
            group.addTask {
                for await error in self.queue.faults {
                    self.report.yield(.storeFailed(error.fault))
                }
            }
            for await event in events where perform(handle(event), in: &group) { break }
            group.cancelAll()
        }
    }

    private func handle(_ event: Dispatcher.Event) -> [Dispatcher.Effect] {
        let now = time.now()
        observer.heard(event)
        log.turn()
        return state.withLock { $0.dispatcher.handle(event, now: now) }
    }

    /// Performs effects in order; true when the dispatcher has stopped.
    private func perform(
        _ effects: [Dispatcher.Effect],
        in group: inout DiscardingTaskGroup
    ) -> Bool {
        for effect in effects {
            switch effect {
            case .commit(let writes): group.addTask { await self.commit(writes) }
            case .call(let batch): group.addTask { await self.call(batch) }
            case .check(let accounts): group.addTask { await self.check(accounts) }
            case .jobCall(let id, let call): group.addTask { await self.call(id, call) }
            case .reply(let request, let reply): answer(request, reply)
            case .renewCredentials: group.addTask { await self.renewCredentials() }
            case .wake(let instant): group.addTask { await self.wake(at: instant) }
            case .report(let report): tell(report)
            case .stopped: return true
            }
        }
        return false
    }

    private func commit(_ writes: [Write]) async {
        do {
            let started = time.now().instant
            let results = try await queue.commit(writes, now: time.now())
            observer.committed(took: started.duration(to: time.now().instant))
            noteSuccess()
            changes.committed(writes, results)
            for case .stepped(let step) in results { observer.jobSettled(step.kind, step.tally) }
            report.yield(.committed(results))
        } catch {
            noteFailure(error.fault.text)
            report.yield(.commitFailed(error.fault))
        }
    }

    private func tell(_ report: Dispatcher.Report) {
        log.log(LogLine(report))
        observer.report(report)
    }

    private static let commitFailed = "The queue could not be written: nothing is sent until it can"

    private func noteFailure(_ text: String) {
        state.withLock { $0.failedCommits += 1 }
        log.log(LogLine(.error, Self.commitFailed, ["error": "\(text)"], kind: text))
    }

    private func noteSuccess() {
        let failures = state.withLock { state in
            defer { state.failedCommits = 0 }
            return state.failedCommits
        }
        guard failures > 0 else { return }
        log.settle(Self.commitFailed)
        let metadata: Logger.Metadata = ["failures": "\(failures)"]
        log.log(LogLine(.notice, "The queue can be written again", metadata, kind: ""))
    }

    private func call(_ batch: Batch) async {
        let started = time.now().instant
        let outcome = await provider.send(batch)
        let took = started.duration(to: time.now().instant)
        observer.answered(outcome, batch, took: took)
        report.yield(.answered(batch.id, outcome))
    }

    private func check(_ accounts: [Account]) async {
        report.yield(.checked(await provider.check(accounts)))
    }

    private func call(_ id: JobCall.ID, _ call: JobCall) async {
        let answer = await provider.answer(to: call)
        observer.jobAnswered(call.kind, answer)
        report.yield(.jobAnswered(id, answer))
    }

    private func renewCredentials() async {
        await provider.renewCredentials()
        report.yield(.credentialsRenewed)
    }

    private func wake(at instant: Instant) async {
        do {
            try await time.sleep(until: instant)
            report.yield(.woke)
        } catch {
            // Cancelled: the service has stopped, and no wait matters any more.
        }
    }

    private func stop() {
        log.flush()
        let waiting = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        report.finish()
        for continuation in waiting.values { continuation.resume(returning: .stopping) }
    }
}

// MARK: - What operators ask

extension DeliveryService {
    package func admit(_ work: CampaignWork) {
        changes.admitted()
        report.yield(.admitted(work))
    }

    package func change(
        _ id: Campaign.ID,
        _ change: CampaignChange
    ) async throws(ChangeError) -> WriteResult.Change {
        let write: Write =
            switch change {
            case .transition(let transition): .transition(id, transition)
            case .patch(let patch): .patch(id, patch)
            case .retry(let filter): .retry(id, filter)
            case .delete: .delete(id)
            case .startJob(let kind, let callsPerSecond):
                .startJob(id, kind, terms(callsPerSecond))
            case .stopJob(let kind): .stopJob(id, kind)
            }
        let reply = await ask { .requested($0, write) }
        switch reply {
        case .changed(let change): return change
        case .refused(let refusal): throw .refused(refusal)
        case .failed(let fault): throw .queue(QueueError(fault))
        case .stopping: throw .stopping
        case .done: preconditionFailure("a change of a campaign was answered without one")
        }
    }

    private func terms(_ callsPerSecond: Int?) -> JobTerms {
        let reach = state.withLock { $0.dispatcher.limits.historyReach }
        return JobTerms(
            callsPerSecond: callsPerSecond,
            historySince: time.now().timestamp.advanced(by: .zero - reach)
        )
    }

    /// Claims nothing more; `run` returns once the calls in flight have ended and are recorded.
    package func drain() {
        report.yield(.drain)
    }

    package func setPaused(_ isPaused: Bool) async throws(ChangeError) {
        let reply = await ask { .pauseRequested($0, isPaused: isPaused) }
        switch reply {
        case .done: return
        case .failed(let fault): throw .queue(QueueError(fault))
        case .stopping: throw .stopping
        case .changed, .refused: preconditionFailure("a pause was answered like a campaign")
        }
    }

    /// Applies a configuration that was read again; returns once it is in force.
    package func reconfigure(_ limits: Limits, fingerprint: String) async {
        state.withLock { $0.configError = nil }
        report.yield(.reconfigured(limits, fingerprint: fingerprint))
        await proveTurning()
    }

    /// Keeps the reason why a new configuration was refused, to show it to operators.
    package func refuseConfiguration(_ error: String) {
        state.withLock { $0.configError = error }
    }

    /// Returns once the loop has taken an event; a hung loop never does, which the watchdog
    /// notices.
    package func proveTurning() async {
        _ = await ask { .asked($0) }
    }

    private func ask(
        _ event: (Dispatcher.Request) -> Dispatcher.Event
    ) async -> Dispatcher.Reply {
        await withCheckedContinuation { continuation in
            let id: Int? = state.withLock { state in
                guard !state.isStopped else { return nil }
                state.requestCount += 1
                state.waiting[state.requestCount] = continuation
                return state.requestCount
            }
            guard let id else { return continuation.resume(returning: .stopping) }
            report.yield(event(Dispatcher.Request(id: id)))
        }
    }

    private func answer(_ request: Dispatcher.Request, _ reply: Dispatcher.Reply) {
        let continuation = state.withLock { $0.waiting.removeValue(forKey: request.id) }
        continuation?.resume(returning: reply)
    }
}

extension QueueError {
    init(_ fault: CommitFault) {
        switch fault {
        case .full(let text): self = .full(text)
        case .failed(let text): self = .failed(text)
        }
    }

    var fault: CommitFault {
        switch self {
        case .full(let text): .full(text)
        case .failed(let text): .failed(text)
        }
    }
}
