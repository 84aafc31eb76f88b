import QueueTables

/// How this program's connections are made, on whatever server leads.
struct Session: Sendable {
    let string: ConnectionString
    let schema: String
    let texts = TranslatedTexts()

    init(_ options: PostgresOptions) throws(PostgresError) {
        string = try ConnectionString(options)
        schema = options.schema
        let isName = (1...63).contains(schema.utf8.count) && !schema.utf8.contains(0)
        guard isName else {
            throw .badString(detail: "a schema's name has 1 to 63 bytes, and no NUL")
        }
    }

    /// A connection to the server that leads, or to one that led a moment ago.
    func connect(
        to host: ConnectionString.Host? = nil
    ) throws -> (connection: ServerConnection, host: ConnectionString.Host) {
        let hosts = host.map { [$0] } ?? string.hosts
        let found = try ServerSearch(string: string, hosts: hosts).run()
        try found.connection.run(settings)
        return (found.connection, found.host)
    }

    /// What every connection sets.
    ///
    /// A node that was stopped, or cut off, inside a transaction holds the row of the lease: the
    /// server ends its session, so that another node can take it over. A statement that nobody waits
    /// for any more must not get a lock later.
    private var settings: String {
        """
        SET search_path TO \(Self.quoted(schema)), pg_temp;
        SET idle_in_transaction_session_timeout = 5000;
        SET lock_timeout = 4000;
        SET tcp_keepalives_idle = 5;
        SET tcp_keepalives_interval = 2;
        SET tcp_keepalives_count = 3;
        SET tcp_user_timeout = 10000;
        SET client_min_messages = warning;
        """
    }

    /// A name in a statement.
    static func quoted(_ name: String) -> String {
        "\"\(name.replacing("\"", with: "\"\""))\""
    }

    /// A text in a statement.
    static func literal(_ text: String) -> String {
        "E'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
}

extension PostgresFault {
    /// A search that found no server.
    init(_ failure: ServerSearch.Failure) {
        self.init(kind: .connection, detail: failure.text)
    }
}
