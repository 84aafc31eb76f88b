/// Statements on what was sent in each minute.
struct TrafficStatements: Sendable {
    /// Adds figures, less what is taken back of `addressed`, which never falls below 0.
    let add: StatementText = """
        INSERT INTO minute (at_ms, quota, addressed, sent, failed, retrying, unknown)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (at_ms) DO UPDATE SET
            quota = CASE WHEN excluded.quota > minute.quota THEN excluded.quota
                ELSE minute.quota END,
            addressed = CASE WHEN minute.addressed + excluded.addressed > ?8
                THEN minute.addressed + excluded.addressed - ?8 ELSE 0 END,
            sent = minute.sent + excluded.sent, failed = minute.failed + excluded.failed,
            retrying = minute.retrying + excluded.retrying,
            unknown = minute.unknown + excluded.unknown
        """
    let takeBack: StatementText = """
        UPDATE minute SET addressed = CASE WHEN addressed > ?2 THEN addressed - ?2 ELSE 0 END
        WHERE at_ms = ?1
        """
    let lastQuota: StatementText = "SELECT quota FROM minute ORDER BY at_ms DESC LIMIT 1"

    /// Minutes with something since a time; a call taken back may leave one without.
    private static let rows =
        "FROM minute WHERE at_ms >= ? AND addressed + sent + failed + retrying + unknown > 0"
    private static let figures = ["addressed", "sent", "failed", "retrying", "unknown"]
    private static let sums = figures.map { "CAST(sum(\($0)) AS BIGINT)" }
        .joined(separator: ", ")

    let minutes: StatementText = """
        SELECT at_ms, quota, \(Self.figures.joined(separator: ", ")) \(Self.rows)
        ORDER BY at_ms DESC LIMIT ?
        """
    let hours: StatementText = """
        SELECT at_ms - at_ms % 3600000 AS hour, max(quota), \(Self.sums) \(Self.rows)
        GROUP BY at_ms - at_ms % 3600000 ORDER BY hour DESC LIMIT ?
        """

    let forget: StatementText = """
        DELETE FROM minute WHERE at_ms IN
            (SELECT at_ms FROM minute WHERE at_ms < ? ORDER BY at_ms LIMIT ?)
        """
}
