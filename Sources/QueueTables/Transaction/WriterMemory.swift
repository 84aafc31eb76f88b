import DeliveryCore
import DeliveryEngine

/// The writer's memory from one transaction to the next.
struct WriterMemory: Sendable {
    /// Draws the numbers of the halves of a split batch.
    var random: SplitMix64
    /// Draws the ids of events: apart, so that hooks change nothing else that is drawn.
    var eventRandom: SplitMix64
    /// Whether the store was replaced by another, whose ledger lacks calls made since.
    var lacksCalls = false
    /// Campaigns whose rows can't be removed: sweeps skip them, so that the others' are removed.
    var unremovable: Set<Int64> = []
    /// Whether the ledger of the process before has been adopted.
    var hasAdoptedLedger = false
    var messages = RecentMessages()
    /// The highest keys given to batches and ledger rows, removed ones included.
    var lastBatch: Int64 = 0
    var lastCall: Int64 = 0
    /// The quota under which the last claim was made.
    var quota = 0
    /// The number of the last event that hooks are told; nil before one was written.
    var lastEvent: Int64?
    /// Events that were dropped since the process began.
    var dropped: [HookKey: Int] = [:]
    /// Recipients that became final since the process began; a retry subtracts none.
    var ended = Counts()
    /// Of the list of accounts that must not be addressed.
    let suppressions = SuppressionFilter()
}

/// The messages of the campaigns claimed from last.
///
/// A claim answers with its message, which may be large, and claims go to a handful of campaigns in
/// turn.
struct RecentMessages: Sendable {
    private static let limit = 8
    private var entries: [(id: Campaign.ID, message: CheckedMessage)] = []

    subscript(id: Campaign.ID) -> CheckedMessage? { entries.first { $0.id == id }?.message }

    mutating func remember(_ message: CheckedMessage, of id: Campaign.ID) {
        if entries.count == Self.limit { entries.removeFirst() }
        entries.append((id, message))
    }

    mutating func forget(_ id: Campaign.ID) {
        entries.removeAll { $0.id == id }
    }
}

extension Counts {
    /// Adds the recipients that became final between two states of a campaign's counters.
    ///
    /// A retry subtracts none: its recipients did end, and may end again.
    mutating func addFinal(of new: Counts, since old: Counts) {
        let final: [Recipient.Status] = [
            .sent, .failed, .unknown, .canceled, .expired, .suppressed,
        ]
        for status in final {
            self[status] += max(0, new[status] - old[status])
        }
    }
}
