import DeliveryCore
import HTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sorts what the connections report, which comes as unrelated types.
///
/// Whether a request went out is not decided here: the pool of connections knows.
enum CallError {
    /// Why the outcome is unknown of a call whose request began to go out.
    static func unknownCause(of error: any Error) -> Outcome.UnknownCause {
        switch error {
        case is HTTPParserError, HTTPFault.answerTooLarge: .unreadable
        case HTTPFault.deadlineExceeded: .timeout
        case HTTPFault.interrupted: .interrupted
        default: .connectionLost
        }
    }

    /// Why a request that had its connection never went out.
    static let heldBack =
        "held back: the last commit is too long ago to be sure that no other node leads"

    /// Why a request never went out.
    ///
    /// Only errors whose text can't hold the request's URL, and with it the signature, speak for
    /// themselves.
    static func words(for error: any Error) -> String {
        switch error {
        case HTTPFault.interrupted, HTTPFault.deadlineExceeded, ChannelError.connectTimeout:
            "no connection within the timeout"
        case let error as HTTPFault: "no connection: \(error)"
        case let error as IOError: "no connection: \(error.description)"
        case let error as NIOConnectionError:
            "no connection to \(error.host):\(error.port): \(reason(error))"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            "TLS handshake failed: \(error)"
        default: "no connection: \(type(of: error))"
        }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first { return "\(failure.error)" }
        return error.dnsAError == nil && error.dnsAAAAError == nil ? "refused" : "unknown host"
    }
}
