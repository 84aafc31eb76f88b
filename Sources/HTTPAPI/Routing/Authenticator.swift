import Glibc
import HTTPTypes
import HummingbirdCore
import NIOCore
import Platform

/// Who a request comes from, as the audit log names it.
package struct Principal: Sendable, Hashable {
    package let name: String
    package let canWrite: Bool

    /// Over TCP, at a route that wants no token.
    static let anyone = Principal(name: "anyone", canWrite: true)
}

/// What `SO_PEERCRED` answers, `struct ucred` in C, which the C library shows only to GNU sources.
private struct PeerCredentials: Sendable {
    let process: pid_t
    let user: uid_t
    let group: gid_t
}

/// Decides who may come in, before anything of the body is read.
struct Authenticator: Sendable {
    let listen: ListenAddress
    let tokens: @Sendable () -> [AccessToken]

    /// Refuses names under which a browser could be lured here (DNS rebinding).
    func checkHost(_ request: Request) throws(Problem) {
        guard case .tcp(let host, _) = listen else { return try checkSocketHost(request) }
        guard let authority = request.head.authority, !authority.isEmpty else {
            throw Problem(.badRequest, "the Host header is missing")
        }
        let moreHosts = HTTPField.Name("Host").map { request.headers[values: $0] } ?? []
        guard moreHosts.isEmpty else {
            throw Problem(.badRequest, "there is more than one Host header")
        }
        guard let name = HostName(authority: authority),
            name.isLoopback || name.isOwn(of: HostName(host))
        else {
            throw Problem(
                .forbiddenHost,
                "the Host \(quoted(authority)) is neither a loopback name nor http.listen's own"
            )
        }
    }

    /// Refuses names of the Internet on a Unix socket, which may be forwarded to a port.
    ///
    /// A local process that can open the socket needs no name: programs send `localhost`, a word of
    /// their own or nothing. But a page whose name was pointed here reads what it likes, and its
    /// browser says nothing of where it comes from (it does so under loopback names and TLS alone).
    /// Such a name has a dot, and no `%` as the socket's own path has where a program sends that.
    private func checkSocketHost(_ request: Request) throws(Problem) {
        guard let authority = request.head.authority, authority.contains("."),
            !authority.contains("%")
        else { return }
        guard HostName(authority: authority)?.isLoopback == true else {
            throw Problem(
                .forbiddenHost,
                "the Host \(quoted(authority)) is no loopback name; ask http://localhost"
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
        guard HostName(authority: authority)?.isLoopback == true else {
            throw Problem(
                .crossSite,
                "a browser may ask here under a loopback name only, and the Host is "
                    + "\(quoted(authority)); open http://localhost:PORT"
            )
        }
        let own = authority.lowercased()
        if let site {
            guard site == "same-origin" || site == "none" else {
                throw Problem(
                    .crossSite,
                    "the request comes from another site's page (Sec-Fetch-Site is "
                        + "\(quoted(site))); nothing was done"
                )
            }
        } else if let origin, !["http://\(own)", "https://\(own)"].contains(origin.lowercased()) {
            throw Problem(
                .crossSite,
                "the request comes from a page of \(quoted(origin)), not of \(quoted(authority)); "
                    + "nothing was done"
            )
        }
    }

    /// Whether a request says who asks by other ways than a form.
    func knowsCaller(_ request: Request) -> Bool {
        listen.isUnix || request.headers[.authorization] != nil
    }

    /// Who asks: the peer's user on a Unix socket, whose mode let it in, otherwise a token's name,
    /// or anyone where no token is wanted.
    func principal(
        of request: Request,
        on channel: any Channel,
        wantsToken: Bool
    ) async throws(Problem) -> Principal {
        guard !listen.isUnix else {
            return Principal(name: await peerName(of: channel), canWrite: true)
        }
        return wantsToken ? try holder(of: request) : .anyone
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
            // The connection is gone already, and the response won't be read.
            return "local socket"
        }
    }

    private func holder(of request: Request) throws(Problem) -> Principal {
        guard let credentials = request.headers[.authorization] else {
            throw refusal("send Authorization: Bearer TOKEN; http.tokenFile holds one", "")
        }
        let scheme = credentials.prefix { $0 != " " }
        // RFC 9110 lets more than one blank stand between the scheme and the token.
        let offered = Array(credentials[scheme.endIndex...].drop { $0 == " " }.utf8)
        let found = holder(of: offered)
        guard scheme.lowercased() == "bearer", let found else { throw unknownToken }
        return found
    }

    /// Whoever holds the token of a form, which isn't there if it is empty.
    func holder(ofFormToken offered: [UInt8]) throws(Problem) -> Principal {
        guard !offered.isEmpty else {
            throw refusal(
                "send Authorization: Bearer TOKEN, or the token in the form's \(Form.token);"
                    + " http.tokenFile holds one",
                ""
            )
        }
        guard let found = holder(of: offered) else { throw unknownToken }
        return found
    }

    private func holder(of offered: [UInt8]) -> Principal? {
        var found: AccessToken?
        // All are compared whatever was found, so the time tells nothing.
        for token in tokens() where token.matches(offered) { found = token }
        return found.map { Principal(name: $0.name, canWrite: $0.canWrite) }
    }

    private var unknownToken: Problem {
        refusal("the token isn't known here", ", error=\"invalid_token\"")
    }

    private func refusal(_ detail: String, _ parameters: String) -> Problem {
        let challenge = "Bearer realm=\"fanoutd\"\(parameters)"
        return Problem(.unauthorized, detail, headers: [.wwwAuthenticate: challenge])
    }
}
