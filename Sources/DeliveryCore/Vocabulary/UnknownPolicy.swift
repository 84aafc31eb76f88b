/// What to do when a call's outcome can't be known.
package enum UnknownPolicy: String, Sendable, Hashable, CaseIterable {
    /// Send the very same call again: at least once.
    case resend
    /// Leave its accounts `unknown`: at most once.
    case leave
}
