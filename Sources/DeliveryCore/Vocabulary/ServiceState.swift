/// The state of all sending; of several that hold, the first in this order is shown.
package enum ServiceState: String, Sendable, Hashable, CaseIterable {
    /// The provider refused the credentials or the app.
    case halted
    /// The store can't be written; commits are tried again until one succeeds.
    case storeFailed = "store_failed"
    /// Stopped by an operator; survives a restart.
    case paused
    /// The provider can't be reached: calls back off, and probes look for its return.
    case unreachable
    /// The provider said to slow down.
    case throttled
    case running
}
