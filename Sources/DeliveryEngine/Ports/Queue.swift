package import DeliveryCore

/// Why the queue couldn't carry out a request; it was rolled back.
package enum QueueError: Error, Sendable, Hashable {
    /// No room, on the disk or under `store.minFreeBytes`.
    case full(String)
    /// The disk or the database failed.
    case failed(String)
}

/// The queue as the dispatcher's shell uses it: what is committed is durable.
package protocol Queue: Sendable {
    /// Reads live campaigns and open batches, whatever the queue's size.
    func restore(now: Now) async throws(QueueError) -> Restored

    /// Carries the writes out in order, in one durable transaction, and answers one result for each.
    ///
    /// A write that fails is undone alone and answered with `failed`. Only what concerns the whole
    /// queue is thrown.
    func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult]

    /// Faults of writes outside of commits, such as new campaigns and their recipients: the sending
    /// loop must know of a failing store, even if it has nothing to write itself.
    ///
    /// For one reader; without one, the latest fault is kept.
    var faults: AsyncStream<QueueError> { get }
}
