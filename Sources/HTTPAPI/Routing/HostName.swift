import Codecs
import Platform

/// The name of a host in the one spelling by which two are compared: in lower case, without
/// brackets or a last dot; an IPv6 address as the system prints it, or the IPv4 one it stands for.
struct HostName: Hashable {
    private let text: String

    init(_ host: some StringProtocol) {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let name = (isBracketed ? host.dropFirst().dropLast() : host[...]).lowercased()
        text =
            Platform.HostName.ipv6(name) ?? (name.hasSuffix(".") ? String(name.dropLast()) : name)
    }

    /// The name in an authority, without its port; nil if what stands behind the name is no port.
    init?(authority: String) {
        let isBracketed = authority.hasPrefix("[")
        let colons = authority.utf8.count { $0 == UInt8(ascii: ":") }
        // An address with more colons and no brackets has no port.
        let portMark: Character? = isBracketed ? "]" : colons == 1 ? ":" : nil
        guard let end = portMark.map({ authority.firstIndex(of: $0) }) ?? authority.endIndex else {
            return nil
        }
        let port = authority[end...].utf8.dropFirst(isBracketed ? 1 : 0)
        guard
            port.isEmpty
                || port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(Self.isDigit)
        else { return nil }
        self.init(authority[..<end].dropFirst(isBracketed ? 1 : 0))
    }

    /// Whether the name always means this machine: `localhost`, 127.0.0.0/8 or `::1`.
    var isLoopback: Bool { Loopback.contains(text) }

    /// Whether the name is that of the host that is listened on, or one of its addresses where it
    /// has them all.
    ///
    /// Behind an address there is no name that another party could have pointed here.
    func isOwn(of host: HostName) -> Bool {
        if self == host { return true }
        guard host.text == "0.0.0.0" || host.text == "::" else { return false }
        return Loopback.isIPv4(text) || text.contains(":") && text.utf8.allSatisfy(Self.isOfIPv6)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isOfIPv6(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte) || byte == UInt8(ascii: ":")
    }
}
