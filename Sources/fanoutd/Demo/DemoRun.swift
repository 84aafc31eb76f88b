import Client
import DeliveryCore
import Foundation
import Logging
import Platform
import ServiceLifecycle
import SystemPackage
import TencentIMSimulator

/// The composition of a demo: simulator, daemon and a temporary store, in one process.
struct DemoRun: Sendable {
    let recipients: Int
    let keeps: Bool

    /// The configuration of the demo's daemon, against a simulator on a port of this machine.
    static func configuration(folder: String, simulatorPort: Int) -> Configuration {
        var configuration = Configuration()
        configuration.http.listen = .tcp(host: "127.0.0.1", port: 0)
        configuration.store.path = folder + "/fanoutd.sqlite"
        // A demo must not fail because the file system of temporary files is small.
        configuration.store.minFreeBytes = 0
        configuration.provider.sdkAppId = SimulatorConfiguration().sdkAppID
        configuration.provider.secretKey = Secret(bytes: SimulatorConfiguration.demoSecretKey)
        configuration.provider.endpoint = WebAddress(
            isSecure: false,
            host: "127.0.0.1",
            port: simulatorPort
        )
        // Retries must happen within a demo's half minute.
        configuration.retry.baseSeconds = 1
        // Whom a lost answer leaves in doubt is looked up as soon and as fast as may be set.
        configuration.jobs.verifySettleSeconds = 5
        configuration.jobs.verifyCallsPerSecond = 200
        configuration.log.level = .warning
        return configuration
    }

    func run() async throws {
        let folder = try Self.makeFolder(in: FileManager.default.temporaryDirectory.path)
        defer { Self.remove(folder) }
        try await play(in: folder)
    }

    /// Makes the demo's own folder among the temporary ones.
    static func makeFolder(in parent: String) throws(CommandFailure) -> String {
        let folder = parent + "/fanoutd-demo-" + RandomText.hexadecimal(bits: 64)
        do {
            try FilePath(folder).makePrivateFolder()
        } catch {
            throw CommandFailure(
                .usage,
                "the demo can't make its folder in \(parent): \(error); name a folder with TMPDIR in "
                    + "which you can write"
            )
        }
        return folder
    }

    private static func remove(_ folder: String) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            StandardError.writeLine("fanoutd: the demo's folder \(folder) can't be removed")
        }
    }

    /// Runs simulator and daemon until the visit ends, or with `--keep` until a signal.
    private func play(in folder: String) async throws {
        let (ports, portFound) = AsyncStream<Int>.makeStream()
        let simulator = SimulatorServer(
            SimulatorConfiguration(),
            onRunning: { portFound.yield($0) }
        )
        var faults = Faults()
        faults.lostAnswers = DemoReport.lostAnswers
        simulator.replace(faults)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await simulator.run() }
            for await port in ports {
                try await daemon(in: folder, simulator: simulator, port: port)
                break
            }
            group.cancelAll()
        }
    }

    private func daemon(
        in folder: String,
        simulator: SimulatorServer,
        port: Int
    ) async throws {
        let configuration = Self.configuration(folder: folder, simulatorPort: port)
        let clock = SystemClock()
        let log = StandardErrorLog(format: .text, level: configuration.log.level) {
            clock.now().timestamp
        }
        defer { log.flush() }
        let (doors, doorOpened) = AsyncStream<DemoVisit.Door>.makeStream()
        var daemon = Daemon(configuration: configuration, log: log, environment: [:])
        daemon.onRunning = { port, token in
            // A daemon whose store is a file has a token.
            if let token { doorOpened.yield(.init(port: port ?? 0, token: token)) }
        }
        daemon.guest = DemoVisit(
            doors: doors,
            recipients: recipients,
            keeps: keeps,
            folder: folder,
            simulator: simulator
        )
        try await daemon.run { configuration }
    }
}

/// The demo's client as a service; its end ends the demo.
private struct DemoVisit: Service {
    let doors: AsyncStream<Door>
    let recipients: Int
    let keeps: Bool
    let folder: String
    let simulator: SimulatorServer

    /// The endpoint's address and token.
    struct Door: Sendable {
        let port: Int
        let token: Secret
    }

    func run() async throws {
        for await door in doors.cancelOnGracefulShutdown() {
            try await visit(door)
            break
        }
    }

    private func visit(_ door: Door) async throws {
        let endpoint = WebAddress(isSecure: false, host: "127.0.0.1", port: door.port)
        let session = DemoSession(
            client: DaemonClient(address: .web(endpoint), token: door.token),
            audience: DemoAudience(count: recipients),
            folder: folder,
            simulator: simulator
        )
        do {
            try await cancelWhenGracefulShutdown { try await session.play() }
        } catch  where Task.isShuttingDownGracefully {
            throw CommandFailure(.incomplete, "the demo was broken off")
        }
        guard keeps else { return }
        // The token is valid for this demo alone, whose messages reach a simulator.
        try StandardOutput.writeLine("the daemon stays at \(endpoint) until Ctrl-C")
        try StandardOutput.writeLine("its token: \(door.token.text)")
        // Behind the `#`, which no browser sends anywhere.
        try StandardOutput.writeLine(
            "its page: http://localhost:\(door.port)/#token=\(door.token.text)"
        )
        try await gracefulShutdown()
    }
}
