package import ServiceLifecycle
import Synchronization

/// Tells that the shutdown has begun: started last, it is the first service to be shut down.
///
/// It ends when sending has ended, so until then the endpoint answers that the daemon isn't ready,
/// and how far the calls in flight are.
package final class Stopping: Service {
    private let began = Atomic(false)
    private let onBegin: @Sendable () -> Void
    private let sendingEnded: AsyncStream<Never>

    package init(
        sendingEnded: AsyncStream<Never>,
        onBegin: @escaping @Sendable () -> Void
    ) {
        self.sendingEnded = sendingEnded
        self.onBegin = onBegin
    }

    package var hasBegun: Bool { began.load(ordering: .relaxed) }

    package func run() async throws {
        await untilShutdown()
        began.store(true, ordering: .relaxed)
        onBegin()
        for await _ in sendingEnded {}
    }
}

/// A service that may end before its turn to be shut down, and waits for that turn.
///
/// A service group treats a service that ends early as a failure and cancels all the others.
package struct PatientService: Service {
    private let service: any Service
    private let onEnd: @Sendable () -> Void

    package init(_ service: any Service, onEnd: @escaping @Sendable () -> Void) {
        self.service = service
        self.onEnd = onEnd
    }

    package func run() async throws {
        do {
            defer { onEnd() }
            try await service.run()
        }
        await untilShutdown()
    }
}

/// Waits for the turn of the service that calls it.
func untilShutdown() async {
    do {
        try await gracefulShutdown()
    } catch {
        // Cancelled: the process is stopping in any case.
    }
}
