import DeliveryCore

/// How the recipients that were left ended when a campaign was canceled or expired.
struct Termination: Sendable {
    let status: Recipient.Status
    let at: Timestamp
}

/// How far a canceled or expired campaign has come with ending what waited in it.
///
/// Where that is more than one transaction should change, the campaign takes its state at once, and
/// what waited ends in steps: first the batches, then the recipients that wait for a retry of their
/// own, in the order of the key.
struct Closing: Sendable {
    /// The generation that ended.
    let generation: Int
    /// The last account that was looked at, empty before the first.
    let cursor: [UInt8]

    /// Whether a recipient that waited in a generation has yet to end.
    func isAhead(_ account: [UInt8], _ generation: Int) -> Bool {
        generation == self.generation && account.isBehind(cursor)
    }
}

extension [UInt8] {
    /// Whether the bytes come after others in the order of the key.
    func isBehind(_ other: [UInt8]) -> Bool { other.lexicographicallyPrecedes(self) }
}
