/// Statements on look-ups in the provider's history: on the calls that are looked for, and on the
/// recipients they addressed.
struct LookUpStatements: Sendable {
    /// A call that was sent again keeps its numbers: what is known of it covers all of them.
    let addCall: StatementText = """
        INSERT INTO unknown_call (campaign, batch, sender, message_sequence, message_random,
            sent_at_ms, ended_at_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (campaign, batch, sender) DO UPDATE SET
            sent_at_ms = CASE WHEN excluded.sent_at_ms < unknown_call.sent_at_ms
                THEN excluded.sent_at_ms ELSE unknown_call.sent_at_ms END,
            ended_at_ms = CASE WHEN excluded.ended_at_ms > unknown_call.ended_at_ms
                THEN excluded.ended_at_ms ELSE unknown_call.ended_at_ms END
        """
    let calls = StatementText { dialect in
        """
        SELECT batch, sender, message_sequence, message_random, sent_at_ms, ended_at_ms
        FROM unknown_call WHERE campaign = ?1 AND \(dialect.contains("batch", .number, in: "?2"))
        ORDER BY batch, sender
        """
    }

    // MARK: Recipients

    private static let columns =
        """
        account, state, pass, attempts, code, info, calls, look_up_at_ms, look_ups, updated_at_ms
        """

    /// Those of some accounts that are in a state.
    let among = StatementText { dialect in
        """
        SELECT \(Self.columns) FROM exception
        WHERE campaign = ?1 AND state = ?2 AND \(dialect.contains("account", .raw, in: "?3"))
        """
    }
    let firstDue: StatementText = """
        SELECT min(look_up_at_ms) FROM exception INDEXED BY exception_look_up
        WHERE campaign = ? AND state = ? AND look_up_at_ms IS NOT NULL
        """
    /// The longest due first.
    let due: StatementText = """
        SELECT \(Self.columns) FROM exception INDEXED BY exception_look_up
        WHERE campaign = ? AND state = ? AND look_up_at_ms IS NOT NULL
        ORDER BY look_up_at_ms, account LIMIT ?
        """
    /// Unknown recipients that the history wasn't asked about.
    private static let left = """
        FROM exception INDEXED BY exception_doubted
        WHERE campaign = ? AND account > ? AND state = 'unknown' AND doubted = 1
        """
    let leftAfter: StatementText = "SELECT \(Self.columns) \(Self.left) ORDER BY account LIMIT ?"
    let leftCount: StatementText = "SELECT count(*) \(Self.left)"
    let deferredCount: StatementText = """
        SELECT count(*) FROM exception INDEXED BY exception_look_up
        WHERE campaign = ? AND state = 'unknown' AND look_up_at_ms IS NOT NULL AND account <= ?
        """

    /// Writes rows that are there: no row is inserted.
    let save = StatementText { dialect in
        """
        INSERT INTO exception (campaign, account, state, pass, attempts, code, info, due_at_ms,
            look_up_at_ms, look_ups, doubted, updated_at_ms)
        SELECT ?1, \(dialect.element(.raw, at: 0)), \(dialect.element(.text, at: 1)),
            \(dialect.element(.number, at: 2)), \(dialect.element(.number, at: 3)),
            \(dialect.element(.number, at: 4)), \(dialect.element(.raw, at: 5)),
            \(dialect.element(.number, at: 6)), \(dialect.element(.number, at: 7)),
            \(dialect.element(.number, at: 8)), \(dialect.element(.number, at: 9)),
            \(dialect.element(.number, at: 10))
        FROM \(dialect.elements(of: "?2")) WHERE true
        ON CONFLICT (campaign, account) DO UPDATE SET state = excluded.state, code = excluded.code,
            info = excluded.info, due_at_ms = excluded.due_at_ms,
            look_up_at_ms = excluded.look_up_at_ms, look_ups = excluded.look_ups,
            doubted = excluded.doubted, updated_at_ms = excluded.updated_at_ms
        """
    }
}
