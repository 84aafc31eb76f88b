/// How a question which accounts exist ended; it addresses nobody and spends no quota.
package enum CheckOutcome: Sendable, Hashable {
    /// The service answered: these of the accounts aren't imported; of `unclear` it couldn't tell.
    case answered(missing: [Account], unclear: [Account])
    /// The whole question was refused (throttled, credentials, …).
    case refused(Outcome.Refusal, code: Int, text: String)
    /// The question certainly never went out.
    case notSent(String)
    /// No answer that can be read came; asking again is harmless.
    case unknown(Outcome.Doubt)
}
