import DeliveryCore

/// The status that waiting recipients took when a campaign was canceled or expired.
struct Termination: Sendable {
    let status: Recipient.Status
    let at: Timestamp
}

/// How far a canceled or expired campaign has come with ending its waiting recipients.
///
/// If they are too many for one transaction, the campaign takes its state at once and they end in
/// steps: first the open batches, then the recipients that wait for a retry of their own, in the
/// order of the key.
struct Closing: Sendable {
    /// The generation that ended.
    let generation: Int
    /// The last account that was looked at, empty before the first.
    let cursor: [UInt8]

    /// Whether a waiting recipient of a generation has yet to end.
    func isAhead(_ account: [UInt8], _ generation: Int) -> Bool {
        generation == self.generation && account.isBehind(cursor)
    }
}

extension [UInt8] {
    /// Whether the bytes come after others in the order of the key.
    func isBehind(_ other: [UInt8]) -> Bool { other.lexicographicallyPrecedes(self) }
}
