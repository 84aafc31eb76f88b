import QueueTables

/// The tables of one app on a server: what is there, and how they are made.
struct PostgresSchema {
    let name: String
    let connection: ServerConnection

    enum Presence: Sendable, Hashable {
        case none
        /// The schema is there, and nothing in it.
        case empty
        case foreign
        case version(Int)
    }

    func look() throws(PostgresFault) -> Presence {
        let literal = Session.literal(name)
        let marker = Session.literal("\(Session.quoted(name)).fanoutd_store")
        let found = try connection.run(
            """
            SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = \(literal)),
                (SELECT count(*) FROM pg_class JOIN pg_namespace
                    ON pg_namespace.oid = pg_class.relnamespace WHERE nspname = \(literal)),
                to_regclass(\(marker)) IS NOT NULL
            """
        )
        guard let row = found.first, row.text(0, 0) != "0" else { return .none }
        guard row.text(0, 2) == "t" else { return row.text(0, 1) == "0" ? .empty : .foreign }
        let version = try connection.run("SELECT max(version) FROM fanoutd_store")
        return version.first.flatMap { Int($0.text(0, 0)) }.map { .version($0) } ?? .foreign
    }

    /// Makes the tables unless they are there, and refuses what isn't this program's.
    func prepare() throws {
        do {
            try judge(try look(), make: makeOnce)
        } catch let fault as PostgresFault {
            guard case .server("42501") = fault.kind else { throw fault }
            throw PostgresError.notPermitted(schema: name, detail: fault.detail)
        }
    }

    /// Has tables made where there are none, and refuses what isn't this program's.
    func judge(_ presence: Presence, make: (Presence) throws -> Void) throws {
        switch presence {
        case .none, .empty: try make(presence)
        case .foreign: throw PostgresError.foreign(schema: name)
        case .version(let found) where found < Schema.firstVersionWithLease:
            throw PostgresError.olderVersion(schema: name, found: found)
        case .version(let found) where found > Schema.version:
            throw PostgresError.newerVersion(schema: name, found: found, known: Schema.version)
        case .version: break
        }
    }

    /// Takes the tables of an earlier version to the present one.
    ///
    /// A new leader does so, and no standby: a leader of that version works on them for as long as
    /// it has the lease.
    func migrate(_ texts: TranslatedTexts) throws {
        guard try version() != Schema.version else { return }
        try once {
            // Another node may have taken the lease since, and done it.
            guard let found = try version(), found < Schema.version else { return }
            let target = PostgresConnection(connection, texts)
            try Schema.migrate(from: found, .postgres, target) { try connection.run($0) }
            try connection.run("UPDATE fanoutd_store SET version = \(Schema.version)")
        }
    }

    private func version() throws(PostgresFault) -> Int? {
        if case .version(let found) = try look() { found } else { nil }
    }

    /// Several nodes may start at once: the first one makes the tables, the others wait for it.
    private func makeOnce(_: Presence) throws {
        try once { try judge(try look()) { presence in try make(presence) } }
    }

    /// Runs a transaction while no other node runs one of these.
    private func once(_ body: () throws -> Void) throws {
        try connection.run("BEGIN; SELECT pg_advisory_xact_lock(\(lock))")
        do {
            try body()
            try connection.run("COMMIT")
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// A number of the schema's own, which other programs hardly lock.
    private var lock: String { "hashtextextended(\(Session.literal(name)), 6712943)" }

    /// Makes the tables in the transaction that is open.
    func make(_ presence: Presence) throws(PostgresFault) {
        if presence == .none { try connection.run("CREATE SCHEMA \(Session.quoted(name))") }
        try connection.run(Schema.creation(.postgres))
    }
}

extension ServerConnection {
    /// Ends a transaction that is undone; a connection that can't is closed, which undoes it too.
    func rollBack() {
        do {
            try run("ROLLBACK")
        } catch {
            close()
        }
    }
}
