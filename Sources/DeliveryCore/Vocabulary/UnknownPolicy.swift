/// What becomes of a call whose outcome stays unknown.
package enum UnknownPolicy: String, Sendable, Hashable, CaseIterable {
    /// Send the very same call again: at least once.
    case resend
    /// Leave its accounts `unknown`: at most once.
    case leave
    /// Look each of its accounts up in the provider's history: send again only to those whom it
    /// doesn't show.
    case verify
}
