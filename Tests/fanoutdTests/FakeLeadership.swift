import DeliveryCore
import DeliveryEngine
import Logging
import QueueFixtures
import QueueTables
import SQLiteQueue
import Synchronization
import TestSupport

/// A lease that a test grants and takes away; the queue is one file, opened anew for each term.
final class FakeLeadership: Leadership {
    enum Event: Sendable, Equatable {
        /// The node stands by.
        case standsBy
        case leads(epoch: Int64)
        case resigned
    }

    /// How a wait for the lease ends.
    enum Grant: Sendable {
        case lease
        /// The lease, with a queue that can't be read.
        case brokenQueue
        case refusal(LeaseRefused)
    }

    struct LeaseRefused: Error, Equatable {}

    private struct State {
        var status = ClusterStatus(role: .standby)
        var figures = LeadershipFigures()
        var grant: AsyncStream<Grant>.Continuation?
        var loss: AsyncStream<Never>.Continuation?
        var queue: Store?
    }

    let events = Signals<Event>()
    private let state = Mutex(State())
    private let files = TemporaryFiles()
    private let seen = Mutex<[Event]>([])

    var status: ClusterStatus { state.withLock { $0.status } }
    var figures: LeadershipFigures { state.withLock { $0.figures } }
    /// Whether a node waits for the lease.
    var isWaited: Bool { state.withLock { $0.grant != nil } }
    /// What has happened so far.
    var history: [Event] { seen.withLock { $0 } }

    func lead() async throws -> any QueueBackend {
        let (grants, grant) = AsyncStream.makeStream(of: Grant.self)
        state.withLock { $0.grant = grant }
        tell(.standsBy)
        defer { state.withLock { $0.grant = nil } }
        for await granted in grants {
            if case .refusal(let error) = granted { throw error }
            // Its lock is free only if the former term's queue is closed.
            let queue = try Store.open(at: files.path("a"), options: makeOptions())
            if case .brokenQueue = granted { try queue.close() }
            let epoch = state.withLock { state in
                let epoch = (state.status.epoch ?? 0) + 1
                state.status = ClusterStatus(role: .leader, epoch: epoch, synchronous: true)
                if case .lease = granted { state.queue = queue }
                return epoch
            }
            tell(.leads(epoch: epoch))
            return queue
        }
        throw CancellationError()
    }

    func keep() async {
        let (losses, loss) = AsyncStream.makeStream(of: Never.self)
        state.withLock { $0.loss = loss }
        for await _ in losses {}
    }

    func allowsCall() -> Bool { state.withLock { $0.status.role == .leader } }

    func resign() async {
        let queue = state.withLock { state in
            state.status.role = .standby
            defer { state.queue = nil }
            return state.queue
        }
        do {
            try queue?.close()
        } catch {
            preconditionFailure("the queue can't be closed: \(error)")
        }
        tell(.resigned)
    }

    /// Gives the lease to the node that stands by.
    func grant(_ grant: Grant = .lease) { state.withLock { $0.grant }?.yield(grant) }

    /// Takes the lease away: another node leads.
    func lose() {
        state.withLock { state in
            state.status.role = .standby
            state.status.leader = "http://127.0.0.1:9"
            return state.loss
        }?.finish()
    }

    private func tell(_ event: Event) {
        seen.withLock { $0.append(event) }
        events.send(event)
    }
}
