/// Where all sending stands.
///
/// Of several, the first in this order is shown.
package enum ServiceState: String, Sendable, Hashable, CaseIterable {
    /// The provider refused the credentials or the app.
    case halted
    /// Nothing can be written; tries again by itself.
    case storeFailed = "store_failed"
    /// Stopped by an operator; survives a restart.
    case paused
    /// The provider can't be reached: backing off, probing.
    case unreachable
    /// The provider said to slow down.
    case throttled
    case running
}
