/// Statements on recipients whose recall came to anything but the plain code 0, or that wait for
/// another call of it.
struct RecallStatements: Sendable {
    private static let columns = "account, state, code, due_at_ms, failures"

    let one: StatementText =
        "SELECT \(Self.columns) FROM recall WHERE campaign = ? AND account = ?"
    let after: StatementText = """
        SELECT \(Self.columns) FROM recall WHERE campaign = ? AND account > ?
        ORDER BY account LIMIT ?
        """
    let among = StatementText { dialect in
        """
        SELECT \(Self.columns) FROM recall
        WHERE campaign = ?1 AND \(dialect.contains("account", .raw, in: "?2"))
        """
    }
    /// The longest due first.
    let due: StatementText = """
        SELECT \(Self.columns) FROM recall INDEXED BY recall_due
        WHERE campaign = ? AND due_at_ms IS NOT NULL ORDER BY due_at_ms, account LIMIT ?
        """
    let put = StatementText { dialect in
        """
        INSERT INTO recall (campaign, account, state, code, due_at_ms, failures)
        SELECT ?1, \(dialect.element(.raw, at: 0)), \(dialect.element(.text, at: 1)),
            \(dialect.element(.number, at: 2)), \(dialect.element(.number, at: 3)),
            \(dialect.element(.number, at: 4))
        FROM \(dialect.elements(of: "?2")) WHERE true
        ON CONFLICT (campaign, account) DO UPDATE SET state = excluded.state, code = excluded.code,
            due_at_ms = excluded.due_at_ms, failures = excluded.failures
        """
    }
    let delete = StatementText { dialect in
        """
        DELETE FROM recall
        WHERE campaign = ?1 AND \(dialect.contains("account", .raw, in: "?2"))
        """
    }
}
