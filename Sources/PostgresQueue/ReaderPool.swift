import DeliveryEngine
import Dispatch
import QueueTables
import Synchronization

/// A few connections that read, each on a thread of its own.
final class ReaderPool: Sendable {
    private let isConcurrent: Bool
    private let texts: TranslatedTexts
    private let state: Mutex<State>

    private typealias Job = @Sendable (Reader) -> Void

    private struct State {
        /// The server that the writer has.
        var host: ConnectionString.Host
        var idle: [Reader]
        var waiting: [Job] = []
        var isClosed = false
    }

    private static let readers = 3

    init(_ session: Session, _ host: ConnectionString.Host, isConcurrent: Bool) {
        self.isConcurrent = isConcurrent
        texts = session.texts
        state = Mutex(
            State(host: host, idle: (0..<Self.readers).map { Reader(session, number: $0) })
        )
    }

    /// Readers of another server connect anew before their next job.
    func move(to host: ConnectionString.Host) { state.withLock { $0.host = host } }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error> {
        let texts = texts
        return await onServer { try body(PostgresConnection($0, texts)) }
    }

    func onServer<T: Sendable>(
        _ body: @escaping @Sendable (ServerConnection) throws -> T
    ) async -> Result<T, any Error> {
        guard isConcurrent else {
            let reader = state.withLock { $0.idle.first }
            return reader?.read(on: host, body) ?? .failure(Reader.closed)
        }
        return await withCheckedContinuation { continuation in
            let job: Job = { continuation.resume(returning: $0.read(on: self.host, body)) }
            let (reader, isClosed) = state.withLock { state -> (Reader?, Bool) in
                if state.isClosed { return (nil, true) }
                if let reader = state.idle.popLast() { return (reader, false) }
                state.waiting.append(job)
                return (nil, false)
            }
            if isClosed { continuation.resume(returning: .failure(Reader.closed)) }
            if let reader { run(job, on: reader) }
        }
    }

    private var host: ConnectionString.Host? {
        state.withLock { $0.isClosed ? nil : $0.host }
    }

    /// Runs a job on a reader's thread, then those that wait.
    private func run(_ job: @escaping Job, on reader: Reader) {
        reader.queue.async {
            job(reader)
            let next = self.state.withLock { state -> Job? in
                if !state.waiting.isEmpty { return state.waiting.removeFirst() }
                if state.isClosed { reader.close() } else { state.idle.append(reader) }
                return nil
            }
            if let next { self.run(next, on: reader) }
        }
    }

    /// Jobs that wait still have their turns, and fail.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for reader in idle { reader.close() }
    }
}

/// A connection that reads, each job on a snapshot.
final class Reader: Sendable {
    let queue: DispatchQueue
    private let session: Session
    private let state = Mutex(State())

    private struct State {
        var server: ServerConnection?
        var host: ConnectionString.Host?
    }

    static let closed = QueueError.failed("the store is closed")

    init(_ session: Session, number: Int) {
        self.session = session
        queue = DispatchQueue(label: "fanoutd.postgres.reader-\(number)", qos: .userInitiated)
    }

    func read<T: Sendable>(
        on host: ConnectionString.Host?,
        _ body: @Sendable (ServerConnection) throws -> T
    ) -> Result<T, any Error> {
        state.withLock { state in
            do {
                guard let host else { throw Self.closed }
                let server = try begin(&state, on: host)
                defer { server.rollBack() }
                return .success(try body(server))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Begins a snapshot, on a new connection if there is none or it turns out to have gone.
    private func begin(
        _ state: inout State,
        on host: ConnectionString.Host
    ) throws -> ServerConnection {
        let start = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        if let server = state.server, !server.isBroken, state.host == host {
            do {
                try server.run(start)
                return server
            } catch  where server.isBroken {
                // It is made anew.
            }
        }
        let server = try session.connect(to: host).connection
        (state.server, state.host) = (server, host)
        try server.run(start)
        return server
    }

    func close() { state.withLock { $0.server = nil } }
}
