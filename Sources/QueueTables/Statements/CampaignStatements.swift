/// Statements on campaigns, and on tables with one row or a handful for each.
struct CampaignStatements: Sendable {
    /// The order in which rows are read and written: columns that change and aren't indexed,
    /// indexed columns, and columns that never change.
    private static let changing = [
        "name", "reason_code", "reason_text", "priority", "messages_per_minute", "start_at_ms",
        "expires_at_ms", "started_at_ms", "cursor", "pass", "account_limit", "fresh", "waiting",
        "queued", "sending", "retrying", "sent", "failed", "unknown", "canceled", "expired",
        "suppressed", "resent", "absent", "send_between",
    ]
    private static let indexed = ["state", "finished_at_ms", "touched_at_ms", "verifying"]
    private static let constant = ["uuid", "on_unknown", "packet_overhead", "created_at_ms"]

    private static let columns = (["id"] + changing + indexed + constant).joined(separator: ", ")

    private static func assignments(_ names: [String]) -> String {
        names.enumerated().map { "\($1) = ?\($0 + 2)" }.joined(separator: ", ")
    }

    let byID: StatementText = "SELECT \(Self.columns) FROM campaign WHERE uuid = ?"
    let byKey: StatementText = "SELECT \(Self.columns) FROM campaign WHERE id = ?"
    let live: StatementText = """
        SELECT \(Self.columns) FROM campaign INDEXED BY campaign_live
        WHERE state IN ('scheduled', 'running', 'paused', 'halted') ORDER BY id
        """
    let verifying: StatementText = """
        SELECT id FROM campaign INDEXED BY campaign_verifying WHERE verifying > 0 ORDER BY id
        """
    /// Newest first: a UUID of version 7 begins with the time, and doesn't need the row it names.
    let newest: StatementText =
        "SELECT uuid, name FROM campaign WHERE uuid < ? ORDER BY uuid DESC LIMIT ?"
    let newestOfState: StatementText = """
        SELECT uuid, name FROM campaign INDEXED BY campaign_state
        WHERE uuid < ? AND state = ? ORDER BY uuid DESC LIMIT ?
        """
    let keys: StatementText = "SELECT id FROM campaign ORDER BY id"
    /// A key that no campaign has, nor a deleted one that may have rows left.
    let nextKey: StatementText = """
        SELECT coalesce(max(last), 0) + 1
        FROM (SELECT max(id) AS last FROM campaign UNION ALL SELECT max(campaign) FROM removed)
            AS keys
        """
    let insert: StatementText = """
        INSERT INTO campaign (\(Self.columns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
            ?, ?, ?, ?, ?, ?)
        """
    let update: StatementText =
        "UPDATE campaign SET \(Self.assignments(Self.changing + Self.indexed)) WHERE id = ?1"
    /// Leaves the indexed columns alone: setting them would rewrite their indexes each time.
    let updateInPlace: StatementText =
        "UPDATE campaign SET \(Self.assignments(Self.changing)) WHERE id = ?1"
    let delete: StatementText = "DELETE FROM campaign WHERE id = ?"

    /// Touches no other column, since another may be the damaged one.
    let halt: StatementText = """
        UPDATE campaign SET state = 'halted', reason_code = ?2, reason_text = ?3
        WHERE uuid = ?1 AND state = 'running'
        """
    let idOfKey: StatementText = "SELECT uuid FROM campaign WHERE id = ?"
    let idOfBatch: StatementText =
        "SELECT uuid FROM campaign WHERE id = (SELECT campaign FROM batch WHERE id = ?)"

    // MARK: Figures

    let tally: StatementText = "SELECT state, count FROM campaign_tally WHERE count > 0"
    /// Reads only campaigns that may have work, which are as many as the dispatcher knows.
    let waiting: StatementText = """
        SELECT CAST(sum(queued + sending + retrying) AS BIGINT),
            min(CASE WHEN state <> 'running' OR queued + sending + retrying = 0 THEN NULL
                WHEN started_at_ms > touched_at_ms THEN started_at_ms
                WHEN started_at_ms IS NOT NULL THEN touched_at_ms END)
        FROM campaign INDEXED BY campaign_live
        WHERE state IN ('scheduled', 'running', 'paused', 'halted')
        """

    // MARK: Message, failures, terminations

    let message: StatementText = "SELECT json FROM message WHERE campaign = ?"
    let insertMessage: StatementText = "INSERT INTO message (campaign, json) VALUES (?, ?)"
    let failures: StatementText =
        "SELECT code, count FROM failure WHERE campaign = ? AND count > 0 ORDER BY code"
    let addFailures: StatementText = """
        INSERT INTO failure (campaign, code, count) VALUES (?, ?, ?)
        ON CONFLICT (campaign, code) DO UPDATE SET count = failure.count + excluded.count
        """
    let takeFailures: StatementText =
        "UPDATE failure SET count = count - ? WHERE campaign = ? AND code = ?"
    let terminations: StatementText =
        "SELECT status, at_ms FROM cut WHERE campaign = ? ORDER BY pass"
    let insertTermination: StatementText =
        "INSERT INTO cut (campaign, pass, status, at_ms) VALUES (?, ?, ?, ?)"

    // MARK: Closing

    let closing: StatementText = "SELECT pass, cursor FROM closing WHERE campaign = ?"
    let allClosing: StatementText = """
        SELECT uuid FROM closing JOIN campaign ON campaign.id = closing.campaign
        ORDER BY campaign.id
        """
    let insertClosing: StatementText =
        "INSERT INTO closing (campaign, pass, cursor) VALUES (?, ?, '')"
    let updateClosing: StatementText = "UPDATE closing SET cursor = ? WHERE campaign = ?"
    let deleteClosing: StatementText = "DELETE FROM closing WHERE campaign = ?"
}
