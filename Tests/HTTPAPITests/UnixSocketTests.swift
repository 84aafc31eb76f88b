import Foundation
import Glibc
import HTTPAPI
import NIOCore
import Platform
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct `A Unix socket's path` {
    private let path = "/tmp/fanoutd-\(UInt64.random(in: 0...UInt64.max)).sock"

    private func endpoint(group: String? = nil) -> Endpoint {
        makeEndpoint(
            FakeService(),
            configuration: makeConfiguration(listen: .unix(path: path), group: group)
        )
    }

    private func makeAddress() -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            unsafe bytes.copyBytes(from: path.utf8)
        }
        return address
    }

    private typealias Call = (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32

    /// Calls `bind` or `connect` with the path.
    private func succeeds(_ descriptor: Int32, _ call: Call) -> Bool {
        let address = makeAddress()
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let size = socklen_t(MemoryLayout<sockaddr_un>.size)
                return unsafe call(descriptor, address, size) == 0
            }
        }
    }

    /// A socket of this kind at the path.
    private func open(_ kind: __socket_type) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(kind.rawValue), 0)
        try #require(descriptor >= 0)
        let isBound = unsafe succeeds(descriptor) { unsafe bind($0, $1, $2) }
        try #require(isBound)
        return descriptor
    }

    private func fault() async throws -> ListenFault {
        let endpoint = endpoint()
        return try await #require(throws: ListenFault.self) {
            try await endpoint.service { _ in Issue.record("it listens") }.run()
        }
    }

    @Test func `is left to a process whose queue is full`() async throws {
        let descriptor = try open(SOCK_STREAM)
        defer { unsafe unlink(path) }
        defer { close(descriptor) }
        try #require(listen(descriptor, 0) == 0)
        // One that waits fills it.
        let waiting = socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
            0
        )
        defer { close(waiting) }
        let isConnected = unsafe succeeds(waiting) { unsafe connect($0, $1, $2) }
        try #require(isConnected)
        let fault = try await fault()
        #expect(fault.isTaken)
        #expect(fault.description.contains("another process listens on \(path)"))
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func `is left to a socket of another kind`() async throws {
        let descriptor = try open(SOCK_DGRAM)
        defer { unsafe unlink(path) }
        defer { close(descriptor) }
        let fault = try await fault()
        #expect(!fault.isTaken)
        #expect(fault.description.contains("another program's socket"))
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func `is taken over where nobody listens any more`() async throws {
        close(try open(SOCK_STREAM))
        let text = try await withServer(endpoint()) { address in
            try await talk(
                to: address,
                [("", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")]
            )
        }
        #expect(text.hasPrefix("HTTP/1.1 200"))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `keeps what somebody else put there meanwhile`() async throws {
        let path = path
        try await withServer(endpoint()) { _ in
            try FileManager.default.removeItem(atPath: path)
            try Data("mine".utf8).write(to: URL(filePath: path))
        }
        defer { unsafe unlink(path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("mine".utf8))
    }

    @Test func `that lies below a file is refused in words`() async throws {
        let endpoint = makeEndpoint(
            FakeService(),
            configuration: makeConfiguration(listen: .unix(path: "/etc/passwd/x"))
        )
        let fault = try await #require(throws: ListenFault.self) {
            try await endpoint.service { _ in Issue.record("it listens") }.run()
        }
        #expect(fault.description.contains("/etc/passwd/x can't be reached"))
    }

    @Test func `that can't be given its group is refused, with the unit's line`() async {
        // A process of its own, since the superuser may give it to any.
        await #expect(processExitsWith: .success) {
            try #require(becomeNobody())
            let path = "/tmp/fanoutd-\(UInt64.random(in: 0...UInt64.max)).sock"
            let endpoint = makeEndpoint(
                FakeService(),
                configuration: makeConfiguration(listen: .unix(path: path), group: "root")
            )
            let fault = try await #require(throws: ListenFault.self) {
                try await endpoint.service { _ in Issue.record("it counts as running") }.run()
            }
            #expect(!fault.isTaken)
            #expect(fault.description.contains("this user isn't in that group"))
            #expect(fault.description.contains("Group=root under [Service]"))
        }
    }
}

/// Gives up the superuser's rights and groups, in a process that has no other use for them.
private func becomeNobody() -> Bool {
    guard geteuid() == 0 else { return true }
    guard setgroups(0, nil) == 0 else { return false }
    return setgid(65_534) == 0 && setuid(65_534) == 0
}
