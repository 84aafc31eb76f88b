package import Platform

/// A daemon's address: an `http(s)://` URL or `unix:/path`.
package enum DaemonAddress: Sendable, Hashable, CustomStringConvertible {
    case web(WebAddress)
    case unix(path: String)

    package static let standard = "http://127.0.0.1:8480"

    /// Parses several, separated by commas; nil if one of them has another form.
    package static func list(_ text: String) -> (first: DaemonAddress, others: [DaemonAddress])? {
        var addresses: [DaemonAddress] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            var bare = part.drop(while: \.isWhitespace)
            while bare.last?.isWhitespace == true { bare.removeLast() }
            guard let address = DaemonAddress(String(bare)) else { return nil }
            addresses.append(address)
        }
        return addresses.first.map { ($0, Array(addresses.dropFirst())) }
    }

    /// Parses that form; nil if the text has another.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst("unix:".count)
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: String(path))
        } else if let server = WebAddress(text) {
            self = .web(server)
        } else {
            return nil
        }
    }

    /// As a request's `Host` names it.
    package var authority: String {
        switch self {
        case .web(let server): server.authority
        case .unix: "localhost"
        }
    }

    package var description: String {
        switch self {
        case .web(let server): server.description
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether no other party could read a token on the way.
    package var isPrivate: Bool {
        switch self {
        case .web(let server): server.isPrivate
        case .unix: true
        }
    }
}
