import DeliveryCore
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import fanoutd

/// A service made of a closure.
private struct MadeService: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws { try await body() }
}

@Suite struct `A shutdown` {
    @Test(.timeLimit(.minutes(1)))
    func `ends the sending while the endpoint still answers`() async throws {
        let (drained, drain) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Never.self)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let hasSent = Atomic(false)
        let stopping = Stopping(sendingEnded: ended) { drain.finish() }
        let sending = MadeService {
            for await _ in drained {}
            hasSent.store(true, ordering: .relaxed)
        }
        let endpoint = MadeService {
            start.finish()
            try await gracefulShutdown()
            let sent = hasSent.load(ordering: .relaxed)
            #expect(sent)
        }
        let group = ServiceGroup(
            services: [PatientService(sending, onEnd: { end.finish() }), endpoint, stopping],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(!stopping.hasBegun)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in started {}
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(stopping.hasBegun)
    }
}
