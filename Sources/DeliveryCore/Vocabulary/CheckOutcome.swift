/// How a look-up of accounts ended; a look-up addresses no recipient and uses no quota.
package enum CheckOutcome: Sendable, Hashable {
    /// The provider answered: accounts in `missing` aren't imported; it couldn't tell for those in
    /// `unclear`.
    case answered(missing: [Account], unclear: [Account])
    /// The whole look-up was refused (throttled, credentials, …).
    case refused(Outcome.Refusal, code: Int, text: String)
    /// The look-up certainly never went out.
    case notSent(String)
    /// No readable answer came; repeating a look-up is harmless.
    case unknown(Outcome.UnknownCause)
}
