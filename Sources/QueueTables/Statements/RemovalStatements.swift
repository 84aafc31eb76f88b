/// Statements that find campaigns past their retention, and remove rows of deleted ones.
struct RemovalStatements: Sendable {
    let finished: StatementText = """
        SELECT id FROM campaign INDEXED BY campaign_finished
        WHERE finished_at_ms < ? ORDER BY finished_at_ms LIMIT ?
        """
    let untouchedDrafts: StatementText = """
        SELECT id FROM campaign INDEXED BY campaign_draft
        WHERE state = 'draft' AND touched_at_ms < ? ORDER BY touched_at_ms LIMIT ?
        """

    let removed: StatementText = "SELECT campaign FROM removed ORDER BY campaign LIMIT ?"
    let note: StatementText = "INSERT INTO removed (campaign) VALUES (?)"
    let forget: StatementText = "DELETE FROM removed WHERE campaign = ?"

    let failures: StatementText = "DELETE FROM failure WHERE campaign = ?"
    let terminations: StatementText = "DELETE FROM cut WHERE campaign = ?"
    let message: StatementText = "DELETE FROM message WHERE campaign = ?"

    let recipients = InOrder(table: "recipient_block", by: "last_account", weight: 10)
    let states = InOrder(table: "exception")
    let recalls = InOrder(table: "recall")
    let unknownCalls = InOrder(table: "unknown_call", by: "batch", isNumbered: true)
    let rangeBatches: StatementText = """
        DELETE FROM batch WHERE id IN (SELECT id FROM batch INDEXED BY batch_range
            WHERE campaign = ? AND first_account IS NOT NULL LIMIT ?)
        """
    let listBatches: StatementText = """
        DELETE FROM batch WHERE id IN (SELECT id FROM batch INDEXED BY batch_list
            WHERE campaign = ? AND first_account IS NULL LIMIT ?)
        """

    /// Removes a campaign's rows of a table in the order of the key: as a range, whose pages are
    /// freed one after another.
    struct InOrder: Sendable {
        /// The key at the end of a range of so many rows.
        let end: StatementText
        let upTo: StatementText
        let all: StatementText
        /// Whether the key goes on with a number, and not with an account.
        let isNumbered: Bool
        /// How many of other rows one costs.
        let weight: Int

        init(
            table: String,
            by key: String = "account",
            isNumbered: Bool = false,
            weight: Int = 1
        ) {
            self.isNumbered = isNumbered
            self.weight = weight
            end =
                "SELECT \(key) FROM \(table) WHERE campaign = ? ORDER BY \(key) LIMIT 1 OFFSET ?"
            upTo = "DELETE FROM \(table) WHERE campaign = ? AND \(key) <= ?"
            all = "DELETE FROM \(table) WHERE campaign = ?"
        }
    }

    /// Rows whose campaign doesn't exist.
    private static let strays = [
        "recipient_block", "exception", "batch", "failure", "cut", "message", "closing",
        "unknown_call", "job", "recall",
    ].map { "(SELECT count(*) FROM \($0) WHERE campaign NOT IN (SELECT id FROM campaign))" }
    let strayCount: StatementText =
        "SELECT (SELECT count(*) FROM removed) + \(Self.strays.joined(separator: " + "))"
}
