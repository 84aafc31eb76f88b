/// How the quota's minute runs: the provider doesn't say, so a test can have either.
package enum QuotaWindow: String, Sendable, Hashable, CaseIterable {
    /// Any 60 seconds.
    case rolling
    /// From one full minute of the wall clock to the next.
    case minute
    /// No quota.
    case off
}
