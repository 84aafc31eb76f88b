package import DeliveryCore
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// A stand-in for Tencent IM on a socket, for demos, tests and the benchmark.
///
/// It is plain NIO: a call costs little more than its parsing, so that a benchmark of the daemon
/// doesn't measure the simulator.
package struct SimulatorServer: Service {
    private let configuration: SimulatorConfiguration
    private let state: SimulatorState
    private let onRunning: @Sendable (Int) -> Void

    /// `onRunning` is told the port as soon as it takes calls.
    package init(
        _ configuration: SimulatorConfiguration,
        clock: @escaping @Sendable () -> Now = SystemTime.now,
        onRunning: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.onRunning = onRunning
        state = SimulatorState(configuration, clock: clock)
    }

    /// What it has seen so far.
    package func report() -> SimulatorReport { state.report }

    /// What goes wrong from now on.
    package func replace(_ faults: Faults) { state.replace(faults) }

    package func run() async throws {
        let connections = Connections()
        let server = try await bind(connections)
        onRunning(server.localAddress?.port ?? configuration.port)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await server.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            server.close(promise: nil)
            connections.closeAll()
        }
    }

    private func bind(_ connections: Connections) async throws -> any Channel {
        let state = state
        // A little more than a packet, so that too large is seen without keeping a whole flood.
        let bodyLimit = configuration.packetLimit + 65_536
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connections.add(channel)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true)
                    try pipeline.addHandler(
                        SimulatorConnection(state: state, bodyLimit: bodyLimit)
                    )
                }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
    }
}
