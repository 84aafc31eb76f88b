/// Why an exchange ended without an answer, where no library says it.
///
/// What the network, TLS and the parser report comes as their own errors: `IOError`,
/// `NIOConnectionError`, `NIOSSLError`, `HTTPParserError` and their like.
package enum HTTPFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The task that wanted the answer was canceled.
    case interrupted
    case deadlineExceeded
    /// The connection was there in time, its TLS handshake wasn't done.
    case handshakeTimeout
    /// The server closed the connection before its answer was whole.
    case closed
    /// The body of an answer is larger than it may be.
    case answerTooLarge
    /// The pool's connections were ended.
    case shutDown

    package var description: String {
        switch self {
        case .interrupted: "interrupted"
        case .deadlineExceeded: "no answer in time"
        case .handshakeTimeout: "no TLS handshake in time"
        case .closed: "the connection was closed"
        case .answerTooLarge: "the answer is too large"
        case .shutDown: "shutting down"
        }
    }
}
