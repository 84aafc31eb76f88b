/// How a call ended, in the core's terms.
///
/// The provider's codes are sorted into these classes by its adapter; nothing in the core looks at
/// a code to decide.
package enum Outcome: Sendable, Hashable {
    /// An answer for each account: those not listed were accepted.
    case answered(messageKey: String?, refused: [RefusedAccount])
    /// The whole call was refused: no account was accepted.
    case refused(Refusal, code: Int, text: String)
    /// The request certainly never went out: refused connection, DNS, TLS handshake.
    case notSent(String)
    /// It may have been accepted: a timeout, a broken connection, an unreadable answer.
    case unknown(UnknownCause)

    /// An account with the code that the answer gives it, its own or the whole call's.
    package struct RefusedAccount: Sendable, Hashable {
        package let account: Account
        package let code: Int
        package let kind: Kind
        /// Whether the answer's list names the account with this code; otherwise the code is the
        /// envelope's, which says less about one account.
        package let isNamed: Bool

        /// What a code means for the account that got it.
        package enum Kind: Sendable, Hashable {
            /// Another attempt may succeed.
            case retryable
            case final
            /// The code blames the call's recipients as a whole, which may not apply to this one.
            case unconfirmed
        }

        /// Whether the code says that another attempt may succeed.
        package var isRetryable: Bool { kind == .retryable }

        package init(account: Account, code: Int, kind: Kind, isNamed: Bool = true) {
            self.account = account
            self.code = code
            self.kind = kind
            self.isNamed = isNamed
        }
    }

    /// Why a whole call was refused, by what must be done about it.
    package enum Refusal: Sendable, Hashable {
        /// As if each account were listed with this code, which is retryable.
        case retryable
        /// As if each account were listed with this code, which is final.
        case recipients
        /// The code blames the recipients as a whole, maybe for a few of them: halve once, then
        /// believe it.
        case recipientsUnconfirmed
        /// The whole app must slow down, for at least so long.
        case throttled(atLeast: Duration)
        /// The signature is too old: a new one may do.
        case credentialsExpired
        /// The credentials or the app are refused: halt all sending.
        case credentials
        /// This message can't be sent: halt the campaign.
        case campaign
        /// The packet or the list is too large: halve.
        case tooLarge
    }

    /// Why a call's outcome is unknown.
    package enum UnknownCause: Sendable, Hashable {
        case timeout
        /// The connection broke after the request began to go out.
        case connectionLost
        /// The process ended, or the task was canceled, while the call was in flight.
        case interrupted
        case http(status: Int)
        case unreadable
        /// A code that reports a fault of the provider's own service.
        case service(code: Int)
        /// A code that the adapter's table doesn't list.
        case unlisted(code: Int)
        /// This machine's clock is so far ahead of the provider's, or behind it if negative, that
        /// what was looked up by time can't be trusted.
        case clockOff(seconds: Int)
    }
}

extension Outcome.UnknownCause {
    /// The cause in words, as a recipient's `info` shows it.
    package var text: String {
        switch self {
        case .timeout: "timeout"
        case .connectionLost: "connection lost"
        case .interrupted: "interrupted by a restart"
        case .http(let status): "HTTP \(status)"
        case .unreadable: "unreadable answer"
        case .service(let code), .unlisted(let code): "code \(code)"
        case .clockOff(let seconds):
            "this machine's clock is \(seconds.magnitude) s"
                + " \(seconds < 0 ? "behind" : "ahead of") the provider's: set it"
        }
    }

    /// The provider's code, nil if there was none.
    package var code: Int? {
        switch self {
        case .service(let code), .unlisted(let code): code
        case .timeout, .connectionLost, .interrupted, .http, .unreadable, .clockOff: nil
        }
    }
}
