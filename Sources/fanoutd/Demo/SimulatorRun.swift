import Client
import DeliveryCore
import Glibc
import Logging
import NIOCore
import Platform
import ServiceLifecycle
import TencentIMSimulator
import UnixSignals

/// The composition of `fanoutd simulator`.
enum SimulatorRun {
    static func run(_ options: SimulatorCommand) async throws {
        let configuration = try configuration(options)
        let server = SimulatorServer(
            configuration,
            onRunning: { port in
                let address = ListenAddress.tcp(host: configuration.host, port: port)
                do throws(CommandFailure) {
                    try StandardOutput.writeLine("listening on \(address)")
                } catch {
                    // The simulator still runs for a client that was given the port.
                    StandardError.writeLine("fanoutd: \(error.message)")
                }
            }
        )
        let log = StandardErrorLog(format: .text, level: .warning) {
            SystemClock().now().timestamp
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [server],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: log.logger("lifecycle")
            )
        )
        do {
            try await group.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw CommandFailure(
                .tryAgain,
                "--listen: another program listens at \(options.listen); stop it, or give another port"
            )
        } catch {
            throw CommandFailure(
                .usage,
                "--listen: \(options.listen) can't be opened (\(TransportFault(error).reason))"
            )
        }
    }

    private static func configuration(
        _ options: SimulatorCommand
    ) throws -> SimulatorConfiguration {
        guard case .tcp(let host, let port)? = ListenAddress(options.listen),
            let window = QuotaWindow(rawValue: options.window)
        else {
            throw CommandFailure(.usage, "--listen or --window: see fanoutd simulator --help")
        }
        var configuration = SimulatorConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.sdkAppID = options.sdkAppId
        configuration.administrator = options.administrator
        configuration.rules.quota = options.quota
        configuration.rules.window = window
        configuration.rules.listsFailures = options.failList
        configuration.rules.limitsCalls = options.callRates
        configuration.packetLimit = options.packetBytes
        if let path = options.secretKeyFile {
            try FileName.check(path, of: "--secret-key-file")
            do throws(SmallFile.Fault) {
                let bytes = try SmallFile.read(path, limit: 4_096)
                configuration.secretKey = bytes.last == 0x0A ? Array(bytes.dropLast()) : bytes
            } catch {
                throw CommandFailure(.badData, "--secret-key-file: \(error)")
            }
        }
        return configuration
    }
}
