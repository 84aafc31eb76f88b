/// The names and addresses by which a machine speaks to itself.
package enum Loopback {
    /// Whether a host, in lower case and without brackets, is loopback.
    package static func contains(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || isIPv4(host) && host.hasPrefix("127.")
    }

    /// Whether a text is an IPv4 address of four decimal numbers.
    package static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                UInt8(part) != nil && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
    }
}
