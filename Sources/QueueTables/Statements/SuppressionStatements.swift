/// Statements on the list of accounts that must not be addressed.
struct SuppressionStatements: Sendable {
    private static let columns = "account, reason, created_at_ms"

    let one: StatementText = "SELECT \(Self.columns) FROM suppression WHERE account = ?"
    let after: StatementText = """
        SELECT \(Self.columns) FROM suppression WHERE account > ? ORDER BY account LIMIT ?
        """
    let among = StatementText { dialect in
        """
        SELECT account FROM suppression
        WHERE \(dialect.contains("account", .raw, in: "?1"))
        """
    }
    let accounts: StatementText = "SELECT account FROM suppression"
    let insertion = RowInsertion(into: "suppression", "created_at_ms")
    let put: StatementText = """
        INSERT INTO suppression (account, reason, created_at_ms) VALUES (?, ?, ?)
        ON CONFLICT (account) DO UPDATE SET reason = excluded.reason
        """
    let delete: StatementText = "DELETE FROM suppression WHERE account = ?"

    /// How many there are: counting a million takes too long to do it after each stream.
    let count: StatementText = "SELECT count FROM suppression_tally"
    let add: StatementText = "UPDATE suppression_tally SET count = count + ?"
}
