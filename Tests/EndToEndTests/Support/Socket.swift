import Glibc

/// A blocking socket on loopback or in a folder, closed with its last owner.
///
/// Each read and each write has a deadline, so that a test fails where it would hang.
final class Socket: Sendable {
    let descriptor: CInt

    /// Longer than anything here takes, on a busy machine too.
    private static let deadline = timeval(tv_sec: 60, tv_usec: 0)

    init(descriptor: CInt, hasDeadline: Bool = true) {
        self.descriptor = descriptor
        guard hasDeadline else { return }
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            var time = Self.deadline
            let size = socklen_t(MemoryLayout<timeval>.size)
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, size)
        }
    }

    deinit {
        close(descriptor)
    }

    // MARK: TCP

    /// Connects to a port of this machine.
    static func connect(port: Int) throws -> Socket {
        let socket = try make(AF_INET, SOCK_STREAM)
        let result = unsafe withAddress(port: port) { address, size in
            unsafe Glibc.connect(socket.descriptor, address, size)
        }
        guard result == 0 else { throw Failure("connecting to port \(port): \(lastError)") }
        return socket
    }

    /// Takes connections on a port of this machine.
    static func listen(port: Int) throws -> Socket {
        let socket = try make(AF_INET, SOCK_STREAM, hasDeadline: false)
        var one: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        unsafe setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
        let result = unsafe withAddress(port: port) { address, size in
            unsafe bind(socket.descriptor, address, size)
        }
        guard result == 0, Glibc.listen(socket.descriptor, 64) == 0 else {
            throw Failure("listening on port \(port): \(lastError)")
        }
        return socket
    }

    /// The next connection; nil once the socket is shut down.
    func accept() -> Socket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        return accepted < 0 ? nil : Socket(descriptor: accepted)
    }

    /// A port that nothing listens on, below those that the kernel gives to clients.
    ///
    /// From that range a client that connects to a port without a listener can meet itself.
    static func freePort() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 20_000..<32_000)
            do {
                _ = try listen(port: port)
                return port
            } catch {
                continue
            }
        }
        throw Failure("no free port found")
    }

    // MARK: Datagrams

    /// Takes datagrams at a path, as a service manager does.
    static func receiver(path: String) throws -> Socket {
        let socket = try make(AF_UNIX, SOCK_DGRAM, hasDeadline: false)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { throw Failure("\(path) is too long for a socket") }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure("binding \(path): \(lastError)") }
        return socket
    }

    // MARK: Bytes

    /// Writes all of it.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return unsafe Glibc.send(
                    descriptor,
                    rest.baseAddress,
                    rest.count,
                    CInt(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { throw Failure("sending: \(Self.lastError)") }
            sent += count
        }
    }

    /// Reads what is there, waiting for the first byte; empty at the end.
    func receive() throws -> [UInt8] {
        let room = 65_536
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
            count = unsafe recv(descriptor, buffer.baseAddress, room, 0)
            initialized = max(0, count)
        }
        guard count >= 0 else { throw Failure("receiving: \(Self.lastError)") }
        return bytes
    }

    /// Makes the end a reset, at the last owner's release.
    func resetAtEnd() {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    }

    /// Lets this process open as many files as the kernel lets it.
    static func raiseOpenFiles() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(resource, &limit)
    }

    /// Ends both directions; a thread that waits on it goes on.
    func shutDown() {
        shutdown(descriptor, CInt(SHUT_RDWR))
    }

    private static func make(
        _ domain: CInt,
        _ type: __socket_type,
        hasDeadline: Bool = true
    ) throws -> Socket {
        let flags = CInt(type.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(domain, flags, 0)
        guard descriptor >= 0 else { throw Failure("making a socket: \(lastError)") }
        return Socket(descriptor: descriptor, hasDeadline: hasDeadline)
    }

    private static func withAddress(
        port: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static var lastError: String {
        unsafe String(cString: strerror(errno))
    }
}
