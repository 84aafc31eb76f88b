import DeliveryCore
import DeliveryEngine
import Logging
import Simulation
import Synchronization
import Testing

/// What an outage of the queue writes into the log.
struct OutageLogTests {
    private let queue = FakeQueue()
    private let time = VirtualTime()
    private let watch = Watch()
    private let log = Lines()

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
            logger: Logger(label: "test") { _ in LineCollector(lines: log) }
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
                "error disk I/O error failures=60",
                "error disk is full failures=60",
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

/// The log's lines about the queue, without their words.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct LineCollector: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.message.description.hasPrefix("The queue") else { return }
        let error = event.metadata?["error"].map { ["\($0)"] } ?? []
        let failures = event.metadata?["failures"].map { ["failures=\($0)"] } ?? []
        lines.add((["\(event.level)"] + error + failures).joined(separator: " "))
    }
}
