package import ServiceLifecycle
import Synchronization

/// Knows that the shutdown has begun: as the last service started it is the first to hear of it.
///
/// It ends when the sending has, and so the endpoint answers until then: that it isn't ready any
/// more, and how far the calls in flight are.
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

/// A service that may be done before its turn to be shut down, and keeps its place until then.
///
/// A group takes a service that ends out of turn for a failure and cancels all the others.
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

private func untilShutdown() async {
    do {
        try await gracefulShutdown()
    } catch {
        // Cancelled instead: the process is stopping all the same.
    }
}
