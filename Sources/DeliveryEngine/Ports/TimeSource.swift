package import DeliveryCore

/// Both clocks and a way to wait, so that tests can control time.
package protocol TimeSource: Sendable {
    func now() -> Now

    /// Returns at this instant or later; throws when the task is cancelled.
    func sleep(until instant: Instant) async throws
}
