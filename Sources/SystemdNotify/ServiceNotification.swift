/// What a service tells its manager (`sd_notify(3)`).
package enum ServiceNotification: Sendable, Hashable {
    case ready
    case stopping
    /// A reload begins now, by CLOCK_MONOTONIC in microseconds; `ready` ends it.
    case reloading(monotonicMicroseconds: Int64)
    /// One line that `systemctl status` shows.
    case status(String)
    /// The service works; wanted at least once in each watchdog interval.
    case watchdog

    /// The assignments of the datagram.
    package var text: String {
        switch self {
        case .ready: "READY=1"
        case .stopping: "STOPPING=1"
        case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
        // A line break would begin another assignment.
        case .status(let text): "STATUS=" + text.replacing("\n", with: " ")
        case .watchdog: "WATCHDOG=1"
        }
    }
}
