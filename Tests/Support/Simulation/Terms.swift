import DeliveryEngine
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
    func keep() throws

    /// The database is another server's, which has the kept rows and nothing that came after.
    func goBack() throws
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
        state.withLock { state in
            state.epoch += 1
            let engine = TermEngine(
                base: state.base.engine,
                guardian: TermGuardian(tables: self, epoch: state.epoch),
                lacksCalls: lacksCalls
            )
            return Store(on: engine, salt: state.base.salt, options: options)
        }
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

    fileprivate var fate: CommitFate { state.withLock { $0.fate } }
    fileprivate var epoch: Int { state.withLock { $0.epoch } }
}

/// Knows how the next commit goes, and whether a term is over.
struct TermGuardian: Sendable {
    let tables: SharedTables
    let epoch: Int

    var fate: CommitFate { tables.fate }

    func check() throws {
        if fate != .unfenced, tables.epoch != epoch {
            throw QueueError.failed("another node leads")
        }
    }
}

/// A term's engine.
final class TermEngine: Engine {
    private let base: any Engine
    private let guardian: TermGuardian
    private let isMissingCalls: Mutex<Bool>

    init(base: any Engine, guardian: TermGuardian, lacksCalls: Bool) {
        self.base = base
        self.guardian = guardian
        isMissingCalls = Mutex(lacksCalls)
    }

    func write<T: Sendable>(
        _ rank: WriterRank,
        _ body: @escaping @Sendable (any WritingConnection) throws -> T
    ) async -> Result<T, any Error> {
        await base.write(rank) { [guardian] connection in
            try body(TermConnection(base: connection, guardian: guardian))
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error> {
        await base.read(body)
    }

    var isConcurrent: Bool { base.isConcurrent }
    var lacksCalls: Bool { isMissingCalls.withLock { $0 } }
    func heldWindow(_ connection: any WritingConnection) { isMissingCalls.withLock { $0 = false } }
    func refuseWhenShort() throws(QueueError) { try base.refuseWhenShort() }
    func queueError(_ error: any Error) -> QueueError { base.queueError(error) }
    var logSize: Int? { base.logSize }
    var waitingCount: Int { base.waitingCount }
    /// The tables are the next term's too.
    func close() {}
}

/// A connection whose transactions begin at the fence, and end as they are told to.
private struct TermConnection: WritingConnection {
    let base: any WritingConnection
    let guardian: TermGuardian

    func statement(_ sql: StatementText) throws -> any PreparedStatement {
        try base.statement(sql)
    }

    var changedRows: Int { base.changedRows }

    func check() throws {
        try base.check()
        try guardian.check()
    }

    func transaction(_ body: () throws -> Void) throws {
        let fate = guardian.fate
        do {
            try base.transaction {
                try guardian.check()
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
