import DeliveryEngine
import Glibc
import HTTPAPI
import Logging
import NIOCore
import Platform
import PostgresQueue
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
    /// A store of this daemon's own is opened first: its lock keeps a second daemon from the first
    /// one's token file and socket.
    func run(
        reload: @escaping @Sendable () throws -> Configuration
    ) async throws {
        Allocator.mapLargeBlocks()
        // The store has accounts and messages, which no other user may read.
        umask(0o077)
        try configuration.http.listen.checkName()
        if let leadership = leadership() {
            return try await work(leadership, reload) { try await $0.serve(as: leadership) }
        }
        let store = try openStore()
        try await ending(
            { try store.close() },
            after: { try await work(nil, reload) { try await $0.serve(on: store) } }
        )
    }

    /// This node's part among those that share a queue; nil with a queue of this daemon's own.
    private func leadership() -> (any Leadership)? {
        configuration.postgresOptions.map { options in
            PostgresNode(
                options,
                storeOptions: { try Self.storeOptions(sender: configuration.provider.sender) },
                logger: log.logger("cluster")
            )
        }
    }

    /// Opens what outlasts a term, and closes it after the work.
    private func work(
        _ leadership: (any Leadership)?,
        _ reload: @escaping @Sendable () throws -> Configuration,
        _ body: (Serving) async throws -> Void
    ) async throws {
        let token = try openToken(configuration)
        var first = configuration
        first.http.token = token
        let clock = SystemClock()
        var random = SystemRandomNumberGenerator()
        let provider = try ProviderModule.installed.open(
            ProviderModule.Opening(
                configuration: configuration,
                log: QuietLog(log.logger("provider"), time: clock),
                seed: random.next(),
                clock: clock,
                allowsCall: { leadership?.allowsCall() ?? true }
            )
        )
        let poster = HTTPHookPoster()
        let serving = Serving(
            parts: LastingParts(
                present: PresentConfiguration(first),
                log: log,
                provider: provider,
                poster: poster,
                leadership: leadership,
                clock: clock
            ),
            run: DaemonRun(configuration: configuration, log: log, environment: environment),
            clock: clock,
            load: { try readAgain(reload) },
            onRunning: { onRunning($0, token) },
            guest: guest
        )
        try await ending(
            {
                try await ending(poster.shutdown, after: provider.shutdown)
            },
            after: { try await body(serving) }
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

    private func openStore() throws -> any QueueBackend {
        try Store.open(
            at: configuration.store.path,
            options: Self.storeOptions(sender: configuration.provider.sender),
            file: FileOptions(minFreeBytes: configuration.store.minFreeBytes)
        )
    }

    /// A store's options in this boot, with numbers of its own to draw.
    private static func storeOptions(sender: [UInt8]?) throws(CommandFailure) -> Store.Options {
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
        return Store.Options(
            bootID: bootID,
            seed: random.next(),
            accounts: ProviderModule.installed.rules.accounts,
            sender: sender,
            render: { $0.document(ProviderModule.installed.rules) }
        )
    }
}
