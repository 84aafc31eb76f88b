import Glibc
package import Platform

extension ListenAddress {
    /// Refuses a host name that doesn't resolve, before anything is opened; an address needs no
    /// look-up.
    ///
    /// The server resolves it again, and its error wouldn't tell a permanent failure from a passing
    /// one.
    package func checkName() throws(CommandFailure) {
        guard case .tcp(let host, _) = self else { return }
        var wanted = unsafe addrinfo()
        unsafe wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe wanted.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &wanted, &found)
        if let found = unsafe found { unsafe freeaddrinfo(found) }
        if let failure = lookupFailure(code) { throw failure }
    }

    /// The failure for a result of `getaddrinfo`; nil for success.
    package func lookupFailure(_ code: Int32) -> CommandFailure? {
        switch code {
        case 0: nil
        // The name server fails or can't be reached, or the machine lacks a resource.
        case EAI_AGAIN, EAI_FAIL, EAI_MEMORY, EAI_SYSTEM:
            CommandFailure(
                .tryAgain,
                "http.listen: the name in '\(self)' can't be looked up for now; see to the name"
                    + " server, or give an address in its place"
            )
        default:
            CommandFailure(
                .configuration,
                "http.listen: the name in '\(self)' has no address; give one that has, or an"
                    + " address such as 127.0.0.1"
            )
        }
    }
}
