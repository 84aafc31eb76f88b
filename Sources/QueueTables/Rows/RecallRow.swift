import DeliveryCore
import JSON

/// The row of a recipient whose recall came to anything but the plain code 0, or that waits for
/// another call of it.
struct RecallRow {
    let account: [UInt8]
    let state: Recipient.Recall
    /// The provider's last code; nil before any answer.
    let code: Int?
    /// When the next call is to be made; only of one that is `queued`.
    let dueAt: Timestamp?
    /// Calls that failed so far.
    let failures: Int

    init(
        account: [UInt8],
        state: Recipient.Recall,
        code: Int? = nil,
        dueAt: Timestamp? = nil,
        failures: Int = 0
    ) {
        self.account = account
        self.state = state
        self.code = code
        self.dueAt = dueAt
        self.failures = failures
    }

    /// Reads a row, in the order of `RecallStatements`.
    init(_ row: any Row) throws {
        account = row.bytes(0)
        state = try decoded(row.text(1))
        code = row.optionalInt(2)
        dueAt = row.timestamp(3)
        failures = row.int(4)
    }
}

extension Connection {
    func save(_ rows: [RecallRow], of campaign: Int64) throws {
        guard !rows.isEmpty else { return }
        let items = JSONText { text in
            text.array(of: rows) { text, row in
                text.array { text in
                    text.string(row.account)
                    text.string(row.state.rawValue)
                    text.number(row.code)
                    text.number(row.dueAt?.milliseconds)
                    text.number(row.failures)
                }
            }
        }
        try run(sql.recall.put, .int(campaign), .text(items.bytes))
    }
}
