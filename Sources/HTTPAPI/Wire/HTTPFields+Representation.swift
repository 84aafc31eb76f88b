import HTTPTypes

// In which form a client wants what it asks for, and whether it has it already.
extension HTTPFields {
    /// Whether gzip is welcome, and the plain form not more so (RFC 9110, section 12.5.3).
    var prefersGzip: Bool {
        var qualities: [String: Double] = [:]
        for member in (self[.acceptEncoding] ?? "").split(separator: ",") {
            let parts = member.split(separator: ";").map(trimmed)
            guard let coding = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
            qualities[coding == "x-gzip" ? "gzip" : coding] =
                weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
        }
        guard let gzip = qualities["gzip"] ?? qualities["*"], gzip > 0 else { return false }
        return gzip >= qualities["identity"] ?? 0
    }

    /// Whether the client has this state already, by `If-None-Match`.
    ///
    /// The comparison is the weak one: a proxy that compresses makes a weak tag of ours.
    func hasCurrent(_ tag: String) -> Bool {
        (self[.ifNoneMatch] ?? "").split(separator: ",").map(trimmed).contains { member in
            member == "*" || (member.hasPrefix("w/") ? String(member.dropFirst(2)) : member) == tag
        }
    }
}
