import DeliveryCore
import DeliveryEngine
import Foundation
import Glibc
import HTTPAPI
import Logging
import NIOCore
import Platform
import QueueTables
import SQLiteQueue
import ServiceLifecycle
import TimeZoneData
import Webhooks

/// The composition root: builds the daemon's parts from a configuration and runs them.
struct Daemon: Sendable {
    let configuration: Configuration
    let log: StandardErrorLog
    let environment: [String: String]
    /// Is told the port, or nil for a Unix socket, and the token once requests are taken.
    var onRunning: @Sendable (Int?, Secret?) -> Void = { _, _ in }
    /// Runs beside the daemon's own services and ends the daemon when it is done.
    var guest: (any Service)?

    /// Runs until a signal ends it; `reload` reads the configuration again.
    ///
    /// The store is opened first: its lock keeps a second daemon from the first one's token file
    /// and socket.
    func run(
        reload: @escaping @Sendable () throws -> Configuration
    ) async throws {
        Allocator.mapLargeBlocks()
        let clock = SystemClock()
        // The store has accounts and messages, which no other user may read.
        umask(0o077)
        try configuration.http.listen.checkName()
        let store = try Self.openStore(configuration)
        try await ending({ try store.close() }, after: { try await work(on: store, clock, reload) })
    }

    private func work(
        on store: any QueueBackend,
        _ clock: SystemClock,
        _ reload: @escaping @Sendable () throws -> Configuration
    ) async throws {
        let token = try openToken(configuration)
        var random = SystemRandomNumberGenerator()
        let provider = try ProviderModule.installed.open(
            ProviderModule.Opening(
                configuration: configuration,
                log: QuietLog(log.logger("provider"), time: clock),
                seed: random.next(),
                clock: clock
            )
        )
        let run = DaemonRun(configuration: configuration, log: log, environment: environment)
        let startup = StartupLatch(waitingFor: 2, whenComplete: run.announceReady)
        let metrics = DeliveryMetrics()
        let poster = HTTPHookPoster()
        let hooks = WebhookSender(
            configuration.webhooks.map(\.webhook),
            outbox: store,
            poster: poster,
            time: clock,
            seed: random.next(),
            logger: log.logger("webhooks")
        )
        let deliveries = DeliveryService(
            queue: store,
            provider: provider.provider,
            settings: DeliveryService.Settings(
                limits: configuration.dispatchLimits,
                fingerprint: configuration.provider.fingerprint(salt: store.salt),
                zones: ZoneFolder.system,
                seed: random.next()
            ),
            time: clock,
            observer: metrics,
            logger: log.logger("delivery"),
            onRestored: { startup.arrived() }
        )
        try await ending(
            {
                try await ending(poster.shutdown, after: provider.shutdown)
            },
            after: {
                try await serve(
                    store,
                    deliveries,
                    hooks,
                    metrics,
                    provider,
                    token,
                    run,
                    startup,
                    reload: reload
                )
            }
        )
    }

    /// Reads the daemon's own token, or creates it; nil where there is no place for one.
    private func openToken(_ configuration: Configuration) throws(CommandFailure) -> Secret? {
        guard let path = configuration.tokenFile else { return nil }
        let opened = try TokenFile.open(path, isShared: configuration.isShared)
        if opened.isNew {
            log.logger("fanoutd").notice("Token made", metadata: ["file": "\(path)"])
        }
        return opened.token
    }

    /// Reads the configuration again, with the token file that will be in force.
    private func readAgain(
        _ reload: @Sendable () throws -> Configuration
    ) throws -> Configuration {
        // The machine's time zone data may have been brought up to date.
        ZoneFolder.system.forget()
        var new = try reload()
        // A reload doesn't move the store, nor a token file beside it.
        var inForce = new
        inForce.store = configuration.store
        new.http.token = try openToken(inForce)
        return new
    }

    /// Does some work and then the cleanup, in any case; the first error is thrown.
    private func ending(
        _ end: () async throws -> Void,
        after work: () async throws -> Void
    ) async throws {
        do {
            try await work()
        } catch {
            do {
                try await end()
            } catch let second {
                let failure = DaemonEnd.failure(second, configuration)
                log.logger("fanoutd").error(
                    "The end failed too",
                    metadata: ["error": "\(failure.message)"]
                )
            }
            throw error
        }
        try await end()
    }

