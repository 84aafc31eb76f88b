import Codecs

/// The address of a web server: scheme, host and port, without a path.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    package let isSecure: Bool
    /// Without the brackets of an IPv6 address.
    package let host: String
    /// Nil for the scheme's default.
    package let port: Int?

    package init(isSecure: Bool, host: String, port: Int?) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// Parses `https://HOST` or `http://HOST`, optionally with `:PORT`; nil for other text.
    package init?(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("https://") {
            isSecure = true
        } else if rest.hasPrefix("http://") {
            isSecure = false
        } else {
            return nil
        }
        rest = rest.dropFirst(isSecure ? "https://".count : "http://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        // The parser needs a port; give it one if none is written.
        let hasPort = rest.hasPrefix("[") ? !rest.hasSuffix("]") : rest.contains(":")
        guard let address = HostAndPort(hasPort ? String(rest) : "\(rest):0"),
            !hasPort || address.port > 0, address.host.utf8.allSatisfy(Self.isHostByte)
        else { return nil }
        host = address.host
        port = hasPort ? address.port : nil
    }

    package var description: String { (isSecure ? "https://" : "http://") + authority }

    /// As a request's `Host` names it.
    package var authority: String {
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return bracketed + (port.map { ":\($0)" } ?? "")
    }

    /// The port, or the scheme's default.
    package var effectivePort: Int { port ?? (isSecure ? 443 : 80) }

    /// Whether no other party can read what is sent there.
    package var isPrivate: Bool { isSecure || Loopback.contains(host) }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":")].contains(byte)
        }
    }
}
