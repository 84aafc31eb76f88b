import DeliveryCore

/// A recipient with a story of its own, as its row says.
struct ExceptionRow {
    let account: [UInt8]
    let state: State
    let batch: Int64?
    let pass: Int
    let attempts: Int
    let code: Int?
    let info: String?
    let dueAt: Timestamp?
    let updatedAt: Timestamp

    enum State: String {
        case queued
        case retrying
        /// It shares what became of its batch.
        case member
        case failed
        case unknown
    }

    private static let columns = """
        account, state, batch, pass, attempts, code, info, due_at_ms, updated_at_ms
        """
    static let one = "SELECT \(columns) FROM exception WHERE campaign = ? AND account = ?"
    static let after = """
        SELECT \(columns) FROM exception WHERE campaign = ? AND account > ? ORDER BY account
        """

    init(_ row: Query) throws {
        account = row.bytes(0)
        state = try decoded(row.text(1))
        batch = row.optionalInt64(2)
        pass = row.int(3)
        guard pass >= 0 else { throw StoreError.unreadable("a recipient in pass \(pass)") }
        attempts = row.int(4)
        code = row.optionalInt(5)
        info = row.optionalText(6)
        dueAt = row.timestamp(7)
        updatedAt = Timestamp(milliseconds: row.int64(8))
    }
}
