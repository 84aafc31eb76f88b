import Glibc

/// The canonical spelling of a host, shared by listening, the check of `Host`, and the check
/// whether other machines can connect.
package enum HostName {
    /// A name in lower case, or an address as the system prints it, without brackets; nil for other
    /// text.
    ///
    /// The resolver also takes `0`, `127.1`, `0x7f.1` and `017700000001` for addresses, and `*` for
    /// none; few people expect what they mean there, so they are refused.
    package static func canonical(_ text: some StringProtocol) -> String? {
        if text.hasPrefix("[") {
            guard text.hasSuffix("]") else { return nil }
            return ipv6(text.dropFirst().dropLast())
        }
        let name = text.lowercased()
        let bare = name.hasSuffix(".") ? String(name.dropLast()) : name
        let labels = bare.split(separator: ".", omittingEmptySubsequences: false)
        guard bare.utf8.count <= 253, let last = labels.last else { return nil }
        if isNumber(last) { return address(bare, AF_INET) }
        return labels.allSatisfy(isLabel) ? bare : nil
    }

    /// An IPv6 address as the system prints it, or the IPv4 one that it stands for, which listens and
    /// is asked for as itself; nil if the text is none.
    package static func ipv6(_ text: some StringProtocol) -> String? {
        let mark = "::ffff:"
        guard let address = address(String(text), AF_INET6) else { return nil }
        let isMapped = address.hasPrefix(mark) && address.contains(".")
        return isMapped ? String(address.dropFirst(mark.count)) : address
    }

    /// The name that this machine goes by; nil if it has none.
    package static var own: String? {
        var name = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
        guard unsafe gethostname(&name, name.count - 1) == 0, name[0] != 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func isNumber(_ label: Substring) -> Bool {
        let digits = label.hasPrefix("0x") ? label.dropFirst(2) : label
        let isHexadecimal = digits.count < label.count
        return label.utf8.allSatisfy { (0x30...0x39).contains($0) }
            || isHexadecimal && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// An underscore isn't allowed in host names, but containers' names have it.
    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                }
            }
    }

    /// An address as the system prints it; nil if the text isn't a whole address.
    private static func address(_ text: String, _ family: CInt) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(family, text, &bytes) == 1 else { return nil }
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(family, bytes, &name, socklen_t(name.count)) != nil else {
            return nil
        }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A host and a port, as in `HOST:PORT` and `[IPV6]:PORT`.
package struct HostAndPort: Sendable, Hashable, CustomStringConvertible {
    /// As `HostName` spells it, without brackets.
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Parses that form; nil if the text has another.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Self.port(text[text.index(after: colon)...]),
            let host = HostName.canonical(text[..<colon])
        else { return nil }
        self.init(host: host, port: port)
    }

    /// Digits alone; `UInt16` also takes a sign.
    private static func port(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt16(text).map(Int.init)
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
