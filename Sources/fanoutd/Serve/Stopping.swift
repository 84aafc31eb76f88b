package import ServiceLifecycle
import Synchronization

/// Knows that the shutdown has begun: as the last service started it is the first to hear of it.
package final class Stopping: Service {
    private let began = Atomic(false)
    private let onBegin: @Sendable () -> Void

    package init(onBegin: @escaping @Sendable () -> Void) {
        self.onBegin = onBegin
    }

    package var hasBegun: Bool { began.load(ordering: .relaxed) }

    package func run() async throws {
        await untilShutdown()
        began.store(true, ordering: .relaxed)
        onBegin()
    }
}

/// A service that may be done before its turn to be shut down, and keeps its place until then.
///
/// A group takes a service that ends out of turn for a failure and cancels all the others.
package struct PatientService: Service {
    private let service: any Service

    package init(_ service: any Service) {
        self.service = service
    }

    package func run() async throws {
        try await service.run()
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
