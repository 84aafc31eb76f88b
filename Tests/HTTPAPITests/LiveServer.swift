import HTTPAPI
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

/// Runs an endpoint on a real socket for the length of a test.
func withServer<Value: Sendable>(
    _ endpoint: Endpoint,
    _ test: @escaping @Sendable (SocketAddress) async throws -> Value
) async throws -> Value {
    let (addresses, running) = AsyncStream.makeStream(of: SocketAddress?.self)
    let group = ServiceGroup(
        configuration: .init(
            services: [.init(service: endpoint.service { running.yield($0) })],
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    )
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { running.finish() }
            try await group.run()
        }
        for await address in addresses {
            let end: Result<Value, any Error>
            do {
                end = .success(try await test(try #require(address)))
            } catch {
                end = .failure(error)
            }
            await group.triggerGracefulShutdown()
            return try end.get()
        }
        try await tasks.waitForAll()
        throw ChannelError.alreadyClosed
    }
}

/// Sends pieces on one connection, each once what it waits for was received; answers everything
/// that came until the server closed.
func talk(
    to address: SocketAddress,
    _ pieces: [(after: String, send: String)],
    until end: String? = nil
) async throws -> String {
    try await talk(to: address, pieces.map { ($0.after, Array($0.send.utf8)) }, until: end)
}

func talk(
    to address: SocketAddress,
    _ pieces: [(after: String, send: [UInt8])],
    until end: String? = nil
) async throws -> String {
    try await withConnection(to: address) { connection in
        var rest = pieces[...]
        while true {
            while let piece = rest.first,
                piece.after.isEmpty || connection.received.contains(piece.after)
            {
                try await connection.send(piece.send)
                rest = rest.dropFirst()
            }
            if let end, connection.received.contains(end) { break }
            guard try await connection.receive() else { break }
        }
        return connection.received
    }
}

/// A client's end of a connection, for the length of a test's body.
struct Connection {
    private(set) var received = ""
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    fileprivate init(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    mutating func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends; a server that has closed since is no failure, what it said still counts.
    func send(_ bytes: [UInt8]) async throws {
        do {
            try await outbound.write(ByteBuffer(bytes: bytes))
        } catch is ChannelError {
        } catch is IOError {
        }
    }

    /// Sends; fails where the server has closed meanwhile.
    func sendAll(_ bytes: [UInt8]) async throws {
        try await outbound.write(ByteBuffer(bytes: bytes))
    }

    /// Ends the output and goes on reading.
    func finish() { outbound.finish() }

    /// Reads what is there; false at the end.
    mutating func receive() async throws -> Bool {
        guard let buffer = try await inbound.next(isolation: #isolation) else { return false }
        received += String(buffer: buffer)
        return true
    }

    /// Reads to the end, however it comes, and answers all that was received.
    mutating func receiveAll() async throws -> String {
        do {
            while try await receive() {}
        } catch is IOError {
        }
        return received
    }

    /// Reads until something was received, or until the end.
    @discardableResult
    mutating func receive(until text: String) async throws -> Bool {
        while !received.contains(text) {
            guard try await receive() else { return false }
        }
        return true
    }
}

func withConnection<Value: Sendable>(
    to address: SocketAddress,
    receiveBuffer: Int? = nil,
    _ body: @Sendable (inout Connection) async throws -> Value
) async throws -> Value {
    var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.allowRemoteHalfClosure, value: true)
    if let receiveBuffer {
        bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
    }
    let channel = try await bootstrap.connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
        }
    }
    return try await channel.executeThenClose { inbound, outbound in
        var connection = Connection(inbound, outbound)
        return try await body(&connection)
    }
}

/// An endpoint's configuration whose patience with requests is so short that no test waits for it
/// long.
func makeHastyConfiguration(
    _ change: (inout RequestLimits) -> Void = { _ in }
) -> EndpointConfiguration {
    var configuration = makeConfiguration()
    configuration.requestLimits.headTime = .seconds(1)
    configuration.requestLimits.rateWindow = .seconds(1)
    configuration.requestLimits.rateInterval = .milliseconds(100)
    change(&configuration.requestLimits)
    return configuration
}
