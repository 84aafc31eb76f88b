import Codecs

/// Where the daemon takes requests: `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
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
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = Self.port(text[text.index(after: colon)...]),
            let host = HostName.canonical(text[..<colon])
        else { return nil }
        self = .tcp(host: host, port: port)
    }

    /// Digits alone; `UInt16` takes a sign too.
    private static func port(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt16(text).map(Int.init)
    }

    package var description: String {
        switch self {
        case .tcp(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether only this machine can connect.
    package var isLocal: Bool {
        switch self {
        case .tcp(let host, _): Loopback.contains(host)
        case .unix: true
        }
    }
}
