import Platform

/// What became of a doctor's message: with the daemon, with the provider, and in the history.
package enum DeliverySighting: Sendable, Hashable {
    /// No daemon answers, so nothing was sent.
    case noDaemon(String)
    /// The daemon took no campaign, or told nothing of it any more.
    case refused(String)
    /// It had no final status in time, and was canceled.
    case pending(status: String)
    /// Its final status is another than `sent`.
    case unsent(status: String, info: String)
    /// The provider took it; the key is the call's.
    case sent(messageKey: String, History)

    /// What the recipient's history showed of it.
    package enum History: Sendable, Hashable {
        /// It shows the message, with this key.
        case shown(after: Duration, messageKey: String?)
        /// It didn't show it so long.
        case absent(after: Duration)
        /// It couldn't be asked for, since the key doesn't name the call's numbers.
        case numbersUnknown
        /// It couldn't be read, with the reason.
        case unreadable(String)
    }
}
