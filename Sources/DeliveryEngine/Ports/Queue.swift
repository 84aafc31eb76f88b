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
    ///
    /// A write that can't be carried out is answered with `failed` and undone alone. This throws
    /// only for what concerns the whole queue.
    func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult]

    /// What failed to be written outside of commits, such as new campaigns and their recipients: the
    /// sending loop must know, though it may have nothing to write itself.
    ///
    /// One may read it; if nobody does, the last one waits.
    var faults: AsyncStream<QueueError> { get }
}
