import Glibc
import HTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
package import Platform
import SystemPackage

/// Why a request to a daemon failed below HTTP, in a user's words.
package enum TransportFault: Error, Sendable, Hashable {
    /// No process listens at the address.
    case refused
    /// The socket doesn't exist.
    case noSocket
    /// The socket is another user's.
    case forbidden
    case unknownHost
    case timedOut
    /// No connection was made in time.
    case unconnected
    /// No way leads to the machine, or it is off.
    case unroutable
    /// A connection was established and broke: a process listens there.
    case broken
    /// The server doesn't speak HTTP.
    case noHTTP
    /// The server doesn't speak TLS.
    case noTLS
    case untrusted
    /// The system's text for another fault; nil if it would mean nothing to a user.
    case other(String?)

    package init(_ error: any Error) {
        let connection = error as? NIOConnectionError
        let cause = connection?.connectionErrors.first?.error ?? error
        switch cause {
        case let cause as IOError: self = Self.of(errno: cause.errnoCode)
        case let cause as HTTPFault: self = Self.of(cause)
        case is HTTPParserError: self = .noHTTP
        case ChannelError.connectTimeout: self = .unconnected
        case is ChannelError: self = .broken
        case is NIOConnectionError: self = .unknownHost
        default: self = Self.of(unknown: cause)
        }
    }

    private static func of(errno code: Int32) -> TransportFault {
        switch code {
        case ECONNREFUSED: .refused
        case ENOENT, ENOTDIR: .noSocket
        case EACCES, EPERM: .forbidden
        case ECONNRESET, EPIPE: .broken
        case ETIMEDOUT: .timedOut
        case EHOSTUNREACH, EHOSTDOWN, ENETUNREACH, ENETDOWN: .unroutable
        default: .other(Errno(rawValue: code).description)
        }
    }

    private static func of(_ fault: HTTPFault) -> TransportFault {
        switch fault {
        case .closed: .broken
        case .deadlineExceeded: .timedOut
        case .handshakeTimeout: .noTLS
        case .interrupted, .answerTooLarge, .shutDown: .other(nil)
        }
    }

    /// BoringSSL's errors are told apart by their text alone, which is for its developers.
    private static func of(unknown error: any Error) -> TransportFault {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("failedToValidateHostname") {
            return .untrusted
        }
        return text.contains("SSL") || text.contains("handshake") ? .noTLS : .other(nil)
    }

    /// A short reason for parentheses.
    package var reason: String {
        switch self {
        case .refused: "connection refused"
        case .noSocket: "there is no such socket"
        case .forbidden: "permission denied"
        case .unknownHost: "the host's name isn't known"
        case .timedOut: "no answer in time"
        case .unconnected: "no connection in time"
        case .unroutable: "there is no way to that machine"
        case .broken: "the connection was closed"
        case .noHTTP: "what answers there is not HTTP"
        case .noTLS: "what answers there is not TLS"
        case .untrusted: "its certificate isn't trusted"
        case .other(let text): text ?? "the connection failed"
        }
    }

    private var remedy: String {
        switch self {
        case .refused, .timedOut, .noSocket, .unconnected, .unroutable, .other:
            "is the daemon running there? Name it with --url or FANOUTD_URL"
        case .broken: "the daemon may have been stopped; its log tells"
        case .forbidden: "you need to be of the socket's group, see http.socketGroup"
        case .unknownHost: "look at the name in --url or FANOUTD_URL"
        case .noHTTP: "if it is a server with TLS, name it with https:// in --url or FANOUTD_URL"
        case .noTLS: "name it with http:// in --url or FANOUTD_URL if it is a daemon without TLS"
        case .untrusted:
            "this machine has to trust the authority that signed it, for that very name"
        }
    }

    /// Whether the request may have reached a daemon; nil where the fault must be seen to.
    private var mayBeTaken: Bool? {
        switch self {
        case .refused, .noSocket, .unknownHost, .unconnected, .unroutable: false
        case .broken, .timedOut: true
        case .forbidden, .noHTTP, .noTLS, .untrusted, .other: nil
        }
    }

    /// The fault of one of several nodes.
    func nodeFailure(at address: DaemonAddress) -> NodeFailure {
        let kind: NodeFailure.Kind =
            switch mayBeTaken {
            case false?: .unreached
            case true?: .lost
            case nil: .answered
            }
        let finding = "\(address) doesn't answer (\(reason))"
        return NodeFailure(kind, finding: finding, failure(at: address))
    }

    /// The command's failure; only after a broken connection may an immediate retry succeed.
    package func failure(at address: DaemonAddress) -> CommandFailure {
        CommandFailure(
            self == .forbidden ? .refused : .unreachable,
            "\(address) doesn't answer (\(reason)); \(remedy)",
            retry: self == .broken ? .soon : nil
        )
    }
}
