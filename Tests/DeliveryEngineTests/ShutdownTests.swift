import DeliveryCore
import DeliveryEngine
import Logging
import ServiceLifecycle
import TestSupport
import Testing

struct ShutdownTests {
    @Test func `a graceful shutdown finishes the calls in flight and records them`() async throws {
        let queue = FakeQueue()
        let provider = FakeProvider(isOpen: false)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let service = DeliveryService(
            queue: queue,
            provider: provider,
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: VirtualTime(),
            logger: logger
        )
        let group = ServiceGroup(services: [service], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await provider.calls.first()
            await group.triggerGracefulShutdown()
            // Taken in before or after the drain began: answered either way, never left waiting.
            while true {
                do {
                    try await service.setPaused(false)
                } catch ChangeError.stopping {
                    break
                }
            }
            #expect(queue.records.isEmpty)
            provider.open()
            try await tasks.waitForAll()
        }
        #expect(queue.records.count == 1)
    }
}
