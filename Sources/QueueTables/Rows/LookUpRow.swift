import DeliveryCore
import JSON

/// The row of a recipient that the provider's history is asked about.
struct LookUpRow {
    let account: [UInt8]
    var state: RecipientStateRow.State
    let generation: Int
    let attempts: Int
    var code: Int?
    var info: String?
    let calls: CallList
    var lookUpAt: Timestamp?
    /// Look-ups that failed so far.
    var lookUps: Int
    var updatedAt: Timestamp
    var dueAt: Timestamp?
    /// The column `doubted`: an earlier call may have been accepted.
    var doubt = 1

    /// Reads a row, in the order of `LookUpStatements`.
    init(_ row: any Row) throws {
        account = row.bytes(0)
        state = try decoded(row.text(1))
        generation = row.int(2)
        attempts = row.int(3)
        code = row.optionalInt(4)
        info = row.optionalText(5)
        calls = try CallList(row.optionalText(6))
        lookUpAt = row.timestamp(7)
        lookUps = row.int(8)
        updatedAt = Timestamp(milliseconds: row.int64(9))
    }

    /// Takes the state that a look-up came to.
    mutating func settle(as state: RecipientStateRow.State, at time: Timestamp) {
        self.state = state
        (lookUpAt, lookUps, updatedAt) = (nil, 0, time)
    }
}

extension Connection {
    /// Writes rows that were read and have changed.
    func save(_ rows: [LookUpRow], of campaign: Int64) throws {
        guard !rows.isEmpty else { return }
        let items = JSONText { text in
            text.array(of: rows) { text, row in
                text.array { text in
                    text.string(row.account)
                    text.string(row.state.rawValue)
                    text.number(row.generation)
                    text.number(row.attempts)
                    text.number(row.code)
                    // PostgreSQL's JSON can't say a NUL.
                    row.info.map { text.string($0.replacing("\0", with: "\u{FFFD}")) }
                        ?? text.null()
                    text.number(row.dueAt?.milliseconds)
                    text.number(row.lookUpAt?.milliseconds)
                    text.number(row.lookUps)
                    text.number(row.doubt)
                    text.number(row.updatedAt.milliseconds)
                }
            }
        }
        try run(sql.lookUp.save, .int(campaign), .text(items.bytes))
    }

    /// The calls of unknown outcome that addressed recipients, by the keys of their batches.
    func unknownCalls(
        of rows: [LookUpRow],
        of campaign: Int64
    ) throws -> [Int64: [UnknownCall]] {
        let batches = Set(rows.flatMap(\.calls.batches)).sorted()
        var calls: [Int64: [UnknownCall]] = [:]
        try each(sql.lookUp.calls, .int(campaign), .list(batches)) { row in
            let sender = row.bytes(1)
            let call = UnknownCall(
                numbers: CallNumbers(
                    sequence: UInt32(truncatingIfNeeded: row.int64(2)),
                    random: UInt32(truncatingIfNeeded: row.int64(3))
                ),
                sender: sender.isEmpty ? nil : sender,
                sentAt: Timestamp(milliseconds: row.int64(4)),
                endedAt: Timestamp(milliseconds: row.int64(5))
            )
            calls[row.int64(0), default: []].append(call)
        }
        return calls
    }
}
