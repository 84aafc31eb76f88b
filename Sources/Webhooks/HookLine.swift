import DeliveryCore
import DeliveryEngine

/// One hook as the courier knows it: what is out, what goes next, and whether it fails.
struct HookLine: Sendable {
    /// Events that are out, or whose result isn't durable yet: their campaigns' later ones wait.
    private(set) var out: [Int64: StoredEvent] = [:]
    /// Events that were read and may go.
    private(set) var ready: [StoredEvent] = []
    /// Whether the outbox may have events that are due and weren't read.
    var hasMore = true
    private(set) var isLoading = false
    /// What was out when the reading began, which it may still show.
    private var outAtLoad: Set<Int64> = []
    /// When an event is due next by the clock, as far as it was read.
    private(set) var nextAt: Timestamp?
    /// Tries in a row that failed, of whatever event.
    private(set) var failures = 0
    private var failingSince: Timestamp?
    private(set) var restsUntil: Instant?
    private(set) var isStopped = false
    private(set) var last: HookTry?

    /// Tries that may be out at once.
    static let outLimit = 4
    /// Events that are read at a time.
    static let loadLimit = 16

    /// What an answer means for its event.
    enum Meaning: Hashable {
        case settled
        case postponed(attempts: Int, since: Timestamp, dueAt: Timestamp)
        case gaveUp(attempts: Int)
        /// The hook is gone; the event waits for a reload.
        case stopped
    }

    mutating func reconfigured() {
        if isStopped { (failures, failingSince) = (0, nil) }
        isStopped = false
        restsUntil = nil
        hasMore = true
    }

    /// Takes the next event that may go out; nil if none may now.
    ///
    /// A hook that fails gets one at a time.
    mutating func next() -> StoredEvent? {
        guard failures == 0 ? out.count < Self.outLimit : out.isEmpty else { return nil }
        let lanes = Set(out.values.map(\.lane))
        guard let index = ready.firstIndex(where: { !lanes.contains($0.lane) }) else { return nil }
        let event = ready.remove(at: index)
        out[event.id] = event
        return event
    }

    mutating func load() {
        (isLoading, hasMore) = (true, false)
        outAtLoad = Set(out.keys)
    }

    mutating func loaded(_ due: DueEvents) {
        isLoading = false
        if due.events.count == Self.loadLimit { hasMore = true }
        nextAt = due.nextAt
        guard !isStopped else { return }
        ready = due.events.filter { !outAtLoad.contains($0.id) && out[$0.id] == nil }
    }

    mutating func loadFailed() {
        (isLoading, hasMore) = (false, true)
    }

    /// A result is durable, and what waited for its event may be due.
    mutating func recorded(_ id: Int64) {
        out[id] = nil
        hasMore = true
    }

    /// Takes in an answer; whatever it means is to be recorded, but for a hook that is gone.
    mutating func answered(
        _ event: StoredEvent,
        _ answer: HookAnswer,
        now: Now,
        using random: inout SplitMix64
    ) -> Meaning {
        last = HookTry(at: now.timestamp, status: answer.status, error: answer.error)
        switch answer {
        case .status(200..<300):
            (failures, failingSince, restsUntil) = (0, nil, nil)
            return .settled
        case .status(410):
            out[event.id] = nil
            (isStopped, ready) = (true, [])
            return .stopped
        case .status, .failed: return failed(event, now: now, using: &random)
        }
    }

    private mutating func failed(
        _ event: StoredEvent,
        now: Now,
        using random: inout SplitMix64
    ) -> Meaning {
        failures += 1
        failingSince = failingSince ?? now.timestamp
        let attempts = event.attempts + 1
        let wait = RetrySchedule.wait(after: attempts, using: &random)
        let rest = attempts == failures ? wait : RetrySchedule.wait(after: failures, using: &random)
        restsUntil = now.instant.advanced(by: min(rest, RetrySchedule.longestRest))
        let since = event.failingSince ?? now.timestamp
        let dueAt = now.timestamp.advanced(by: wait)
        guard dueAt <= since.advanced(by: RetrySchedule.patience) else {
            return .gaveUp(attempts: attempts)
        }
        nextAt = min(nextAt ?? dueAt, dueAt)
        return .postponed(attempts: attempts, since: since, dueAt: dueAt)
    }

    /// The time before which events are too old, if the hook has failed all the while.
    func patienceEnds(_ now: Timestamp) -> Timestamp? {
        let end = now.advanced(by: .zero - RetrySchedule.patience)
        guard let failingSince, failingSince <= end else { return nil }
        return end
    }
}
