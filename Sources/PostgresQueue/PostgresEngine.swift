import DeliveryCore
import DeliveryEngine
import Dispatch
import QueueTables
import Synchronization

/// PostgreSQL as the engine of a store, for one term of a leader.
///
/// One connection writes, on a thread of its own and one job after another; a few others read, each
/// on a snapshot. None of the threads is one that Swift's tasks need.
final class PostgresEngine: Engine {
    let session: Session
    let term: Term
    let isConcurrent: Bool
    /// The writer's thread.
    private let queue = DispatchQueue(label: "fanoutd.postgres.writer", qos: .userInitiated)
    private let readers: ReaderPool
    private let writer: Mutex<Writer>
    private let state: Mutex<State>
    /// Is told that a full window is durably held for calls that the ledger lacks.
    private let heldWindow: @Sendable () -> Void

    /// What a job gets: the connection, or why it can't be had.
    private typealias Turn = Result<PostgresEngine, QueueError>

    private struct State: Sendable {
        var turns = WriterTurns<Turn>()
        var lacksCalls: Bool
        var isSettling = false
        var isClosed = false
    }

    init(
        _ session: Session,
        _ found: sending ServerConnection,
        on host: ConnectionString.Host,
        term: Term,
        isConcurrent: Bool,
        lacksCalls: Bool,
        heldWindow: @escaping @Sendable () -> Void
    ) {
        self.session = session
        self.term = term
        self.isConcurrent = isConcurrent
        self.heldWindow = heldWindow
        state = Mutex(State(lacksCalls: lacksCalls))
        readers = ReaderPool(session, host, isConcurrent: isConcurrent)
        writer = Mutex(Writer(session, found))
    }

    var lacksCalls: Bool { state.withLock { $0.lacksCalls } }
    var waitingCount: Int { state.withLock { $0.turns.waitingCount } }
    var roundTrips: Int { writer.withLock { $0.server.roundTrips } }
    var logSize: Int? { nil }
    var scratchFolder: String? { nil }
    func refuseWhenShort() throws(QueueError) {}

    // MARK: Writing

    func write<T: Sendable>(
        _ rank: WriterRank,
        _ body: @escaping @Sendable (any WritingConnection) throws -> T
    ) async -> Result<T, any Error> {
        guard isConcurrent else { return onWriter(body) }
        return await withCheckedContinuation { continuation in
            let (refusal, isFree) = state.withLock { state -> (QueueError?, Bool) in
                if let refusal = self.refusal(state) { return (refusal, false) }
                let isFree = state.turns.add(rank) { turn in
                    switch turn {
                    case .success(let engine): continuation.resume(returning: engine.onWriter(body))
                    case .failure(let error): continuation.resume(returning: .failure(error))
                    }
                }
                return (nil, isFree)
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
            if isFree { takeTurn() }
        }
    }

    /// Why no job is taken now; nil if it is.
    private func refusal(_ state: borrowing State) -> QueueError? {
        if state.isClosed { return .failed("\(store): it is closed") }
        return state.isSettling ? doubt : nil
    }

    private var doubt: QueueError {
        .failed(
            """
            \(store): it isn't known yet whether the last commit was made, since the connection \
            broke or its wait for the second server was canceled: see to the database; it is asked \
            until it answers
            """
        )
    }

    /// Runs the next job on the writer's thread, then the ones after it until none waits.
    private func takeTurn() {
        guard let job = state.withLock({ $0.turns.next() }) else { return }
        queue.async {
            job(.success(self))
            self.takeTurn()
        }
    }

    private func onWriter<T: Sendable>(
        _ body: @Sendable (any WritingConnection) throws -> T
    ) -> Result<T, any Error> {
        writer.withLock { writer in
            do {
                return .success(try body(WriterTurn(engine: self, writer: writer)))
            } catch {
                return .failure(error)
            }
        }
    }

    // MARK: Doubt

    /// Makes jobs fail at once while a commit is in doubt, those that wait already too.
    func settling<T>(_ body: () throws -> T) rethrows -> T {
        let waiting = state.withLock { state in
            state.isSettling = true
            return state.turns.drain()
        }
        for job in waiting { job(.failure(doubt)) }
        defer { state.withLock { $0.isSettling = false } }
        return try body()
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// The writer has another server now: readers must not see an older one.
    func moved(to host: ConnectionString.Host) { readers.move(to: host) }

    // MARK: Reading

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error> {
        await readers.read(body)
    }

    /// The row of the lease, as a reader finds it.
    func readLease() async -> Result<LeaseRow, any Error> {
        await readers.onServer { try $0.lease() }
    }

    // MARK: Beginning and end

    func heldWindow(_ connection: any WritingConnection) {
        state.withLock { $0.lacksCalls = false }
        heldWindow()
    }

    func queueError(_ error: any Error) -> QueueError {
        switch error {
        case let error as QueueError: error
        case let fault as PostgresFault: fault.queueError(store)
        case let failure as ServerSearch.Failure: PostgresFault(failure).queueError(store)
        default: .failed("\(store): \(error)")
        }
    }

    private var store: String { "PostgreSQL, schema \(session.schema)" }

    func close() throws(QueueError) { close(givingUpLease: false) }

    /// Ends the term, so that another node takes over at once; off its caller's thread.
    func end() async {
        await withCheckedContinuation { continuation in
            refuseJobs()
            queue.async {
                self.close(givingUpLease: true)
                continuation.resume()
            }
        }
    }

    /// Waits for the job under way and closes all connections; gives the lease up if it is held.
    private func close(givingUpLease: Bool) {
        refuseJobs()
        readers.close()
        let term = term
        writer.withLock { writer in
            if givingUpLease, !term.isLost { writer.giveUp(term.mark) }
            writer.close()
        }
    }

    private func refuseJobs() {
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.turns.drain()
        }
        for job in waiting { job(.failure(.failed("\(store): it is closed"))) }
    }
}
