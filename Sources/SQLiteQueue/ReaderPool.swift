import DeliveryEngine
import Dispatch
import QueueTables
import Synchronization

/// A few connections that read, each on a thread of its own while it has something to read.
final class ReaderPool: Sendable {
    private let readers: [Reader]
    private let state: Mutex<State>

    private typealias Job = @Sendable (Reader) -> Void

    private struct State {
        var idle: [Reader]
        var waiting: [Job] = []
    }

    private static let count = 3

    init(of path: String) {
        readers = (0..<Self.count).map { Reader(of: path, number: $0) }
        state = Mutex(State(idle: readers))
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error> {
        await withCheckedContinuation { continuation in
            let job: Job = { continuation.resume(returning: $0.read(body)) }
            let reader = state.withLock { state -> Reader? in
                // The one that was used last: the others needn't be opened before they are needed.
                if let reader = state.idle.popLast() { return reader }
                state.waiting.append(job)
                return nil
            }
            if let reader { run(job, on: reader) }
        }
    }

    /// Runs a job on a reader's thread, then those that wait.
    private func run(_ job: @escaping Job, on reader: Reader) {
        reader.queue.async {
            job(reader)
            let next = self.state.withLock { state -> Job? in
                if !state.waiting.isEmpty { return state.waiting.removeFirst() }
                state.idle.append(reader)
                return nil
            }
            if let next { self.run(next, on: reader) }
        }
    }

    /// Waits for the jobs under way; those that wait still have their turns, and fail.
    func close() throws {
        for reader in readers { try reader.close() }
    }
}

/// A connection that reads, each job on a snapshot; it is opened for its first job.
final class Reader: Sendable {
    let queue: DispatchQueue
    private let path: String
    private let state = Mutex(State())

    private struct State {
        var connection: SQLiteConnection?
        var isClosed = false
    }

    init(of path: String, number: Int) {
        self.path = path
        queue = DispatchQueue(label: "fanoutd.sqlite.reader-\(number)", qos: .userInitiated)
    }

    func read<T: Sendable>(
        _ body: @Sendable (any Connection) throws -> T
    ) -> Result<T, any Error> {
        state.withLock { state in
            do {
                if state.isClosed { throw QueueError.failed("\(path): the store is closed") }
                let connection = try state.connection ?? SQLiteConnection(at: path, .reading)
                state.connection = connection
                return .success(try connection.snapshot { try body(connection) })
            } catch {
                return .failure(error)
            }
        }
    }

    /// Waits until nothing of the job under way is left.
    func close() throws {
        try queue.sync {
            try state.withLock { state in
                state.isClosed = true
                try state.connection?.close()
                state.connection = nil
            }
        }
    }
}
