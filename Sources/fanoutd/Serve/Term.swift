package import DeliveryCore
package import DeliveryEngine
package import HTTPAPI
import Synchronization
package import Webhooks

/// One leadership: the queue as it was opened for it, and all that works on that queue.
///
/// Whoever leads anew begins a term of its own, with nothing that a former one had in memory.
package struct Term: Sendable {
    package let queue: any QueueBackend
    package let deliveries: DeliveryService
    package let hooks: WebhookSender
    /// The leader's routes.
    package let endpoint: HTTPAPI.Endpoint
    /// Shared with the routes.
    package let end: Milestone
    let proof = WritingProof()
    let backlog = Backlog()

    package init(
        queue: any QueueBackend,
        deliveries: DeliveryService,
        hooks: WebhookSender,
        endpoint: HTTPAPI.Endpoint,
        end: Milestone
    ) {
        self.queue = queue
        self.deliveries = deliveries
        self.hooks = hooks
        self.endpoint = endpoint
        self.end = end
    }
}

/// Something that happens once: a term's end, a stop's beginning.
package final class Milestone: Sendable {
    private let value = Atomic(false)

    package init() {}

    package var isReached: Bool { value.load(ordering: .acquiring) }

    func reach() { value.store(true, ordering: .releasing) }
}

/// Whether a queue that several nodes share still answers its writer.
///
/// A commit in doubt waits until the database has failed over, which is no hang. So the watchdog
/// doesn't wait for the write that is asked for now and then, but for how long it has been out.
package final class WritingProof: Sendable {
    private let askedAt = Mutex<Instant?>(nil)

    private static let interval: Duration = .seconds(10)
    /// Longer than a takeover, or the database's own, may last.
    private static let patience: Duration = .seconds(90)

    package init() {}

    /// Asks for a write again and again, until it is canceled.
    package func run(
        time: any TimeSource,
        write: @Sendable (Now) async -> Void
    ) async {
        do {
            while true {
                let now = time.now()
                askedAt.withLock { $0 = now.instant }
                await write(now)
                askedAt.withLock { $0 = nil }
                try await time.sleep(until: now.instant.advanced(by: Self.interval))
            }
        } catch {
            // The term is over.
        }
    }

    /// Whether a write has been out for so long that the writer must hang.
    package func isOverdue(at now: Instant) -> Bool {
        askedAt.withLock { askedAt in
            askedAt.map { $0.duration(to: now) > Self.patience } ?? false
        }
    }
}
