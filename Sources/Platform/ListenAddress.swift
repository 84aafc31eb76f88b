import Codecs

/// Where the daemon takes requests: `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Port 0 takes any free one.
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// The longest path of a Unix socket: `sun_path` has 108 bytes, the last of them is zero.
    package static let pathLimit = 107

    /// Reads the form above; nil if the text isn't of it.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard !path.isEmpty, path.utf8.count <= Self.pathLimit, !path.contains("\0") else {
                return nil
            }
            self = .unix(path: path)
        } else if let address = HostAndPort(text) {
            self = .tcp(host: address.host, port: address.port)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .tcp(let host, let port): HostAndPort(host: host, port: port).description
        case .unix(let path): "unix:\(path)"
        }
    }

    package var isUnix: Bool {
        if case .unix = self { true } else { false }
    }

    /// Whether only this machine can connect.
    package var isLocal: Bool {
        switch self {
        case .tcp(let host, _): Loopback.contains(host)
        case .unix: true
        }
    }
}
