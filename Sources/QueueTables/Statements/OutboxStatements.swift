/// Statements on events that hooks are still to be told.
struct OutboxStatements: Sendable {
    let hooks: StatementText = "SELECT id, digest FROM hook ORDER BY id"
    let hook: StatementText = "SELECT id, backlog FROM hook WHERE digest = ?"
    let lastHook: StatementText = "SELECT coalesce(max(id), 0) FROM hook"
    let insertHook: StatementText = "INSERT INTO hook (id, digest, backlog) VALUES (?, ?, 0)"
    let addToHook: StatementText = "UPDATE hook SET backlog = backlog + ?2 WHERE id = ?1"
    let deleteHook: StatementText = "DELETE FROM hook WHERE id = ?"

    // MARK: Events

    let lastEvent: StatementText = "SELECT coalesce(max(id), 0) FROM hook_event"
    let insertEvent: StatementText =
        "INSERT INTO hook_event (id, uuid, kind, lane, at_ms, body) VALUES (?, ?, ?, ?, ?, ?)"
    /// Those of some events that are in no backlog any more.
    let deleteEvents = StatementText {
        """
        DELETE FROM hook_event WHERE \($0.contains("id", .number, in: "?"))
            AND NOT EXISTS (SELECT 1 FROM hook_backlog WHERE event = hook_event.id)
        """
    }

    // MARK: Backlogs

    let hasOfLane: StatementText =
        "SELECT 1 FROM hook_backlog WHERE hook = ? AND lane = ? LIMIT 1"
    let enqueue: StatementText = """
        INSERT INTO hook_backlog (hook, event, lane, at_ms, due_at_ms) VALUES (?, ?, ?, ?, ?)
        """
    let due: StatementText = """
        SELECT hook_event.id, uuid, kind, hook_event.lane, hook_event.at_ms, attempts,
            failing_since_ms, body
        FROM hook_backlog INDEXED BY hook_backlog_due
            JOIN hook_event ON hook_event.id = hook_backlog.event
        WHERE hook = ? AND due_at_ms <= ? ORDER BY due_at_ms, event LIMIT ?
        """
    let nextDue: StatementText =
        "SELECT min(due_at_ms) FROM hook_backlog WHERE hook = ? AND due_at_ms > ?"
    let postpone: StatementText = """
        UPDATE hook_backlog SET attempts = ?3, failing_since_ms = ?4, due_at_ms = ?5
        WHERE hook = ?1 AND event = ?2
        """
    let oldest: StatementText =
        "SELECT event, at_ms FROM hook_backlog WHERE hook = ? ORDER BY event LIMIT ?"
    /// Of the oldest events those that happened, and were first tried, by a time.
    let aged: StatementText = """
        SELECT event
        FROM (SELECT event, at_ms, failing_since_ms FROM hook_backlog WHERE hook = ?1
            ORDER BY event LIMIT ?3) AS first
        WHERE at_ms <= ?2 AND (failing_since_ms IS NULL OR failing_since_ms <= ?2)
        """
    let lanes = StatementText {
        """
        SELECT DISTINCT lane FROM hook_backlog
        WHERE hook = ? AND \($0.contains("event", .number, in: "?"))
        """
    }
    let remove = StatementText {
        "DELETE FROM hook_backlog WHERE hook = ? AND \($0.contains("event", .number, in: "?"))"
    }
    /// Makes the first event of a lane due, unless it is.
    let promote: StatementText = """
        UPDATE hook_backlog SET due_at_ms = ?3
        WHERE hook = ?1 AND due_at_ms IS NULL
            AND event = (SELECT min(event) FROM hook_backlog WHERE hook = ?1 AND lane = ?2)
        """
}
