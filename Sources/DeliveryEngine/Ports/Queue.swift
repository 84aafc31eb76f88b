package import DeliveryCore

/// Why the queue could not do what was asked; nothing of it was done.
package enum QueueError: Error, Sendable, Hashable {
    /// No room, on the disk or under `store.minFreeBytes`.
    case full(String)
    /// The disk or the database failed.
    case failed(String)
}

/// The queue as the dispatcher's shell uses it: what is committed is durable.
package protocol Queue: Sendable {
    /// Reads what a start must know. Touches only what was open, whatever the queue's size.
    func restore(now: Now) async throws(QueueError) -> Restored

    /// Carries the writes out in order, in one durable transaction, and answers one result for each.
    func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult]
}
