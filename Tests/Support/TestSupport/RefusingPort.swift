import Glibc

/// Ports of this machine on which nobody listens.
///
/// They stay bound for as long as the process lives: connections are refused, and no other test, of
/// this process or another, is given one of them.
package enum RefusingPort {
    package static let urls = (0..<2).map { _ in "http://127.0.0.1:\(bound())" }

    private static func bound() -> Int {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        precondition(isBound, "no port of this machine can be bound")
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
