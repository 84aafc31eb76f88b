import Client
import Glibc
import NIOCore
import NIOPosix

/// Looks a host's addresses up, by the system's own resolver as calls do.
enum HostLookup {
    /// The addresses in the order to try; none is a fault.
    static func run(_ host: String, _ port: Int) async throws -> [SocketAddress] {
        // The resolver blocks its thread.
        try await NIOThreadPool.singleton.runIfActive { try addresses(host, port) }
    }

    private static func addresses(_ host: String, _ port: Int) throws -> [SocketAddress] {
        var wanted = unsafe addrinfo()
        unsafe wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &wanted, &found)
        guard code == 0 else { throw fault(code) }
        defer { unsafe freeaddrinfo(found) }
        var addresses: [SocketAddress] = []
        var next = unsafe found
        while let entry = unsafe next?.pointee {
            if let address = unsafe address(entry, host) { addresses.append(address) }
            unsafe next = entry.ai_next
        }
        guard !addresses.isEmpty else { throw TransportFault.unknownHost }
        return addresses
    }

    private static func address(_ entry: addrinfo, _ host: String) -> SocketAddress? {
        guard let bytes = unsafe UnsafeRawPointer(entry.ai_addr) else { return nil }
        return switch unsafe entry.ai_family {
        case AF_INET:
            unsafe SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self), host: host)
        case AF_INET6:
            unsafe SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self), host: host)
        default: nil
        }
    }

    private static func fault(_ code: Int32) -> TransportFault {
        switch code {
        case EAI_NONAME: .unknownHost
        case EAI_AGAIN: .other("the name server doesn't answer")
        default: .other(unsafe String(cString: gai_strerror(code)))
        }
    }
}
