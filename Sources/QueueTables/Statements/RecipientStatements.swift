/// Statements on the blocks of recipients.
struct RecipientStatements: Sendable {
    private static let columns = "last_account, accounts"

    let blockHolding: StatementText = """
        SELECT \(Self.columns) FROM recipient_block WHERE campaign = ? AND last_account >= ?
        ORDER BY last_account LIMIT 1
        """
    let lastBlock: StatementText = """
        SELECT \(Self.columns) FROM recipient_block WHERE campaign = ?
        ORDER BY last_account DESC LIMIT 1
        """
    let blocks: StatementText = """
        SELECT \(Self.columns) FROM recipient_block WHERE campaign = ? AND last_account >= ?
        ORDER BY last_account LIMIT ?
        """
    /// Of so many blocks of one campaign: each statement may be a message to a server and back.
    let insertions = [16, 8, 4, 2, 1].map { count in
        let rows = Array(repeating: "(?1, ?, ?)", count: count).joined(separator: ", ")
        return BlockInsertion(
            count: count,
            statement: "INSERT INTO recipient_block (campaign, \(Self.columns)) VALUES \(rows)"
        )
    }

    struct BlockInsertion: Sendable {
        let count: Int
        let statement: StatementText
    }

    /// Of a block that ends with the same account as before.
    let replace: StatementText =
        "UPDATE recipient_block SET accounts = ?3 WHERE campaign = ?1 AND last_account = ?2"
    let extend: StatementText = """
        UPDATE recipient_block SET last_account = ?3, accounts = ?4
        WHERE campaign = ?1 AND last_account = ?2
        """
}

/// Statements on recipients with a state of their own.
struct RecipientStateStatements: Sendable {
    private static let columns = """
        account, state, batch, pass, attempts, code, info, due_at_ms, updated_at_ms,
            look_up_at_ms
        """

    let one: StatementText =
        "SELECT \(Self.columns) FROM exception WHERE campaign = ? AND account = ?"
    let after: StatementText = """
        SELECT \(Self.columns) FROM exception WHERE campaign = ? AND account > ?
        ORDER BY account LIMIT ?
        """
    let histories = StatementText { dialect in
        """
        SELECT account, attempts, doubted FROM exception
        WHERE campaign = ?1 AND \(dialect.contains("account", .raw, in: "?2"))
        """
    }
    let due: StatementText = """
        SELECT account, attempts, state, doubted, code FROM exception INDEXED BY exception_due
        WHERE campaign = ? AND pass = ? AND due_at_ms <= ? ORDER BY due_at_ms, account LIMIT ?
        """
    let firstDue: StatementText = """
        SELECT min(due_at_ms) FROM exception INDEXED BY exception_due
        WHERE campaign = ? AND pass = ? AND due_at_ms IS NOT NULL
        """
    let list = StatementText { dialect in
        """
        UPDATE exception SET state = 'member', batch = ?1, due_at_ms = NULL, look_up_at_ms = NULL
        WHERE campaign = ?2 AND \(dialect.contains("account", .raw, in: "?3"))
        """
    }
    /// A recipient that has a row keeps its attempts, and which calls may have been accepted.
    let put = StatementText { dialect in
        """
        INSERT INTO exception (campaign, pass, info, updated_at_ms, calls, account, state, attempts,
            code, due_at_ms, look_up_at_ms, doubted)
        SELECT ?1, ?2, ?3, ?4, ?6, \(dialect.element(.raw, at: 0)),
            \(dialect.element(.text, at: 1)), \(dialect.element(.number, at: 2)),
            \(dialect.element(.number, at: 3)), \(dialect.element(.number, at: 4)),
            \(dialect.element(.number, at: 5)), \(dialect.element(.number, at: 6))
        FROM \(dialect.elements(of: "?5")) WHERE true
        ON CONFLICT (campaign, account) DO UPDATE SET state = excluded.state, batch = NULL,
            pass = excluded.pass, attempts = exception.attempts + excluded.attempts,
            code = excluded.code, info = excluded.info, due_at_ms = excluded.due_at_ms,
            updated_at_ms = excluded.updated_at_ms, look_up_at_ms = excluded.look_up_at_ms,
            look_ups = 0,
            doubted = CASE excluded.doubted WHEN 0 THEN exception.doubted ELSE 1 END,
            calls = CASE WHEN exception.calls IS NULL THEN excluded.calls
                WHEN excluded.calls IS NULL THEN exception.calls
                ELSE exception.calls || ',' || excluded.calls END
        """
    }

    // MARK: Ranges of the key, after one account up to another

    /// The plus signs keep SQLite to the order of the key.
    private static let waiting = """
        campaign = ?1 AND account > ?2 AND account <= ?3 AND +pass = ?4
            AND +due_at_ms IS NOT NULL
        """
    let waitingCounts: StatementText = """
        SELECT state, doubted, count(*) FROM exception WHERE \(Self.waiting) GROUP BY state, doubted
        """
    let endMaybeAccepted: StatementText = """
        UPDATE exception SET state = 'unknown', due_at_ms = NULL, info = ?5, updated_at_ms = ?6
        WHERE \(Self.waiting) AND doubted > 0
        """
    let accountsAfter: StatementText = """
        SELECT account FROM exception WHERE campaign = ? AND account > ? ORDER BY account LIMIT ?
        """
    let accountsFrom: StatementText = """
        SELECT account FROM exception WHERE campaign = ? AND account >= ? ORDER BY account LIMIT ?
        """

    /// Recipients of a final status with one of some codes; an empty list means any code.
    private static func final(_ dialect: Dialect) -> String {
        """
        campaign = ?1 AND account > ?2 AND account <= ?3 AND state = ?4
            AND (?5 = '[]' OR \(dialect.contains("code", .number, in: "?5")))
        """
    }
    let requeue = StatementText { dialect in
        """
        UPDATE exception SET state = 'queued', pass = ?6, attempts = 0, code = NULL,
            info = NULL, due_at_ms = ?7, updated_at_ms = ?7, look_up_at_ms = NULL
        WHERE \(Self.final(dialect))
        """
    }
    let codeCounts = StatementText { dialect in
        """
        SELECT code, count(*) FROM exception WHERE \(Self.final(dialect)) AND code IS NOT NULL
        GROUP BY code
        """
    }
}
