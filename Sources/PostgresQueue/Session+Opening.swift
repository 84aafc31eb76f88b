import DeliveryCore
import QueueTables

/// How a server is found fit, and a term begun on it.
extension Session {
    /// A connection to the server that leads, with the schema as this program needs it.
    ///
    /// The replication, and whether this role is let in, are judged at a start alone, which gives a
    /// rule: later nothing keeps a node from taking over.
    func open(
        _ rule: PostgresOptions.SynchronousRule?
    ) throws -> (connection: ServerConnection, host: ConnectionString.Host) {
        let found: (connection: ServerConnection, host: ConnectionString.Host)
        do {
            found = try connect()
        } catch let failure as ServerSearch.Failure where failure.isRefusal && rule != nil {
            throw PostgresError.refused(detail: failure.text)
        }
        let version = found.connection.serverVersion
        guard version >= PostgresError.oldestServer else {
            throw PostgresError.oldServer(version: version)
        }
        if rule == .required, let fault = try found.connection.synchronousFault() {
            throw PostgresError.notSynchronous(setting: fault)
        }
        try PostgresSchema(name: schema, connection: found.connection).prepare()
        return found
    }

    /// What a term of a leader is begun with.
    struct Beginning: Sendable {
        var holder: String
        var advertise: String?
        var patience: Duration
        var isConcurrent: Bool
        /// Whether the ledger lacks calls.
        var lacksCalls: Bool
        /// Is told of each mark that was committed.
        var committed: @Sendable (LeaseMark) -> Void
        /// Is told that a full window is durably held for the missing calls.
        var heldWindow: @Sendable (LeaseMark) -> Void
    }

    /// Takes the lease over if the row still has this mark, or whatever mark it has; nil if it was
    /// moved meanwhile.
    func beginTerm(
        at expected: LeaseMark?,
        _ beginning: Beginning
    ) throws -> (engine: PostgresEngine, salt: String)? {
        let (connection, host) = try open(nil)
        let salt = try connection.run("SELECT salt FROM service").first?.text(0, 0) ?? ""
        let mark = try expected ?? connection.lease().mark
        let begunAt = BootClock.now()
        let isTaken = try connection.takeLease(
            at: mark,
            holder: beginning.holder,
            advertise: beginning.advertise
        )
        guard isTaken else { return nil }
        try PostgresSchema(name: schema, connection: connection).migrate(texts)
        let term = Term(
            LeaseMark(epoch: mark.epoch + 1, beat: mark.beat + 1),
            LeaseHold(patience: beginning.patience, provenAt: begunAt),
            committed: beginning.committed
        )
        let engine = PostgresEngine(
            self,
            connection,
            on: host,
            term: term,
            isConcurrent: beginning.isConcurrent,
            lacksCalls: beginning.lacksCalls,
            heldWindow: { beginning.heldWindow(term.mark) }
        )
        return (engine, salt)
    }
}

extension ServerConnection {
    /// Why a commit may be lost with its server, as the setting that says so; nil if it can't.
    func synchronousFault() throws(PostgresFault) -> String? {
        let answer = try run(
            """
            SELECT current_setting('synchronous_standby_names'),
                current_setting('synchronous_commit')
            """
        ).first
        guard let answer else { return nil }
        if answer.text(0, 0).isEmpty { return "synchronous_standby_names is empty" }
        let commit = answer.text(0, 1)
        return ["off", "local"].contains(commit) ? "synchronous_commit is \(commit)" : nil
    }
}
