/// Where a client command finds the daemon: an `http(s)://` URL or `unix:/path`.
package enum DaemonAddress: Sendable, Hashable, CustomStringConvertible {
    case web(Endpoint)
    case unix(path: String)

    package static let standard = "http://127.0.0.1:8480"

    /// Reads the form above; nil if the text isn't of it.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst("unix:".count)
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: String(path))
        } else if let endpoint = Endpoint(text) {
            self = .web(endpoint)
        } else {
            return nil
        }
    }

    /// The URL of a path of the endpoint, as AsyncHTTPClient wants it.
    package func url(_ path: String) -> String {
        switch self {
        case .web(let endpoint): "\(endpoint)\(path)"
        case .unix(let socket): "http+unix://\(PercentEncoding.encode(socket))\(path)"
        }
    }

    package var description: String {
        switch self {
        case .web(let endpoint): endpoint.description
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether a token could be read on its way there.
    package var isPrivate: Bool {
        switch self {
        case .web(let endpoint): endpoint.isPrivate
        case .unix: true
        }
    }
}

/// Percent-encoding by RFC 3986 of all but unreserved characters.
package enum PercentEncoding {
    package static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 0xF)])"
            }
        }
        return encoded
    }

    /// A query of names and values, with its question mark; empty for none.
    package static func query(_ items: [(String, String)]) -> String {
        guard !items.isEmpty else { return "" }
        return "?" + items.map { "\(encode($0))=\(encode($1))" }.joined(separator: "&")
    }
}
