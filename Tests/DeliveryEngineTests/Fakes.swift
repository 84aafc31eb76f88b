import DeliveryCore
import DeliveryEngine
import Simulation
import Synchronization

/// A queue of one campaign, whose commits can fail or be held back.
final class FakeQueue: Queue {
    struct State {
        var fresh = 3
        var claimed = 0
        var campaign = Campaign.State.running
        var fault: QueueError?
        var restoreFault: QueueError?
        /// An operator had stopped all sending before the start.
        var isPaused = false
        /// What happens while the queue is being read.
        var whileRestoring: @Sendable () async -> Void = {}
        var records: [Resolution] = []
    }

    static let id = Campaign.ID(high: 0x7000, low: 0x8000_0000_0000_0001)
    let state = Mutex(State())
    let faults: AsyncStream<QueueError>
    let fault: AsyncStream<QueueError>.Continuation

    init() {
        (faults, fault) = AsyncStream.makeStream()
    }

    var records: [Resolution] { state.withLock { $0.records } }

    func restore(now: Now) async throws(QueueError) -> Restored {
        if let fault = state.withLock({ $0.restoreFault }) { throw fault }
        await state.withLock { $0.whileRestoring }()
        return state.withLock { state in
            var restored = Restored(campaigns: [Self.work(state)])
            restored.service.isPaused = state.isPaused
            return restored
        }
    }

    func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult] {
        let result: Result<[WriteResult], QueueError> = state.withLock { state in
            if let fault = state.fault { return .failure(fault) }
            return .success(writes.map { Self.carryOut($0, &state) })
        }
        return try result.get()
    }

    private static func work(_ state: State) -> CampaignWork {
        CampaignWork(
            id: id,
            state: state.campaign,
            settings: Campaign.Settings(),
            order: 1,
            packetOverhead: 200,
            freshCount: state.fresh,
            retryCount: 0,
            retryDueAt: nil,
            accountLimit: nil
        )
    }

    private static func carryOut(_ write: Write, _ state: inout State) -> WriteResult {
        switch write {
        case .claim(let claim):
            guard state.campaign == .running, state.fresh > 0 else {
                return .claimed(nil, work(state))
            }
            let count = min(claim.accountLimit, state.fresh)
            state.fresh -= count
            state.claimed += 1
            let batch = Batch(
                id: Batch.ID(rawValue: Int64(state.claimed)),
                campaign: id,
                message: CheckedMessage(json: [], packetOverhead: 200),
                accounts: (0..<count).map { Account("user\(state.claimed)-\($0)") },
                numbers: CallNumbers(sequence: 1, random: claim.random)
            )
            return .claimed(batch, work(state))
        case .record(let record):
            state.records.append(record.resolution)
            if state.fresh == 0, state.campaign == .running { state.campaign = .completed }
            return .recorded(work(state), opened: [])
        case .transition(_, let transition):
            guard case .to(let next) = state.campaign.step(transition, startsLater: false) else {
                return .changed(.failure(.wrongState(state.campaign)))
            }
            state.campaign = next
            let campaign = Campaign(
                id: id,
                name: "",
                state: next,
                createdAt: Timestamp(milliseconds: 0),
                message: CheckedMessage(json: [], packetOverhead: 200)
            )
            return .changed(.success(.init(campaign: campaign, work: work(state))))
        case .service:
            return .done
        case .sweep:
            return .swept(WriteResult.Swept(hasMore: false))
        case .reclaim, .patch, .retry, .delete, .close:
            return .changed(.failure(.notFound))
        }
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

    init(isOpen: Bool = true) {
        state = Mutex(State(isOpen: isOpen))
    }

    private static let ok = Outcome.answered(messageKey: "k", refused: [])

    func send(_ batch: Batch) async -> Outcome {
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

/// Lets a test wait for what happens elsewhere instead of sleeping.
final class Signals<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func send(_ value: Value) { continuation.yield(value) }

    /// The first value for which this is true, of those not waited for yet.
    @discardableResult
    func first(where isWanted: (Value) -> Bool = { _ in true }) async -> Value? {
        for await value in stream where isWanted(value) { return value }
        return nil
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
