/// Statements on the ledger: calls that count against the quota.
struct LedgerStatements: Sendable {
    let all: StatementText =
        "SELECT id, uuid, count, timeout_ms, release_ns FROM ledger ORDER BY id"
    let lastKey: StatementText = "SELECT coalesce(max(id), 0) FROM ledger"
    let insert: StatementText =
        "INSERT INTO ledger (id, uuid, count, timeout_ms) VALUES (?, ?, ?, ?)"
    /// Never moves a release to an earlier instant.
    let release: StatementText = """
        UPDATE ledger SET release_ns = CASE WHEN release_ns > ?2 THEN release_ns ELSE ?2 END
        WHERE id = ?1
        """
    let adopt: StatementText = "UPDATE ledger SET release_ns = ?2 WHERE id = ?1"
    let delete: StatementText = "DELETE FROM ledger WHERE id = ?"
    let deleteReleased: StatementText =
        "DELETE FROM ledger INDEXED BY ledger_release WHERE release_ns <= ?"
}

/// Statements on the service's row, on kept answers, and on savepoints.
struct ServiceStatements: Sendable {
    let clock: StatementText =
        "SELECT boot, last_instant_ns, message_sequence, last_call FROM clock"
    let setClock: StatementText =
        "UPDATE clock SET boot = ?, last_instant_ns = ?, message_sequence = ?, last_call = ?"
    let record: StatementText =
        "SELECT is_paused, halt_code, halt_text, halt_fingerprint FROM service"
    let setRecord: StatementText =
        "UPDATE service SET is_paused = ?, halt_code = ?, halt_text = ?, halt_fingerprint = ?"

    let answer: StatementText = """
        SELECT uuid, digest, answer FROM keyed_request
        WHERE caller = ? AND key = ? AND created_at_ms > ?
        """
    /// The key may still have a row that is too old to count.
    let keepAnswer: StatementText = """
        INSERT INTO keyed_request (caller, key, digest, uuid, answer, created_at_ms)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (caller, key) DO UPDATE SET digest = excluded.digest, uuid = excluded.uuid,
            answer = excluded.answer, created_at_ms = excluded.created_at_ms
        """
    let forgetAnswers: StatementText = """
        DELETE FROM keyed_request WHERE (caller, key) IN
            (SELECT caller, key FROM keyed_request WHERE created_at_ms <= ? LIMIT ?)
        """

    let savepoint: StatementText = "SAVEPOINT attempt"
    let rollBack: StatementText = "ROLLBACK TO SAVEPOINT attempt"
    let release: StatementText = "RELEASE SAVEPOINT attempt"
}
