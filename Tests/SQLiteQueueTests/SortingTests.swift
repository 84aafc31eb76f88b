import DeliveryCore
import DeliveryEngine
import Dispatch
import Glibc
import QueueFixtures
import QueueTables
import SQLiteQueue
import Synchronization
import TestSupport
import Testing

/// The sending loop turns on the threads that streams are taken in on, so no run is sorted there.
@Suite struct SortingTests {
    private let files = TemporaryFiles()

    /// Runs jobs on a queue of its own, and reckons up what of the processor they took.
    private final class Meter: TaskExecutor {
        private let queue = DispatchQueue(label: "meter")
        private let taken = Mutex(Duration.zero)

        var total: Duration { taken.withLock { $0 } }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { [self] in
                let taken = Self.taken { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
                self.taken.withLock { $0 += taken }
            }
        }

        /// The processor's time that a body takes of the thread it runs on.
        static func taken(_ body: () -> Void) -> Duration {
            let start = now
            body()
            return now - start
        }

        private static var now: Duration {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
    }

    @Test func `its caller's thread is free while a run is sorted`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        var random = SplitMix64(seed: 7)
        let accounts = (0..<20_000).map { _ in Account(String(random.next())) }
        let run = AccountRun(accounts)
        let work = Meter.taken { #expect(accounts.sorted().count == accounts.count) }
        let meter = Meter()
        try await withTaskExecutorPreference(meter) {
            _ = try await store.take(run, into: makeID(), now: at(1))
            var created = makeNewCampaign(makeID(2), accounts: [])
            created.recipients = run
            _ = try await store.create(created, now: at(1))
        }
        print("FIGURE sorting: \(meter.total) of the caller's thread, a sort takes \(work)")
        #expect(meter.total < work / 5)
        try store.close()
    }
}
