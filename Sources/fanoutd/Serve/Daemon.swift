import DeliveryCore
import DeliveryEngine
import Foundation
import Glibc
import HTTPAPI
import Logging
package import NIOCore
import QueueStore
package import ServiceLifecycle
import TencentIM

/// The composition root: builds the daemon's parts from a configuration and runs them.
package struct Daemon: Sendable {
    package let configuration: Configuration
    package let log: StandardErrorLog
    package let environment: [String: String]
    /// Is told the port, or nil for a Unix socket, and the token once requests are taken.
    package var onRunning: @Sendable (Int?, Secret) -> Void = { _, _ in }
    /// Runs beside the daemon's own services and ends the daemon when it is done.
    package var guest: (any Service)?

    package init(
        configuration: Configuration,
        log: StandardErrorLog,
        environment: [String: String]
    ) {
        self.configuration = configuration
        self.log = log
        self.environment = environment
    }

    /// Runs until it is told to stop; `reload` reads the configuration again.
    ///
    /// The store comes first: its lock keeps a second daemon from taking the first one's token file
    /// or socket.
    package func run(
        reload: @escaping @Sendable () throws -> Configuration
    ) async throws {
        Allocator.mapLargeBlocks()
        let clock = SystemClock()
        // The store holds accounts and messages, which concern nobody else on the machine.
        umask(0o077)
        let store = try Self.openStore(configuration, log.logger("store"))
        let token = try TokenFile.open(configuration.tokenFile)
        if token.isNew {
            log.logger("fanoutd").notice(
                "Token made",
                metadata: ["file": "\(configuration.tokenFile)"]
            )
        }
        var random = SystemRandomNumberGenerator()
        let provider = try TencentIMProvider(
            settings: configuration.providerSettings,
            caFile: configuration.tencent.caFile,
            // The dispatcher bounds the calls; a reload may raise that bound up to this one.
            connectionLimit: Configuration.Limits.inFlightRange.upperBound,
            log: QuietLog(log.logger("provider"), time: clock),
            random: SplitMix64(seed: random.next()),
            now: { clock.now().timestamp }
        )
        let run = DaemonRun(configuration: configuration, log: log, environment: environment)
        let readiness = Readiness(waitingFor: 2, whenComplete: run.announceReady)
        let metrics = DeliveryMetrics()
        let deliveries = DeliveryService(
            queue: store,
            provider: provider,
            settings: DeliveryService.Settings(
                limits: configuration.dispatchLimits,
                fingerprint: configuration.providerSettings.fingerprint(salt: store.salt),
                seed: random.next()
            ),
            time: clock,
            observer: metrics,
            logger: log.logger("delivery"),
            onRestored: { readiness.arrived() }
        )
        do {
            try await serve(
                store,
                deliveries,
                metrics,
                provider,
                token.token,
                run,
                readiness,
                reload: reload
            )
        } catch {
            try await provider.shutdown()
            throw error
        }
        try await provider.shutdown()
        try store.close()
    }

    private func serve(
        _ store: Store,
        _ deliveries: DeliveryService,
        _ metrics: DeliveryMetrics,
        _ provider: TencentIMProvider,
        _ token: Secret,
        _ run: DaemonRun,
        _ readiness: Readiness,
        reload: @escaping @Sendable () throws -> Configuration
    ) async throws {
        let (sendingEnded, sendingEnd) = AsyncStream.makeStream(of: Never.self)
        let stopping = Stopping(sendingEnded: sendingEnded) { deliveries.drain() }
        let clock = SystemClock()
        let present = PresentConfiguration(configuration)
        let reload = ConfigurationReload(
            load: reload,
            present: present,
            logger: log.logger("configuration"),
            effects: ConfigurationReload.Effects(
                take: { configuration in
                    log.setLevel(configuration.log.level)
                    // The calls first: what the dispatcher lets go must go with the new key.
                    let settings = configuration.providerSettings
                    provider.update(settings)
                    await deliveries.reconfigure(
                        configuration.dispatchLimits,
                        fingerprint: settings.fingerprint(salt: store.salt)
                    )
                },
                refuse: { deliveries.refuseConfiguration($0) },
                tell: { if readiness.isComplete { run.tell($0) } }
            )
        )
        let endpoint = HTTPAPI.Endpoint(
            configuration: configuration.endpointConfiguration(token: token, present: present),
            campaigns: store,
            deliveries: deliveries,
            rules: MessageTemplate(),
            gateway: TencentGateway(credentials: { provider.settings.credentials }),
            metrics: DaemonMetrics(
                delivery: metrics,
                quota: { deliveries.quota() },
                queue: store,
                time: clock,
                process: ProcessFigures(clock: clock)
            ),
            time: clock,
            random: {
                var random = SystemRandomNumberGenerator()
                return random.next()
            },
            isStopping: { stopping.hasBegun },
            logger: log.logger("http")
        )
        let service = endpoint.service { address in
            readiness.arrived()
            onRunning(address?.port, token)
        }
        // Shut down from the end: no new calls first, and once those in flight are recorded the
        // endpoint, which may still be reading a stream.
        let sending = PatientService(deliveries, onEnd: { sendingEnd.finish() })
        let parts = DaemonRun.Parts(
            services: [sending, service, stopping],
            status: { await Self.status(deliveries.quota(), store) },
            isAlive: {
                // Either may hang, and then the watchdog hears nothing; an error is an answer.
                await deliveries.proveTurning()
                await store.proveWriting(now: clock.now())
                return true
            },
            reload: { await reload.run(monotonicMicroseconds: clock.monotonicMicroseconds()) },
            guest: guest
        )
        do {
            try await run.run(parts)
        } catch let error as IOError {
            throw Self.listenFailure(error, configuration.http.listen)
        } catch let fault as ListenFault {
            throw CommandFailure(
                fault.isTaken ? .tryAgain : .configuration,
                "http.listen: \(fault)"
            )
        }
    }

    /// Why the endpoint can't be opened: the one socket that is bound while the services start.
    package static func listenFailure(
        _ error: IOError,
        _ listen: ListenAddress
    ) -> CommandFailure {
        let isTaken = error.errnoCode == EADDRINUSE
        let remedy =
            isTaken
            ? "stop the program that listens there, or give another address"
            : "give an address of this machine that this user may listen on"
        let reason = SmallFile.Fault(path: "", errno: error.errnoCode).reason
        return CommandFailure(
            isTaken ? .tryAgain : .configuration,
            "http.listen: '\(listen)' can't be opened (\(reason)); \(remedy)"
        )
    }

    private static func openStore(
        _ configuration: Configuration,
        _ logger: Logger
    ) throws -> Store {
        var random = SystemRandomNumberGenerator()
        do {
            return try Store.open(
                at: configuration.store.path,
                options: Store.Options(
                    bootID: try SystemClock.bootID(),
                    seed: random.next(),
                    minFreeBytes: configuration.store.minFreeBytes
                )
            )
        } catch StoreError.diskFailed(let path, let detail) {
            // It clears without a word from the operator: the service is started again until then.
            let error = StoreError.diskFailed(path: path, detail: detail)
            throw CommandFailure(.tryAgain, "store.path: \(error)")
        } catch {
            throw CommandFailure(.configuration, "store.path: \(error)")
        }
    }

    /// One line for `systemctl status`.
    private static func status(_ quota: QuotaStatus, _ queue: any QueueFigures) async -> String {
        var parts = ["\(quota.windowUsed) of \(quota.messagesPerMinute) messages a minute"]
        do throws(QueueError) {
            parts.append("\(try await queue.standing().recipients) recipients queued")
        } catch {
            // The state tells that the store fails, and the log why.
        }
        parts.append("\(quota.inFlight) calls in flight")
        return "\(quota.state.rawValue): " + parts.joined(separator: ", ")
    }
}
