import DeliveryCore
import Synchronization

/// Runs tasks' jobs one at a time on the thread that drains it, in an order that a seed decides.
///
/// Another seed is another interleaving of the same tasks; the same seed is the same one again.
package final class VirtualExecutor: TaskExecutor {
    private struct State {
        var ready: [UnownedJob] = []
        var random: SplitMix64
    }

    private let state: Mutex<State>

    package init(seed: UInt64) {
        state = Mutex(State(random: SplitMix64(seed: seed)))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Runs until no job is ready: every task has ended or waits for something.
    package func drain() {
        while let job = next() {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    private func next() -> UnownedJob? {
        state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            let index = Int.random(in: state.ready.indices, using: &state.random)
            return state.ready.remove(at: index)
        }
    }
}
