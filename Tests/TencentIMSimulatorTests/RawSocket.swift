import Glibc

/// A blocking client socket on loopback: it sees a reset as a reset, which HTTP clients hide.
final class RawSocket {
    private let descriptor: Int32
    /// The head of the last answer.
    private(set) var head = ""

    /// What was read until the answer was whole or the connection ended.
    enum Received: Equatable {
        case text(String)
        case closed
        case reset
        /// Nothing came for the time one waits.
        case nothing
    }

    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var wait = timeval(tv_sec: 0, tv_usec: 300_000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(status == 0, "can't connect to port \(port)")
    }

    deinit { close(descriptor) }

    /// Sends a request and waits for what comes.
    func exchange(_ method: String, _ path: String, _ body: String = "") -> Received {
        let head = "\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)"
        let bytes = Array((head + "\r\n\r\n" + body).utf8)
        let sent = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        precondition(sent == bytes.count)
        return receive()
    }

    private func receive() -> Received {
        var all: [UInt8] = []
        while true {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { return .closed }
            if count < 0 { return errno == ECONNRESET ? .reset : .nothing }
            all += chunk[..<count]
            guard let text = Self.whole(all) else { continue }
            let answer = String(decoding: all, as: UTF8.self)
            head = answer.firstRange(of: "\r\n\r\n").map { String(answer[..<$0.lowerBound]) } ?? ""
            return .text(text)
        }
    }

    /// The status and the body, once all of it has come.
    private static func whole(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n"),
            let length = text.firstMatch(of: /(?i)content-length: (\d+)/).flatMap({ Int($0.1) })
        else { return nil }
        let body = text[end.upperBound...]
        guard body.utf8.count >= length else { return nil }
        return text.dropFirst("HTTP/1.1 ".count).prefix(3) + " " + body
    }
}
