package import DeliveryEngine
package import QueueTables
import SQLiteQueue
import Synchronization

/// Where a life's stores come from: one database, on which one node after another leads.
package protocol Terms: Sendable {
    /// The store of the next term; the stores of all terms before are fenced.
    func begin(_ options: Store.Options, lacksCalls: Bool) throws -> Store

    /// Says how the next commits go.
    func set(_ fate: CommitFate)

    /// Keeps all rows as they are, to go back to.
    func keep() async throws

    /// The database is another server's, which has the kept rows and nothing that came after.
    func goBack() async throws
}

/// How a commit goes.
package enum CommitFate: Sendable, Hashable {
    case made
    /// All statements run, and the end of the transaction doesn't come about.
    case lost
    /// A mistake: the commit is lost, and taken as made.
    case lostTakenAsMade
    /// A mistake: the commit is made, and taken as lost.
    case madeTakenAsLost
    /// A mistake: whoever commits isn't asked whether its term is over.
    case unfenced
}

/// Terms on SQLite in memory: the tables are one connection's, and each term has an engine of its own
/// on them.
///
/// What PostgreSQL keeps in the row of the lease is here a number: only the newest term commits.
package final class SharedTables: Terms {
    private let options: Store.Options
    private let state: Mutex<State>

    private struct State: Sendable {
        var base: Store
        var kept: Store?
        var epoch = 0
        var fate = CommitFate.made
    }

    package init(_ options: Store.Options) throws {
        self.options = options
        state = Mutex(State(base: try Store.inMemory(options: options)))
    }

    package func begin(_ options: Store.Options, lacksCalls: Bool) -> Store {
        let (base, epoch) = state.withLock { state in
            state.epoch += 1
            return (state.base, state.epoch)
        }
        let engine = TermEngine(
            base: base.engine,
            lacksCalls: lacksCalls,
            fate: { [self] in state.withLock { $0.fate } },
            check: { [self] in try check(epoch) }
        )
        return Store(on: engine, salt: base.salt, options: options)
    }

    private func check(_ epoch: Int) throws {
        let isFenced = state.withLock { $0.fate != .unfenced && $0.epoch != epoch }
        if isFenced { throw QueueError.failed("another node leads") }
    }

    package func set(_ fate: CommitFate) { state.withLock { $0.fate = fate } }

    package func keep() throws {
        try state.withLock { $0.kept = try $0.base.copyInMemory(options: options) }
    }

    package func goBack() {
        state.withLock { state in
            guard let kept = state.kept else { return }
            (state.base, state.kept) = (kept, nil)
            // No term of before is one of these tables'.
            state.epoch += 1
        }
    }
}

/// A term's engine, whose transactions end as they are told to.
package final class TermEngine: Engine {
    private let base: any Engine
    private let fate: @Sendable () -> CommitFate
    private let fence: @Sendable () throws -> Void
    private let isMissingCalls: Mutex<Bool>

    /// An engine on another one; each transaction begins at a fence of its own, too.
    package init(
        base: any Engine,
        lacksCalls: Bool,
        fate: @escaping @Sendable () -> CommitFate,
        check fence: @escaping @Sendable () throws -> Void = {}
    ) {
        self.base = base
        self.fate = fate
        self.fence = fence
        isMissingCalls = Mutex(lacksCalls)
    }

    package func write<T: Sendable>(
        _ rank: WriterRank,
        _ body: @escaping @Sendable (any WritingConnection) throws -> T
    ) async -> Result<T, any Error> {
        await base.write(rank) { [fate, fence] connection in
            try body(TermConnection(base: connection, fate: fate(), fence: fence))
        }
    }

    package func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error> {
        await base.read(body)
    }

    package var isConcurrent: Bool { base.isConcurrent }
    package var lacksCalls: Bool { isMissingCalls.withLock { $0 } }
    package func heldWindow(_ connection: any WritingConnection) {
        isMissingCalls.withLock { $0 = false }
    }
    package func refuseWhenShort() throws(QueueError) { try base.refuseWhenShort() }
    package func queueError(_ error: any Error) -> QueueError { base.queueError(error) }
    package var logSize: Int? { base.logSize }
    package var scratchFolder: String? { base.scratchFolder }
    package var waitingCount: Int { base.waitingCount }
    /// The tables are the next term's too.
    package func close() {}
}

/// A connection whose transactions begin at the fence, and end as they are told to.
private struct TermConnection: WritingConnection {
    let base: any WritingConnection
    let fate: CommitFate
    let fence: @Sendable () throws -> Void

    func statement(_ sql: StatementText) throws -> any PreparedStatement {
        try base.statement(sql)
    }

    var changedRows: Int { base.changedRows }
    var bindsArrays: Bool { base.bindsArrays }

    func check() throws {
        try base.check()
        try fence()
    }

    func transaction(_ body: () throws -> Void) throws {
        do {
            try base.transaction {
                try fence()
                try body()
                if fate == .lost || fate == .lostTakenAsMade { throw LostCommit() }
            }
        } catch is LostCommit {
            if fate == .lost { throw QueueError.failed("the connection broke") }
        }
        if fate == .madeTakenAsLost { throw QueueError.failed("the connection broke") }
    }

    private struct LostCommit: Error {}
}
