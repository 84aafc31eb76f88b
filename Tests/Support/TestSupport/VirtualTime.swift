package import DeliveryCore
import DeliveryEngine
import Synchronization

/// A time source that moves only when told to.
package final class VirtualTime: TimeSource {
    private struct Sleeper {
        let id: Int
        let until: Instant
        let wake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed: Duration = .zero
        var nextID = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
    }

    private static let start = at(0)
    private let state = Mutex(State())

    package init() {}

    package func now() -> Now {
        let elapsed = state.withLock { $0.elapsed }
        return Now(
            instant: Self.start.instant.advanced(by: elapsed),
            timestamp: Self.start.timestamp.advanced(by: elapsed)
        )
    }

    package func sleep(until instant: Instant) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if instant <= Self.start.instant.advanced(by: state.elapsed) {
                        return .success(())
                    }
                    state.sleepers.append(Sleeper(id: id, until: instant, wake: continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let sleeper: Sleeper? = state.withLock { state in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }

    /// Makes time pass and wakes whoever waited for it.
    package func pass(_ duration: Duration) {
        let woken: [Sleeper] = state.withLock { state in
            state.elapsed += duration
            let now = Self.start.instant.advanced(by: state.elapsed)
            let due = state.sleepers.filter { $0.until <= now }
            state.sleepers.removeAll { $0.until <= now }
            return due
        }
        for sleeper in woken { sleeper.wake.resume() }
    }

    /// Makes time pass until the first of those who wait is due, and wakes it; false if nobody waits.
    package func passToNext() -> Bool {
        let next = state.withLock { state in
            state.sleepers.map(\.until).min().map {
                Self.start.instant.advanced(by: state.elapsed).duration(to: $0)
            }
        }
        guard let next else { return false }
        pass(next)
        return true
    }

    /// How many wait.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }
}
