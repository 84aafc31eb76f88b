import DeliveryCore

/// What the writer keeps in memory from one transaction to the next.
struct WriterMemory: Sendable {
    /// Draws the numbers of the halves of a split batch.
    var random: SplitMix64
    /// Whether another store was put in this one's place, so that its ledger lacks calls.
    var lacksCalls = false
    /// Campaigns whose rows can't be removed; so the others' can.
    var unremovable: Set<Int64> = []
    /// Whether the ledger has been taken over from the process before.
    var hasAdoptedLedger = false
    var messages = RecentMessages()
    /// The highest keys that batches and the ledger's rows have had, also those that are gone.
    var lastBatch: Int64 = 0
    var lastCall: Int64 = 0
    /// Recipients that became final since the process began.
    var ended = Counts()
}

/// The messages of the campaigns claimed from last.
///
/// A claim answers with its message, which may be large; a handful of campaigns are claimed from
/// in turn.
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
    /// Adds what has become final from one state of a campaign's counters to the next.
    ///
    /// A retry takes recipients out of their final status; they did end, and may end again.
    mutating func addFinal(of new: Counts, since old: Counts) {
        for status in [Recipient.Status.sent, .failed, .unknown, .canceled, .expired] {
            self[status] += max(0, new[status] - old[status])
        }
    }
}
