import DeliveryCore
package import DeliveryEngine
package import Logging
package import QueueTables
import Synchronization

/// One of several nodes on one schema, of which one at a time leads.
///
/// The lease is the row of the clock, which every commit of a leader moves: it costs nothing, and
/// no node needs another's wall clock.
package final class PostgresNode: Leadership {
    private let options: PostgresOptions
    private let storeOptions: @Sendable () throws -> Store.Options
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    private struct State: Sendable {
        var files: NodeFiles?
        var term: Running?
        /// The row as it was read last.
        var row: LeaseRow?
        /// Of terms that have ended.
        var inDoubt = 0
        /// Whether this process has ever found a server that is fit.
        var hasStarted = false
    }

    /// The term that this node leads in.
    private struct Running: Sendable {
        let engine: PostgresEngine
        let store: Store
    }

    /// How often a standby looks at the row.
    private static let lookInterval: Duration = .seconds(1)

    package init(
        _ options: PostgresOptions,
        storeOptions: @escaping @Sendable () throws -> Store.Options,
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.options = options
        self.storeOptions = storeOptions
        self.logger = logger
        self.clock = clock
    }

    package var status: ClusterStatus {
        state.withLock { state in
            let synchronous = options.synchronous == .managed ? nil : state.row?.isSynchronous
            if let term = state.term?.engine.term, !term.isLost {
                return ClusterStatus(
                    role: .leader,
                    leader: options.advertise,
                    epoch: term.mark.epoch,
                    synchronous: synchronous
                )
            }
            let advertise = state.row?.advertise ?? ""
            return ClusterStatus(
                role: .standby,
                leader: advertise.isEmpty ? nil : advertise,
                epoch: state.row?.mark.epoch,
                synchronous: synchronous
            )
        }
    }

    package var figures: LeadershipFigures {
        state.withLock { state in
            LeadershipFigures(
                inDoubt: state.inDoubt + (state.term?.engine.term.inDoubt ?? 0),
                wentBack: state.files?.wentBack ?? 0
            )
        }
    }

    package func allowsCall() -> Bool {
        let term = state.withLock { $0.term?.engine.term }
        return term?.allowsCall(at: BootClock.now()) ?? false
    }

    // MARK: Standing by

    package func lead() async throws -> any QueueBackend {
        await resign()
        let files = try files()
        let session = try Session(options)
        let lookout = Lookout(session)
        defer { lookout.close() }
        var watch = LeaseWatch(patience: options.patience)
        var trouble = Trouble(logger)
        while true {
            try Task.checkCancellation()
            do {
                if let store = try await look(lookout, files, &watch) { return store }
                trouble.passed()
            } catch let error as PostgresError {
                watch.sawNothing()
                guard case .unreachable = error else { throw error }
                trouble.note(error)
            } catch let error as CancellationError {
                throw error
            } catch {
                watch.sawNothing()
                trouble.note(error)
            }
            try await clock.sleep(for: Self.lookInterval)
        }
    }

    /// Looks at the row once; answers the queue if this node leads from now on.
    private func look(
        _ lookout: Lookout,
        _ files: NodeFiles,
        _ watch: inout LeaseWatch
    ) async throws -> Store? {
        let isFirst = state.withLock { !$0.hasStarted }
        let asked = BootClock.now()
        let row = try await lookout.look(isFirst ? options.synchronous : nil)
        let answered = BootClock.now()
        if isFirst { noteStart(row) }
        state.withLock { $0.row = row }
        Self.note(row.mark, files, logger)
        let decision = watch.saw(row.mark, asked: asked, answered: answered)
        // Given up, or this node's own, whose last process is over: it holds the node's lock.
        let isFree = row.holder.isEmpty || row.holder == files.holder
        guard isFree || decision == .takeOver(row.mark) else { return nil }
        return try await takeOver(row, lookout, files)
    }

    private func takeOver(
        _ row: LeaseRow,
        _ lookout: Lookout,
        _ files: NodeFiles
    ) async throws -> Store? {
        let storeOptions = try storeOptions()
        let beginning = Session.Beginning(
            holder: files.holder,
            advertise: options.advertise,
            patience: options.patience,
            isConcurrent: true,
            lacksCalls: files.lacksCalls,
            committed: { [logger] in Self.note($0, files, logger) },
            heldWindow: { files.heldWindow(at: $0) }
        )
        guard let (engine, salt) = try await lookout.beginTerm(at: row.mark, beginning) else {
            return nil
        }
        let store = Store(on: engine, salt: salt, options: storeOptions)
        state.withLock { $0.term = Running(engine: engine, store: store) }
        logger.notice(
            "This node has taken the lease",
            metadata: ["epoch": "\(engine.term.mark.epoch)"]
        )
        return store
    }

    private static func note(_ mark: LeaseMark, _ files: NodeFiles, _ logger: Logger) {
        guard files.saw(mark) else { return }
        logger.error(
            """
            The database has gone back behind what this node saw: calls made since are missing in \
            it, so a full minute's quota is held when this node leads
            """,
            metadata: ["epoch": "\(mark.epoch)", "beat": "\(mark.beat)"]
        )
    }

    private func noteStart(_ row: LeaseRow) {
        state.withLock { $0.hasStarted = true }
        guard options.synchronous == .optional else { return }
        logger.warning(
            """
            store.postgres.requireSynchronous is false: where no second server has a commit, it may \
            be lost with its own, and then recipients are sent to twice
            """,
            metadata: ["synchronous": "\(row.isSynchronous)"]
        )
    }

    private func files() throws(PostgresError) -> NodeFiles {
        if let files = state.withLock({ $0.files }) { return files }
        let files = try NodeFiles(options)
        state.withLock { $0.files = files }
        return files
    }

    // MARK: Leading

    package func keep() async {
        guard let engine = state.withLock({ $0.term?.engine }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in engine.term.loss {} }
            group.addTask { await self.beat(engine) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Commits whenever nothing else did for a while, and looks at the replication, until
    /// cancelled.
    private func beat(_ engine: PostgresEngine) async {
        var trouble = Trouble(logger)
        while !engine.term.isLost {
            do {
                let wait = BootClock.now().duration(to: engine.term.beatDue)
                try await clock.sleep(for: max(wait, Self.lookInterval))
            } catch {
                return
            }
            do {
                if engine.term.beatDue <= BootClock.now() {
                    try await engine.write(.loop) { try $0.transaction {} }.get()
                }
                let row = try await engine.readLease().get()
                state.withLock { $0.row = row }
                trouble.passed()
            } catch {
                trouble.note(engine.queueError(error))
            }
        }
    }

    package func resign() async {
        let running = state.withLock { state in
            defer { state.term = nil }
            state.inDoubt += state.term?.engine.term.inDoubt ?? 0
            return state.term
        }
        guard let running else { return }
        await running.engine.end()
        logger.notice("This node's term has ended")
    }
}
