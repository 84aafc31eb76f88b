/// Why PostgreSQL can't keep the queue as it is configured; waiting doesn't mend it.
package enum PostgresError: Error, Sendable, Hashable {
    /// libpq isn't installed.
    case noLibrary(detail: String)
    /// `store.postgres.url` isn't a connection string.
    case badString(detail: String)
    /// No server lets this role in.
    case refused(detail: String)
    /// The server is too old.
    case oldServer(version: Int)
    /// Commits may be lost with their server; the setting that says so.
    case notSynchronous(setting: String)
    /// The schema holds tables of another program.
    case foreign(schema: String)
    /// The schema was written by an earlier version, which had no PostgreSQL.
    case olderVersion(schema: String, found: Int)
    /// The schema was written by a later version of the program.
    case newerVersion(schema: String, found: Int, known: Int)
    /// The schema is to be empty, and isn't.
    case taken(schema: String)
    /// The tables can't be made or read.
    case notPermitted(schema: String, detail: String)
    /// Another process of this machine has the state directory.
    case stateLocked(path: String, processID: Int?)
    case stateFailed(path: String, detail: String)
    /// No server can be reached that takes writes; unlike the others it may pass.
    case unreachable(detail: String)

    /// The oldest version of PostgreSQL, as its servers number it.
    package static let oldestServer = 130_000
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noLibrary(let detail):
            "PostgreSQL's client library can't be loaded (\(detail)): install libpq5"
        case .badString(let detail):
            """
            store.postgres.url is no connection string of PostgreSQL (\(detail)): give one such as \
            postgresql://fanoutd@db-1,db-2/fanoutd
            """
        case .refused(let detail):
            """
            PostgreSQL refuses the connection (\(detail)): see to store.postgres.url, to \
            store.postgres.passwordFile and to the server's pg_hba.conf
            """
        case .oldServer(let version):
            """
            the server is PostgreSQL \(version / 10_000), fanoutd needs \
            \(Self.oldestServer / 10_000) or later: upgrade it, or give another server
            """
        case .notSynchronous(let setting):
            """
            the server's \(setting), so what it has acknowledged may be lost with it: set up \
            synchronous replication, or say in store.postgres.requireSynchronous that the service \
            is managed, or false
            """
        case .foreign(let schema):
            """
            the schema \(schema) holds tables of another program: give another \
            store.postgres.schema
            """
        case .olderVersion(let schema, let found):
            """
            the schema \(schema) has version \(found), which never was on PostgreSQL: give another \
            store.postgres.schema, or restore a backup
            """
        case .newerVersion(let schema, let found, let known):
            """
            the schema \(schema) has version \(found), this program knows up to \(known): run the \
            fanoutd that wrote it, or a newer one
            """
        case .taken(let schema):
            """
            the schema \(schema) has a store already: give another store.postgres.schema, or drop \
            this one if nothing in it is needed
            """
        case .notPermitted(let schema, let detail):
            """
            the tables in the schema \(schema) can't be made or used (\(detail)): make the schema \
            as an administrator with this role as its owner
            """
        case .stateLocked(let path, let processID):
            """
            another fanoutd\(processID.map { " (pid \($0))" } ?? "") is this node already and \
            holds \(path): stop it first, or give this one a cluster.stateDirectory of its own
            """
        case .stateFailed(let path, let detail):
            "\(path) can't be used (\(detail)): give a cluster.stateDirectory that is writable"
        case .unreachable(let detail):
            """
            no server of store.postgres.url takes writes (\(detail)): see to the database and the \
            network to it
            """
        }
    }
}
