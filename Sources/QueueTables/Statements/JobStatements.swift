/// Statements on jobs.
struct JobStatements: Sendable {
    /// The order in which rows are read and written.
    private static let names = [
        "campaign", "kind", "state", "reason_code", "reason_text", "total", "first_result",
        "second_result", "third_result", "cursor", "goal", "settled", "walk_end", "settled_end",
        "kept_end", "kept_cursor", "calls_per_second", "started_at_ms", "finished_at_ms",
    ]
    private static let columns = names.joined(separator: ", ")
    private static let assignments = names.dropFirst(2).map { "\($0) = excluded.\($0)" }
        .joined(separator: ", ")

    let one: StatementText = "SELECT \(Self.columns) FROM job WHERE campaign = ? AND kind = ?"
    let ofCampaign: StatementText = "SELECT \(Self.columns) FROM job WHERE campaign = ?"
    let running: StatementText =
        "SELECT kind FROM job INDEXED BY job_running WHERE campaign = ? AND state = 'running'"
    let runningCount: StatementText =
        "SELECT count(*) FROM job INDEXED BY job_running WHERE state = 'running'"
    let allRunning: StatementText = """
        SELECT \(Self.columns), uuid FROM job INDEXED BY job_running
            JOIN (SELECT id, uuid FROM campaign) AS owner ON owner.id = job.campaign
        WHERE state = 'running' ORDER BY campaign
        """
    let put: StatementText = """
        INSERT INTO job (\(Self.columns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (campaign, kind) DO UPDATE SET \(Self.assignments)
        """
    let delete: StatementText = "DELETE FROM job WHERE campaign = ?"
}
