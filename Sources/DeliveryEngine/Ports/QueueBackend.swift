package import DeliveryCore

/// A store as its opener has it: the queue with all its ports, to be watched and closed.
package protocol QueueBackend: Queue, Campaigns, Suppressions, QueueFigures, Outbox {
    /// Salts the fingerprint of credentials that this store keeps; each store has its own.
    var salt: String { get }

    /// Records calls that are claimed from now on as made in this name, where their message names no
    /// sender.
    func send(as sender: [UInt8]?)

    /// Returns once a write has succeeded or failed; with a hung disk it never does, which the
    /// watchdog notices.
    func proveWriting(now: Now) async

    /// Waits for running jobs and closes the store.
    func close() throws(QueueError)
}
