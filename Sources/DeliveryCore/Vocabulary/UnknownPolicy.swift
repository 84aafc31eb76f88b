/// What becomes of a call whose outcome stays unknown.
package enum UnknownPolicy: String, Sendable, Hashable, CaseIterable {
    /// Send the very same call again: at least once.
    case resend
    /// Leave its accounts `unknown`: at most once.
    case leave
}
