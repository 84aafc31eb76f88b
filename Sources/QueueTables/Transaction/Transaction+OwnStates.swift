import DeliveryCore
import JSON

/// Recipients whose state differs from their batch's.
extension Transaction {
    /// The state of one account of a batch, as the row of its own will have it.
    struct OwnState {
        let account: Account
        let state: RecipientStateRow.State
        let attempts: Int
        let code: Int?
        var dueAt: Timestamp?
        var lookUpAt: Timestamp?
        /// Whether a call of the batch may have been accepted; earlier ones are known by the row.
        var isMaybeAccepted = false
    }

    /// Gives accounts of a batch rows of their own.
    func put(_ states: [OwnState], of batch: BatchRow, info: String? = nil) throws {
        let (campaign, generation) = (batch.campaign, batch.generation)
        try put(states, of: campaign, in: generation, calls: batch.calls, info: info)
    }

    /// Gives recipients of a campaign rows of their own.
    func put(
        _ states: [OwnState],
        of campaign: Int64,
        in generation: Int,
        calls: CallList,
        info: String?
    ) throws {
        guard !states.isEmpty else { return }
        let rows = JSONText { text in
            text.array(of: states) { text, state in
                text.array { text in
                    text.string(state.account.bytes)
                    text.string(state.state.rawValue)
                    text.number(state.attempts)
                    text.number(state.code)
                    text.number(state.dueAt?.milliseconds)
                    text.number(state.lookUpAt?.milliseconds)
                    text.number(state.isMaybeAccepted ? 1 : 0)
                }
            }
        }
        try connection.run(
            sql.state.put,
            .int(campaign),
            .int(generation),
            .optional(info),
            .int(now.timestamp.milliseconds),
            .text(rows.bytes),
            calls.value
        )
    }

    /// Remembers a batch's call, whose outcome stays unknown, as the provider's history would show
    /// it.
    func noteUnknownCall(of batch: inout BatchRow) throws {
        batch.calls.add(batch.key)
        try connection.run(
            sql.lookUp.addCall,
            .int(batch.campaign),
            .int(batch.key),
            .text(batch.sender ?? []),
            .int(Int64(batch.numbers.sequence)),
            .int(Int64(batch.numbers.random)),
            .int(batch.changedAt.milliseconds),
            .int(now.timestamp.milliseconds)
        )
    }
}

extension Resolution {
    /// Whether the call counts as an attempt of its accounts.
    var spendsAttempt: Bool {
        switch self {
        case .settled, .unknown, .lookedUp, .repeated: true
        case .held, .split: false
        }
    }

    /// Whether the call may have been accepted, and its own answer will never tell.
    var leavesUnknown: Bool {
        switch self {
        case .unknown, .repeated, .lookedUp: true
        case .settled, .held, .split: false
        }
    }
}
