import Glibc
import SystemdNotify
import Testing

@Suite struct NotifySocketTests {
    @Test func `nobody listens without NOTIFY_SOCKET`() throws {
        for environment in [[:], ["NOTIFY_SOCKET": ""]] {
            let socket = NotifySocket(environment: environment)
            #expect(socket.address == nil)
            try socket.send(.ready)
        }
    }

    @Test func `a datagram arrives at a path`() throws {
        let path = "/tmp/fanoutd-notify-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let listener = try Listener(at: path)
        defer { unsafe unlink(path) }
        let socket = NotifySocket(environment: ["NOTIFY_SOCKET": path])
        try socket.send(.ready, .status("3 queued\nREADY=0"))
        #expect(listener.receive() == "READY=1\nSTATUS=3 queued READY=0")
        try socket.send(.reloading(monotonicMicroseconds: 42))
        #expect(listener.receive() == "RELOADING=1\nMONOTONIC_USEC=42")
        try socket.send(.watchdog)
        #expect(listener.receive() == "WATCHDOG=1")
        try socket.send(.stopping)
        #expect(listener.receive() == "STOPPING=1")
    }

    @Test func `a datagram arrives at an abstract name`() throws {
        let name = "@fanoutd-notify-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let listener = try Listener(at: name)
        try NotifySocket(address: name).send(.ready)
        #expect(listener.receive() == "READY=1")
    }

    @Test func `what can't be told is an error that names the address`() {
        for address in [
            "/nonexistent/notify", "relative", "@" + String(repeating: "x", count: 200),
        ] {
            let error = #expect(throws: NotifySocket.SendError.self) {
                try NotifySocket(address: address).send(.ready)
            }
            #expect(error?.description.hasPrefix("NOTIFY_SOCKET \(address): ") == true)
        }
    }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "30000000"], Duration.seconds(15)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], .seconds(15)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil),
            (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "x"], nil), ([:], nil),
        ] as [([String: String], Duration?)]
    )
    func `the watchdog wants half its timeout`(
        _ environment: [String: String],
        _ interval: Duration?
    ) {
        #expect(Watchdog(environment: environment, processID: 7)?.interval == interval)
    }
}

/// The manager's side of the socket.
struct Listener {
    private let descriptor: CInt

    init(at address: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        var bytes = Array(address.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count)
        let result = unsafe withUnsafePointer(to: name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, length)
            }
        }
        try #require(result == 0)
    }

    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? "nothing" : String(decoding: buffer[..<count], as: UTF8.self)
    }
}
