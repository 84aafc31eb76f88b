package import DeliveryCore

/// A store as whoever opens it has it: the queue for everybody, to be watched and closed.
package protocol QueueBackend: Queue, Campaigns, QueueFigures {
    /// Salts the fingerprint of credentials that this store keeps: another in every store.
    var salt: String { get }

    /// Returns once a write has returned, done or refused: for a watchdog, which hears nothing if
    /// the disk hangs.
    func proveWriting(now: Now) async

    /// Waits for what is going on and lets go of the store.
    func close() throws(QueueError)
}
