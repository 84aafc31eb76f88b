import NIOPosix
import Synchronization

/// Threads for work that takes long.
///
/// The sending loop turns on the threads of Swift's concurrency, of which there are as many as
/// cores. A body that takes a second to read through would have one of them for that second, and
/// two such bodies all of a small machine.
package final class LongWork: TaskExecutor {
    private static let threads = LongWork()

    private let entries = Atomic<Int>(0)

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The shared pool is never shut down, so what is handed in always runs.
        NIOThreadPool.singleton.submit { [self] _ in
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// What is shorter is done by the time a thread would have been found for it, and mustn't
    /// wait for what is longer.
    package static let threshold = 65_536

    /// Runs work over so many bytes, elsewhere if they are many; what it awaits that has no
    /// executor of its own runs there too.
    static func over<Value, Failure: Error>(
        _ byteCount: Int,
        _ work: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard byteCount > threshold else { return try await work() }
        return try await withTaskExecutorPreference(threads) { () async throws(Failure) -> Value in
            await enter()
            return try await work()
        }
    }

    /// Goes over to the preferred threads: a preference alone takes hold at the next suspension,
    /// and work that awaits nothing would be done by then.
    ///
    /// It counts, since the optimizer leaves out going where nothing is done.
    @concurrent
    @inline(never)
    private static func enter() async { threads.entries.add(1, ordering: .relaxed) }
}
