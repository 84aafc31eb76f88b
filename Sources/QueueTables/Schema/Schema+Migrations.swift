import DeliveryCore

extension Schema {
    /// Takes the tables of an earlier version to the present one, in the transaction that is open;
    /// `execute` runs a text of several statements.
    package static func migrate(
        from version: Int,
        _ dialect: Dialect,
        _ connection: any Connection,
        execute: (String) throws -> Void
    ) throws {
        for step in steps[(version - 1)...] {
            try execute(dialect.schema(step.text))
            guard let rows = step.rows else { continue }
            try rows.move(connection)
            try execute("DROP TABLE \(rows.left)")
        }
    }

    private struct Step: Sendable {
        let text: String
        var rows: MovedRows?
    }

    /// Rows that a program takes out of a table, which then goes.
    private struct MovedRows: Sendable {
        let left: String
        let move: @Sendable (any Connection) throws -> Void
    }

    /// From the first version to the second, and so on; PostgreSQL's begin with the eleventh.
    private static let steps =
        [
            keyedRequests,
            "ALTER TABLE service ADD COLUMN mark TEXT NOT NULL DEFAULT '';",
            removed + touched + removalIndexes,
            listing,
            tally + Dialect.sqlite.tallyTriggers,
            closing,
            rebuiltCampaign + rebuiltException + addedForJobs + unknownCall + job + recall,
            minute,
            addedColumns("campaign", addedForRules) + rebuiltSuppressed + suppression,
            outbox,
        ].map { Step(text: $0) } + [
            Step(text: recipientBlock, rows: MovedRows(left: "recipient", move: packRecipients))
        ]

    /// Puts recipients that have a row each into blocks.
    ///
    /// Those of deleted campaigns stay behind: nobody will read them.
    private static func packRecipients(_ connection: any Connection) throws {
        for campaign in try connection.all(sql.campaign.keys, body: { $0.int64(0) }) {
            var last: [UInt8] = []
            while true {
                var accounts = AccountRun()
                try connection.each(
                    singleRecipients,
                    .int(campaign),
                    .text(last),
                    .int(CommitSize.slice)
                ) { row in
                    let account = row.bytes(0)
                    guard account.count <= UInt8.max else {
                        throw DamagedRow("an account of \(account.count) bytes")
                    }
                    accounts.append(account)
                }
                guard let end = accounts.last else { break }
                try SortedRun(sorted: accounts).insert(into: campaign, connection)
                last = end.bytes
            }
        }
    }

    private static let singleRecipients: StatementText = """
        SELECT account FROM recipient WHERE campaign = ? AND account > ? ORDER BY account LIMIT ?
        """

    private static let touched = """
        ALTER TABLE campaign ADD COLUMN touched_at_ms INTEGER NOT NULL DEFAULT 0;
        UPDATE campaign SET touched_at_ms = created_at_ms;
        """

    /// SQLite changes no CHECK of a table that is there.
    private static let rebuiltCampaign =
        rebuilt(
            "campaign",
            campaign(with: []),
            columns: """
                id, uuid, name, state, reason_code, reason_text, priority, messages_per_minute,
                start_at_ms, expires_at_ms, on_unknown, packet_overhead, created_at_ms,
                started_at_ms, finished_at_ms, cursor, pass, account_limit, fresh, waiting, queued,
                sending, retrying, sent, failed, unknown, canceled, expired, resent, touched_at_ms
                """
        ) + campaignIndexes + removalIndexes + listing + Dialect.sqlite.tallyTriggers

    private static let rebuiltException =
        rebuilt(
            "exception",
            exception,
            columns: """
                campaign, account, state, batch, pass, attempts, code, info, due_at_ms,
                updated_at_ms, doubted
                """
        ) + exceptionIndexes

    private static let rebuiltSuppressed =
        rebuilt(
            "exception",
            exception,
            columns: """
                campaign, account, state, batch, pass, attempts, code, info, due_at_ms,
                updated_at_ms, doubted, calls, look_up_at_ms, look_ups
                """
        ) + exceptionIndexes

    private static func addedColumns(_ table: String, _ columns: [String]) -> String {
        columns.map { "ALTER TABLE \(table) ADD COLUMN \($0);\n" }.joined()
    }

    /// Copies a table into its present text; its indexes and triggers go with the old one.
    private static func rebuilt(_ name: String, _ text: String, columns: String) -> String {
        """
        \(text.replacing("CREATE TABLE \(name) (", with: "CREATE TABLE rebuilt ("))
        INSERT INTO rebuilt (\(columns)) SELECT \(columns) FROM \(name);
        DROP TABLE \(name);
        ALTER TABLE rebuilt RENAME TO \(name);

        """
    }

    private static let addedForJobs = """
        ALTER TABLE batch ADD COLUMN sender RAW;
        ALTER TABLE batch ADD COLUMN calls TEXT;
        ALTER TABLE clock ADD COLUMN last_call INTEGER NOT NULL DEFAULT 0;

        """
}
