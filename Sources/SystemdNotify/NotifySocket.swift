import Glibc

/// The socket on which systemd listens for what its service tells it.
///
/// Without NOTIFY_SOCKET nobody listens, and every notification is dropped: the daemon runs the
/// same in a terminal.
package struct NotifySocket: Sendable {
    /// A file's path, or a name of the abstract namespace behind `@`; nil if nobody listens.
    package let address: String?

    package init(address: String?) {
        self.address = address
    }

    /// Takes the address from NOTIFY_SOCKET.
    package init(environment: [String: String]) {
        let address = environment["NOTIFY_SOCKET"] ?? ""
        self.init(address: address.isEmpty ? nil : address)
    }

    /// Why a notification didn't go out.
    package struct SendError: Error, Sendable, Hashable, CustomStringConvertible {
        package let address: String
        package let reason: String

        package var description: String { "NOTIFY_SOCKET \(address): \(reason)" }
    }

    /// Sends notifications together, in one datagram.
    package func send(_ notifications: ServiceNotification...) throws(SendError) {
        guard let address, !notifications.isEmpty else { return }
        let bytes = Array(notifications.map(\.text).joined(separator: "\n").utf8)
        let (name, length) = try socketName(address)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(address) }
        defer { close(descriptor) }
        let sent = unsafe withUnsafePointer(to: name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(
                    descriptor,
                    bytes,
                    bytes.count,
                    Int32(MSG_NOSIGNAL),
                    address,
                    length
                )
            }
        }
        guard sent == bytes.count else { throw failure(address) }
    }

    private func socketName(_ address: String) throws(SendError) -> (sockaddr_un, socklen_t) {
        var bytes = Array(address.utf8)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: name.sun_path)
        guard bytes.count < room, bytes.first == UInt8(ascii: "/") || bytes.first == 0x40 else {
            throw SendError(
                address: address,
                reason: "neither a path nor an abstract name of under \(room) bytes"
            )
        }
        let isAbstract = bytes[0] == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
        // An abstract name is as long as it is said to be; a path ends at its zero byte.
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        return (name, socklen_t(offset + bytes.count + (isAbstract ? 0 : 1)))
    }

    private func failure(_ address: String) -> SendError {
        SendError(address: address, reason: unsafe String(cString: strerror(errno)))
    }
}
