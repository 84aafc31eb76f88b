package import QueueTables

/// Puts a whole store into a schema that has none.
package enum PostgresFilling {
    /// Makes the tables and runs a body that fills them, in one transaction: whole or not at all.
    ///
    /// It waits for the server, for as long as the body takes: don't call it where tasks run.
    package static func fill<T>(
        _ options: PostgresOptions,
        _ body: (any Connection) throws -> T
    ) throws -> T {
        let session = try Session(options)
        do {
            let (server, _) = try session.connect()
            guard server.serverVersion >= PostgresError.oldestServer else {
                throw PostgresError.oldServer(version: server.serverVersion)
            }
            if options.synchronous == .required, let fault = try server.synchronousFault() {
                throw PostgresError.notSynchronous(setting: fault)
            }
            try server.run("BEGIN")
            let schema = PostgresSchema(name: options.schema, connection: server)
            let found = try schema.look()
            if case .version = found { throw PostgresError.taken(schema: options.schema) }
            if found == .foreign { throw PostgresError.foreign(schema: options.schema) }
            try schema.make(found)
            // Counted at the end: each change of a tally is a version of its row that all later
            // ones of the transaction step over.
            try server.run("ALTER TABLE campaign DISABLE TRIGGER USER")
            let result = try body(PostgresConnection(server, session.texts))
            try server.run(
                """
                ALTER TABLE campaign ENABLE TRIGGER USER;
                UPDATE campaign_tally
                SET count = (SELECT count(*) FROM campaign WHERE state = campaign_tally.state)
                """
            )
            server.hasWarned = false
            let end = try server.run("COMMIT").last?.command
            guard end == "COMMIT", !server.hasWarned else {
                throw PostgresError.unreachable(
                    detail: "the commit isn't known to be made: look at the schema before a retry"
                )
            }
            return result
        } catch {
            throw PostgresError.ofServer(error, schema: options.schema) ?? error
        }
    }
}

extension PostgresError {
    /// The error of a server, in words; nil for any other, which is the body's.
    fileprivate static func ofServer(_ error: any Error, schema: String) -> PostgresError? {
        error is ServerSearch.Failure || error is PostgresFault
            ? PostgresError(error, schema: schema) : nil
    }
}
