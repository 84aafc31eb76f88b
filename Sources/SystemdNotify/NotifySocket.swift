import Platform

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
        let limit = UnixDatagram.addressLimit
        guard address.utf8.count < limit, address.hasPrefix("/") || address.hasPrefix("@") else {
            throw SendError(
                address: address,
                reason: "neither a path nor an abstract name of under \(limit) bytes"
            )
        }
        let text = notifications.map(\.text).joined(separator: "\n")
        do {
            try UnixDatagram.send(Array(text.utf8), to: address)
        } catch {
            throw SendError(address: address, reason: "\(error)")
        }
    }
}
