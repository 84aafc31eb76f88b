import HummingbirdCore
import NIOCore
import Platform
import ServiceLifecycle
import Synchronization

/// Runs the endpoint until a graceful shutdown.
///
/// It fails with a `ListenFault` where a Unix socket can't have what the configuration says of it:
/// its place, its mode or its group.
package struct EndpointService: Service {
    let endpoint: Endpoint
    let onRunning: @Sendable (SocketAddress?) async -> Void

    package func run() async throws {
        guard case .unix(let path) = endpoint.configuration.listen else {
            try await endpoint.server(onRunning: onRunning).run()
            return
        }
        let socket = UnixSocket(path: path)
        let owners = try endpoint.configuration.socketGroup.map(UnixSocket.Group.init)
        try await socket.checkUnused()
        let opened = Mutex<UnixSocket.Identity?>(nil)
        defer { if let own = opened.withLock({ $0 }) { socket.remove(own) } }
        let onRunning = onRunning
        let (faults, fault) = AsyncStream.makeStream(of: ListenFault.self)
        let server = endpoint.server { address in
            do throws(ListenFault) {
                let own = try socket.open(to: owners)
                opened.withLock { $0 = own }
            } catch {
                // The server can't be told to end from here.
                fault.yield(error)
                return
            }
            await onRunning(address)
        }
        let group = ServiceGroup(services: [server], logger: server.logger)
        let first = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { fault.finish() }
                try await group.run()
            }
            var first: ListenFault?
            for await fault in faults {
                first = fault
                // Not by cancellation: a server that is cancelled logs that as an error of its own.
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
            return first
        }
        if let first { throw first }
    }
}
