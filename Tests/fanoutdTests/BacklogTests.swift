import DeliveryCore
import DeliveryEngine
import Synchronization
import Testing
import fanoutd

@Suite struct BacklogTests {
    private let queue = CountedFigures()
    private let changes = ChangeFeed()
    private let backlog = Backlog()

    @Test func `is read again only after a change`() async throws {
        #expect(try await backlog.recipients(of: queue, changes) == 1)
        #expect(try await backlog.recipients(of: queue, changes) == 1)
        changes.changed(Campaign.ID(high: 0, low: 1))
        #expect(try await backlog.recipients(of: queue, changes) == 2)
        #expect(try await backlog.recipients(of: queue, changes) == 2)
    }

    @Test func `is read again where a read fails, or something changes meanwhile`() async throws {
        queue.state.withLock { $0.error = .failed("broken") }
        for _ in 0..<2 {
            await #expect(throws: QueueError.failed("broken")) {
                try await backlog.recipients(of: queue, changes)
            }
        }
        queue.state.withLock { state in
            state.error = nil
            state.onRead = { [changes] in changes.changed(Campaign.ID(high: 0, low: 1)) }
        }
        #expect(try await backlog.recipients(of: queue, changes) == 3)
        queue.state.withLock { $0.onRead = {} }
        #expect(try await backlog.recipients(of: queue, changes) == 4)
        #expect(try await backlog.recipients(of: queue, changes) == 4)
    }
}

/// A queue in which one more recipient waits at each read.
private final class CountedFigures: QueueFigures {
    struct State {
        var reads = 0
        var error: QueueError?
        var onRead: @Sendable () -> Void = {}
    }

    let state = Mutex(State())
    let ended = Counts()
    let logSize: Int? = nil

    func standing() async throws(QueueError) -> QueueStanding {
        let (reads, error, onRead) = state.withLock { state in
            state.reads += 1
            return (state.reads, state.error, state.onRead)
        }
        onRead()
        if let error { throw error }
        return QueueStanding(recipients: reads)
    }
}
