/// How often the manager wants to hear that the service works.
package struct Watchdog: Sendable, Hashable {
    /// The service is killed when it has been silent for so long.
    package let timeout: Duration

    /// How often to speak: half the timeout, as `sd_watchdog_enabled(3)` advises.
    package var interval: Duration { timeout / 2 }

    /// Reads WATCHDOG_USEC and WATCHDOG_PID; nil if no watchdog is set for this process.
    package init?(environment: [String: String], processID: Int32) {
        guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text),
            microseconds > 0
        else { return nil }
        if let owner = environment["WATCHDOG_PID"], Int32(owner) != processID { return nil }
        timeout = .microseconds(microseconds)
    }
}
