import DeliveryCore
import DeliveryEngine
import Logging
import Synchronization
import TestSupport
import Testing

/// What an outage of the queue writes into the log.
struct OutageLogTests {
    private let queue = FakeQueue()
    private let time = VirtualTime()
    private let watch = Watch()
    private let log = LogLines { line in
        guard line.message.hasPrefix("The queue") else { return nil }
        return "\(line.level)" + line.text(["error"], bare: true)
            + line.text(["times", "failures"])
    }

    @Test func `an outage of the queue is a line a minute, with its begin and its end`()
        async throws
    {
        let provider = FakeProvider()
        let service = DeliveryService(
            queue: queue,
            provider: provider,
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: time,
            observer: watch,
            logger: log.logger
        )
        queue.state.withLock { $0.fault = .failed("disk I/O error") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            // One try a second.
            for _ in 0..<120 { await nextFailure() }
            queue.state.withLock { $0.fault = .full("disk is full") }
            await nextFailure()
            await nextFailure()
            queue.state.withLock { $0.fault = nil }
            await watch.reports.first { $0 == .campaign(FakeQueue.id, .completed, nil) }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(
            log.all == [
                "error disk I/O error",
                "error disk I/O error times=59",
                "error disk I/O error times=60",
                "error disk is full",
                "notice failures=122",
            ]
        )
    }

    /// Waits for a commit to fail, and until the next may be tried.
    private func nextFailure() async {
        await watch.events.first { if case .commitFailed = $0 { true } else { false } }
        time.pass(.seconds(1))
    }
}
