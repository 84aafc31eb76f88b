import DeliveryCore
import DeliveryEngine
import Synchronization
import TestSupport

/// A queue of one campaign, whose commits can fail or be held back.
final class FakeQueue: Queue {
    struct State {
        var model = QueueModel([makeWork(fresh: 3)])
        var fault: QueueError?
        var restoreFault: QueueError?
        /// An operator had stopped all sending before the start.
        var isPaused = false
        /// What happens while the queue is being read.
        var whileRestoring: @Sendable () async -> Void = {}
    }

    static let id = makeID()
    let state = Mutex(State())
    let faults: AsyncStream<QueueError>
    let fault: AsyncStream<QueueError>.Continuation

    init() {
        (faults, fault) = AsyncStream.makeStream()
    }

    var records: [Resolution] { state.withLock { $0.model.records } }

    func restore(now: Now) async throws(QueueError) -> Restored {
        if let fault = state.withLock({ $0.restoreFault }) { throw fault }
        await state.withLock { $0.whileRestoring }()
        return state.withLock { state in
            var restored = Restored(campaigns: Array(state.model.works.values))
            restored.service.isPaused = state.isPaused
            return restored
        }
    }

    func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult] {
        let result: Result<[WriteResult], QueueError> = state.withLock { state in
            if let fault = state.fault { return .failure(fault) }
            return .success(writes.map { state.model.perform($0) })
        }
        return try result.get()
    }
}

/// A provider whose calls stay out until the test lets them be answered.
final class FakeProvider: Provider {
    private struct State {
        var isOpen: Bool
        var waiting: [CheckedContinuation<Outcome, Never>] = []
    }

    private let state: Mutex<State>
    let calls = Signals<Batch>()
    let lookUps = Signals<LookUp>()
    let recalls = Signals<Recall>()
    /// The outcome of every look-up; not found, if nothing is said.
    private let lookUpOutcome: LookUpOutcome
    /// The outcome of every recall.
    private let recallOutcome: RecallOutcome
    let executor: (any TaskExecutor)?
    /// Runs where a call begins.
    private let onCall: @Sendable () -> Void

    init(
        isOpen: Bool = true,
        executor: (any TaskExecutor)? = nil,
        onCall: @escaping @Sendable () -> Void = {},
        lookUpOutcome: LookUpOutcome = .answered(HistoryPage(found: nil, next: nil)),
        recallOutcome: RecallOutcome = .answered(.recalled(code: 0))
    ) {
        state = Mutex(State(isOpen: isOpen))
        self.executor = executor
        self.onCall = onCall
        self.lookUpOutcome = lookUpOutcome
        self.recallOutcome = recallOutcome
    }

    private static let ok = Outcome.answered(messageKey: "k", refused: [])

    func send(_ batch: Batch) async -> Outcome {
        onCall()
        calls.send(batch)
        return await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume(returning: Self.ok) }
        }
    }

    /// Everybody exists.
    func check(_ accounts: [Account]) async -> CheckOutcome {
        .answered(missing: [], unclear: [])
    }

    func lookUp(_ lookUp: LookUp) async -> LookUpOutcome {
        lookUps.send(lookUp)
        return lookUpOutcome
    }

    func recall(_ recall: Recall) async -> RecallOutcome {
        recalls.send(recall)
        return recallOutcome
    }

    func renewCredentials() async {}

    /// Answers all calls that are out and to come.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: Self.ok) }
    }
}

/// Passes reports and events on to the test.
struct Watch: DeliveryObserver {
    let reports = Signals<Dispatcher.Report>()
    let events = Signals<Dispatcher.Event>()

    func heard(_ event: Dispatcher.Event) {
        events.send(event)
    }

    func report(_ report: Dispatcher.Report) {
        reports.send(report)
    }
}
