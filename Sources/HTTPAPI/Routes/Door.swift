import Codecs
import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// Who a request comes from, as the audit log names it.
struct Caller: Sendable, Hashable {
    let name: String
    let canWrite: Bool

    /// Whoever comes over TCP to a route that wants no token.
    static let anyone = Caller(name: "anyone", canWrite: true)
}

/// What `SO_PEERCRED` answers, `struct ucred` in C, which the C library shows only to GNU sources.
private struct PeerCredentials: Sendable {
    let process: pid_t
    let user: uid_t
    let group: gid_t
}

/// Decides who may come in before anything of the body is read.
struct Door: Sendable {
    let listen: ListenAddress
    let tokens: [AccessToken]

    /// Refuses names under which a browser could be lured here (DNS rebinding).
    func checkHost(_ request: Request) throws(Problem) {
        // A local process that can open the socket needs no name; curl sends `localhost`.
        guard case .tcp(let host, _) = listen else { return }
        guard let authority = request.head.authority, !authority.isEmpty else {
            throw Problem(.badRequest, "the Host header is missing")
        }
        let moreHosts = HTTPField.Name("Host").map { request.headers[values: $0] } ?? []
        guard moreHosts.isEmpty else {
            throw Problem(.badRequest, "there is more than one Host header")
        }
        guard let name = hostName(of: authority),
            Loopback.contains(name) || isOwn(name, of: bare(host))
        else {
            throw Problem(
                .forbiddenHost,
                "the Host \(quoted(authority)) is neither a loopback name nor http.listen's own"
            )
        }
    }

    /// Refuses what a browser sends for another site's page (contract, section 15).
    ///
    /// A Unix socket asks for no token, and one that is forwarded to a port (`ssh -L`) is within
    /// reach of every page that is open on that machine. Only browsers send these two fields.
    func checkSite(_ request: Request) throws(Problem) {
        guard listen.isUnix else { return }
        let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        let origin = request.headers[.origin]
        guard site != nil || origin != nil else { return }
        let authority = request.head.authority ?? ""
        guard let name = hostName(of: authority), Loopback.contains(name) else {
            throw Problem(
                .crossSite,
                "a browser may ask here under a loopback name only, and the Host is "
                    + "\(quoted(authority)); open http://localhost:PORT"
            )
        }
        if let site {
            guard site == "same-origin" || site == "none" else {
                throw Problem(
                    .crossSite,
                    "the request comes from another site's page (Sec-Fetch-Site is "
                        + "\(quoted(site))); nothing was done"
                )
            }
        } else if let origin, !isOrigin(origin, of: authority) {
            throw Problem(
                .crossSite,
                "the request comes from a page of \(quoted(origin)), not of \(quoted(authority)); "
                    + "nothing was done"
            )
        }
    }

    /// Who asks: the peer's user on a Unix socket, whose mode let it in, otherwise a token's name.
    func caller(of request: Request, on channel: any Channel) async throws(Problem) -> Caller {
        if let peer = await peer(on: channel) { return peer }
        return try holder(of: request)
    }

    /// The user at the other end of a Unix socket; nil over TCP.
    func peer(on channel: any Channel) async -> Caller? {
        guard listen.isUnix else { return nil }
        return Caller(name: await peerName(of: channel), canWrite: true)
    }

    /// The user at the other end of a Unix socket, as the kernel knows it.
    private func peerName(of channel: any Channel) async -> String {
        guard let provider = channel as? any SocketOptionProvider else { return "local socket" }
        do {
            let peer: PeerCredentials = try await provider.unsafeGetSocketOption(
                level: SocketOptionLevel(SOL_SOCKET),
                name: SocketOptionName(SO_PEERCRED)
            ).get()
            return "uid \(peer.user)"
        } catch {
            // The connection is gone already, and nobody will read the answer.
            return "local socket"
        }
    }

    private func holder(of request: Request) throws(Problem) -> Caller {
        guard let credentials = request.headers[.authorization] else {
            throw refusal("send Authorization: Bearer TOKEN; http.tokenFile holds one", "")
        }
        let scheme = credentials.prefix { $0 != " " }
        // RFC 9110 lets more than one blank stand between the scheme and the token.
        let offered = Array(credentials[scheme.endIndex...].drop { $0 == " " }.utf8)
        var found: AccessToken?
        // All are compared whatever was found, so the time tells nothing.
        for token in tokens where token.matches(offered) { found = token }
        guard scheme.lowercased() == "bearer", let found else {
            throw refusal("the token isn't known here", ", error=\"invalid_token\"")
        }
        return Caller(name: found.name, canWrite: found.canWrite)
    }

    private func refusal(_ detail: String, _ parameters: String) -> Problem {
        var problem = Problem(.unauthorized, detail)
        problem.headers[.wwwAuthenticate] = "Bearer realm=\"fanoutd\"\(parameters)"
        return problem
    }
}

/// The name in an authority, without port, brackets or a last dot, in lower case; nil if what
/// stands behind the name is no port.
private func hostName(of authority: String) -> String? {
    let isBracketed = authority.hasPrefix("[")
    let colons = authority.utf8.count { $0 == UInt8(ascii: ":") }
    // An address with more colons and no brackets has no port.
    let portMark: Character? = isBracketed ? "]" : colons == 1 ? ":" : nil
    guard let end = portMark.map({ authority.firstIndex(of: $0) }) ?? authority.endIndex else {
        return nil
    }
    let port = authority[end...].utf8.dropFirst(isBracketed ? 1 : 0)
    guard port.isEmpty || port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(isDigit)
    else { return nil }
    return plain(authority[..<end].dropFirst(isBracketed ? 1 : 0))
}

/// Whether an origin is the one that the host and port of an authority make.
private func isOrigin(_ origin: String, of authority: String) -> Bool {
    let own = authority.lowercased()
    return ["http://", "https://"].contains { origin.lowercased() == $0 + own }
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// A name in lower case, without a last dot; an IPv6 address as the system prints it, or the IPv4
/// one that it stands for.
private func plain(_ host: some StringProtocol) -> String {
    let name = host.lowercased()
    if let address = ipv6(name) { return address }
    return name.hasSuffix(".") ? String(name.dropLast()) : name
}

/// The configured host, which may have its brackets.
private func bare(_ host: String) -> String {
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    return plain(isBracketed ? host.dropFirst().dropLast() : host[...])
}

/// Whether a name is that of the configured host, or one of its addresses where it has them all.
///
/// Behind an address there is no name that somebody else could have pointed here.
private func isOwn(_ name: String, of host: String) -> Bool {
    if name == host { return true }
    guard host == "0.0.0.0" || host == "::" else { return false }
    let isHexadecimal = { (byte: UInt8) in isDigit(byte) || (0x61...0x66).contains(byte) }
    return Loopback.isIPv4(name)
        || name.contains(":") && name.utf8.allSatisfy { isHexadecimal($0) || $0 == 0x3A }
}

/// The one spelling of an IPv6 address, which has many; nil if the text is none.
private func ipv6(_ text: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard text.contains(":"), unsafe inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
    if bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]) {
        return bytes[12...].map(String.init).joined(separator: ".")
    }
    var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard unsafe inet_ntop(AF_INET6, bytes, &name, socklen_t(name.count)) != nil else { return nil }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
