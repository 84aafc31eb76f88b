/// Statements on batches.
struct BatchStatements: Sendable {
    /// The order in which rows are read and written: columns that change, and those that identify a
    /// batch and its call, which never do.
    private static let changing = [
        "state", "accounts", "attempts", "maybe_accepted", "due_at_ms", "message_key", "code",
        "info", "changed_at_ms", "ledger", "sender", "calls",
    ]
    private static let constant = [
        "campaign", "pass", "first_account", "last_account", "count", "is_half",
        "message_sequence", "message_random",
    ]
    private static let columns = (["id"] + changing + constant).joined(separator: ", ")
    private static let assignments = changing.enumerated().map { "\($1) = ?\($0 + 2)" }
        .joined(separator: ", ")

    let byKey: StatementText = "SELECT \(Self.columns) FROM batch WHERE id = ?"
    let open: StatementText = """
        SELECT \(Self.columns) FROM batch INDEXED BY batch_open
        WHERE state IN ('in_flight', 'held', 'repeat') AND state <> 'closed' ORDER BY id
        """
    let unsettledRanges: StatementText = """
        SELECT \(Self.columns) FROM batch INDEXED BY batch_open
        WHERE state IN ('in_flight', 'held', 'repeat', 'cut') AND state <> 'closed'
            AND campaign = ? AND first_account IS NOT NULL
        ORDER BY first_account
        """
    /// A handful at a time: a list batch holds its accounts.
    let someWaiting: StatementText = """
        SELECT \(Self.columns) FROM batch INDEXED BY batch_open
        WHERE state IN ('held', 'repeat') AND state <> 'closed' AND campaign = ?
        ORDER BY id LIMIT 20
        """
    let covering: StatementText = """
        SELECT \(Self.columns) FROM batch INDEXED BY batch_range
        WHERE campaign = ? AND first_account <= ? ORDER BY first_account DESC LIMIT 1
        """
    let rangesFrom: StatementText = """
        SELECT \(Self.columns) FROM batch INDEXED BY batch_range
        WHERE campaign = ? AND first_account >= ? ORDER BY first_account LIMIT ?
        """
    let lastKey: StatementText = "SELECT coalesce(max(id), 0) FROM batch"
    let insert: StatementText = """
        INSERT INTO batch (\(Self.columns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    let update: StatementText = "UPDATE batch SET \(Self.assignments) WHERE id = ?1"
    /// Of a batch that some of its accounts have left.
    let shrink: StatementText = "UPDATE batch SET count = ?2 WHERE id = ?1"
    let delete: StatementText = "DELETE FROM batch WHERE id = ?"
    /// Only while the call is out: the row stays known when the ledger has lost it.
    let ledger: StatementText = """
        SELECT ledger FROM batch WHERE id = ? AND state = 'in_flight' AND ledger IS NOT NULL
        """
}