    private func serve(
        _ store: any QueueBackend,
        _ deliveries: DeliveryService,
        _ hooks: WebhookSender,
        _ metrics: DeliveryMetrics,
        _ provider: OpenProvider,
        _ token: Secret?,
        _ run: DaemonRun,
        _ startup: StartupLatch,
        reload load: @escaping @Sendable () throws -> Configuration
    ) async throws {
        let (sendingEnded, sendingEnd) = AsyncStream.makeStream(of: Never.self)
        let stopping = Stopping(sendingEnded: sendingEnded) { deliveries.drain() }
        let clock = SystemClock()
        var first = configuration
        first.http.token = token
        let present = PresentConfiguration(first)
        let reload = ConfigurationReload(
            load: { try readAgain(load) },
            present: present,
            logger: log.logger("configuration"),
            effects: ConfigurationReload.Effects(
                take: { configuration in
                    log.setLevel(configuration.log.level)
                    // The provider first: sending that the dispatcher resumes must use the new key.
                    provider.update(configuration)
                    store.send(as: configuration.provider.sender)
                    hooks.update(configuration.webhooks.map(\.webhook))
                    await deliveries.reconfigure(
                        configuration.dispatchLimits,
                        fingerprint: configuration.provider.fingerprint(salt: store.salt)
                    )
                },
                refuse: { deliveries.refuseConfiguration($0) },
                tell: { if startup.isComplete { run.tell($0) } }
            )
        )
        let endpoint = HTTPAPI.Endpoint(
            configuration: configuration.endpointConfiguration(present),
            campaigns: store,
            suppressions: store,
            deliveries: deliveries,
            rules: ProviderModule.installed.rules,
            gateway: provider.gateway,
            hooks: hooks,
            metrics: DaemonMetrics(
                delivery: metrics,
                hooks: hooks,
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
            startup.arrived()
            onRunning(address?.port, token)
        }
        // Services shut down from the end: first no new calls are made, and once those in flight
        // are recorded the endpoint stops, which may still be reading a stream; hooks may hear of
        // what happened until then.
        let sending = PatientService(deliveries, onEnd: { sendingEnd.finish() })
        let parts = DaemonRun.Parts(
            services: [hooks, sending, service, stopping],
            status: { await Self.status(deliveries.quota(), store) },
            isAlive: {
                // Either may hang, and then the watchdog isn't fed; an error is an answer.
                await deliveries.proveTurning()
                await store.proveWriting(now: clock.now())
                return true
            },
            reload: { await reload.run(monotonicMicroseconds: clock.monotonicMicroseconds()) },
            guest: guest
        )
        try await run.run(parts)
    }

    private static func openStore(_ configuration: Configuration) throws -> any QueueBackend {
        var random = SystemRandomNumberGenerator()
        let bootID: String
        do {
            bootID = try SystemClock.bootID()
        } catch {
            throw CommandFailure(
                .configuration,
                "\(error); the daemon tells boots apart by it: mount /proc, and leave ProcSubset="
                    + " of the unit at all"
            )
        }
        return try Store.open(
            at: configuration.store.path,
            options: Store.Options(
                bootID: bootID,
                seed: random.next(),
                accounts: ProviderModule.installed.rules.accounts,
                sender: configuration.provider.sender,
                render: { $0.document(ProviderModule.installed.rules) }
            ),
            file: FileOptions(minFreeBytes: configuration.store.minFreeBytes)
        )
    }

    /// A line for `systemctl status`.
    private static func status(_ quota: QuotaStatus, _ queue: any QueueFigures) async -> String {
        var parts = ["\(quota.windowUsed) of \(quota.messagesPerMinute) messages a minute"]
        do throws(QueueError) {
            parts.append("\(try await queue.standing().recipients) recipients queued")
        } catch {
            // The state shows that the store fails, and the log says why.
        }
        parts.append("\(quota.inFlight) calls in flight")
        return "\(quota.state.rawValue): " + parts.joined(separator: ", ")
    }
}
