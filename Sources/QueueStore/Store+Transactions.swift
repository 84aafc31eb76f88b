import DeliveryCore
import DeliveryEngine
import Dispatch
import GRDB
import Synchronization

extension Store {
    /// Runs a transaction on the writer's thread, when it is its turn; if it throws nothing of it is
    /// done.
    func write<T: Sendable>(
        now: Now,
        _ rank: WriterTurns.Rank = .request,
        touchesClock: Bool = false,
        _ body: @escaping @Sendable (inout Transaction) throws -> T
    ) async -> Result<T, any Error> {
        let result = await onWriter(rank) { database in
            self.transact(database, now: now, touchesClock: touchesClock, body)
        }
        // What the loop writes itself it hears of anyway.
        if case .failure(let error) = result, rank != .loop, error.isOfStore {
            fault.yield(queueError(error))
        }
        return result
    }

    /// Looks at what all transactions before have left, without one of its own.
    func onWriter<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async -> Result<T, any Error> {
        await onWriter(.request) { database in
            let connection = Connection(database: database)
            return Result {
                try self.fence.withLock { $0 }?.check(connection)
                return try body(connection)
            }
        }
    }

    private func onWriter<T: Sendable>(
        _ rank: WriterTurns.Rank,
        _ body: @escaping @Sendable (Database) -> Result<T, any Error>
    ) async -> Result<T, any Error> {
        guard writer is DatabasePool else { return onThisThread(body) }
        return await withCheckedContinuation { continuation in
            let isFree = turns.withLock { turns in
                turns.add(rank) { continuation.resume(returning: body($0)) }
            }
            if isFree { takeTurn() }
        }
    }

    /// Hands the writer's thread its next job, and goes on so until none waits.
    private func takeTurn() {
        guard let job = turns.withLock({ $0.next() }) else { return }
        writer.asyncWriteWithoutTransaction { database in
            job(database)
            self.takeTurn()
        }
    }

    /// How many jobs wait for the writer's thread.
    package var waitingCount: Int { turns.withLock { $0.waitingCount } }

    /// A run, or a part of it, with its order, sorted elsewhere than on the caller's thread.
    func sorted(_ run: AccountRun, _ part: Range<Int>? = nil) async -> SortedRun {
        guard writer is DatabasePool, part?.count ?? run.count > Self.quicklySorted else {
            return SortedRun(run, part)
        }
        return await withCheckedContinuation { continuation in
            sorter.async { continuation.resume(returning: SortedRun(run, part)) }
        }
    }

    /// So many accounts are sorted in less time than it takes to change threads.
    private static let quicklySorted = 100

    /// Reads a snapshot.
    func read<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws(QueueError) -> T {
        let result: Result<T, any Error>
        if writer is DatabasePool {
            result = await withCheckedContinuation { continuation in
                writer.asyncRead { database in
                    continuation.resume(
                        returning: Result { try body(Connection(database: database.get())) }
                    )
                }
            }
        } else {
            result = onThisThread { database in
                Result { try body(Connection(database: database)) }
            }
        }
        return try mapped(result)
    }

    func mapped<T>(_ result: Result<T, any Error>) throws(QueueError) -> T {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw queueError(error)
        }
    }

    private func onThisThread<T>(_ body: (Database) -> T) -> T {
        writer.writeWithoutTransaction { body($0) }
    }

    private func transact<T: Sendable>(
        _ database: Database,
        now: Now,
        touchesClock: Bool,
        _ body: @Sendable (inout Transaction) throws -> T
    ) -> Result<T, any Error> {
        let connection = Connection(database: database)
        let memory = self.memory.withLock { $0 }
        var transaction = Transaction(
            connection,
            now: now,
            rowsPerStep: options.rowsPerStep,
            intakes: intakes.withLock { $0 },
            arriving: arriving.withLock { $0 },
            memory: memory
        )
        var answer: T?
        do {
            try database.inTransaction(.immediate) {
                try fence.withLock { $0 }?.check(connection)
                if touchesClock { try transaction.begin(boot: options.bootID) }
                answer = try body(&transaction)
                try transaction.end(boot: touchesClock ? options.bootID : nil)
                return .commit
            }
        } catch {
            return .failure(error)
        }
        var kept = transaction.memory
        if kept.isRestored, kept.hasAdoptedLedger {
            kept.isRestored = false
            if let lock { Self.renewMark(of: database, in: lock) }
            noteMark(of: connection)
        }
        self.memory.withLock { [kept] in $0 = kept }
        guard let answer else { preconditionFailure("a committed transaction has its answer") }
        return .success(answer)
    }

    func queueError(_ error: any Error) -> QueueError {
        if let error = error as? QueueError { return error }
        guard let error = error as? DatabaseError else { return .failed("\(path): \(error)") }
        let text = "\(path): \(error.message ?? "error \(error.resultCode.rawValue)")"
        switch error.resultCode {
        case .SQLITE_FULL: return .full("\(text): free some room on its disk")
        case .SQLITE_IOERR: return .failed("\(text): see to its disk")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .failed("\(text): restore a backup")
        default: return .failed(text)
        }
    }
}
