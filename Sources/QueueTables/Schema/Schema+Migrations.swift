extension Schema {
    /// For SQLite, the steps from the first version to the second, and so on.
    package static let migrations = [
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
    ].map(Dialect.sqlite.schema)

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
