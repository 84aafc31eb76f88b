import DeliveryCore
import DeliveryEngine
import HTTPAPI
import Logging
import NIOPosix
import Platform
import PostgresQueue
import SQLiteQueue
import SystemPackage
import Webhooks

/// Looks for what could stop an instance, in the order in which it would.
///
/// It changes nothing, but for a message that it is asked to send, and may run beside the daemon. What it sees it leaves to the tables in
/// `Diagnosis`, which say what it means. A check that another one's fault makes impossible is left
/// out.
struct Doctor {
    let file: String
    let environment: [String: String]
    /// Whom to send a message; nil to send none.
    let recipient: Account?
    /// Is told of each finding at once: some take seconds.
    let tell: (Diagnosis) throws -> Void

    private let clock = SystemClock()
    private(set) var report = DoctorReport()

    init(
        file: String,
        environment: [String: String],
        recipient: Account?,
        tell: @escaping (Diagnosis) throws -> Void
    ) {
        self.file = file
        self.environment = environment
        self.recipient = recipient
        self.tell = tell
    }

    mutating func run() async throws {
        guard let configuration = try examineConfiguration() else { return }
        let holder: Int?
        if let options = configuration.postgresOptions {
            try await examineDatabase(options)
            holder = nil
        } else {
            holder = try examineStore(configuration)
        }
        try examineUnit(configuration, daemon: holder)
        if try await examineNetwork(configuration), !report.hasFault(in: .secretKey) {
            try await examineCredentials(configuration)
            if let recipient, !report.hasFault(in: .credentials) {
                try await examineDelivery(configuration, to: recipient)
            }
        }
        try await examineHooks(configuration)
    }

    // MARK: The webhooks

    /// Connects to each webhook's server, and sends nothing.
    private mutating func examineHooks(_ configuration: Configuration) async throws {
        let clock = clock
        for (index, setting) in configuration.webhooks.enumerated() {
            let server = setting.webhook.address.server
            let probe = EndpointProbe(
                address: server,
                trust: server.isSecure ? try .system() : nil,
                timeout: WebhookSender.timeout,
                now: { clock.now().timestamp },
                asks: false
            )
            try note([Diagnosis.hook(index, await probe.run())])
        }
    }

    private mutating func note(_ findings: [Diagnosis]) throws {
        for finding in findings {
            report.add(finding)
            try tell(finding)
        }
    }

    // MARK: This machine

    /// The configuration, if the checks behind it can go by what it says.
    private mutating func examineConfiguration() throws -> Configuration? {
        do throws(CommandFailure) {
            try FileName.check(file, of: "--config")
        } catch {
            try note([Diagnosis(.configuration, .fault(.configuration), error.message)])
            return nil
        }
        let (loaded, faults) = ConfigurationLoader.examine(file, environment: environment)
        let configuration = loaded.configuration
        try note(
            Diagnosis.configuration(
                file,
                faults: faults,
                warnings: configuration.warnings(stopTimeout: Configuration.unitStopTimeout)
            )
        )
        let isSound = !report.hasFault(in: .configuration)
        let keyFaults = Diagnosis.lines(.secretKey, faults)
        try note(keyFaults.isEmpty && isSound ? secretKey(configuration) : keyFaults)
        try note(Diagnosis.lines(.tokens, faults))
        guard isSound else { return nil }
        try examineListening(configuration)
        try examineToken(configuration)
        return configuration
    }

    private mutating func examineListening(_ configuration: Configuration) throws {
        do throws(CommandFailure) {
            try configuration.http.listen.checkName()
        } catch {
            let finding = Finding(splitting: error.message, at: "; ")
            try note([Diagnosis(.configuration, .fault(.configuration), finding)])
        }
    }

    private func secretKey(_ configuration: Configuration) -> [Diagnosis] {
        let provider = configuration.provider
        let mode = FilePath(provider.secretKeyFile).status?.permissions.rawValue ?? 0
        return Diagnosis.secretKey(
            provider.secretKeyFile,
            byteCount: provider.secretKey.bytes.count,
            mode: String(mode, radix: 8),
            exposures: provider.exposures
        )
    }

    private mutating func examineToken(_ configuration: Configuration) throws {
        guard let path = configuration.tokenFile else {
            return try note([Diagnosis.furtherTokens(configuration.http.tokens.count)])
        }
        let found: Result<TokenFile.Presence, CommandFailure>
        do throws(CommandFailure) {
            try TokenFile.check(configuration)
            found = .success(try TokenFile.check(path))
        } catch {
            found = .failure(error)
        }
        let finding = Diagnosis.tokens(
            path,
            found,
            hasFolder: FilePath(Path.folder(of: path)).status != nil,
            furtherCount: configuration.http.tokens.count
        )
        try note([finding])
    }

    /// Answers the daemon that runs on the store; nil if none does.
    private mutating func examineStore(_ configuration: Configuration) throws -> Int? {
        let path = configuration.store.path
        let seen: Result<StoreInspection, StoreError>
        do throws(StoreError) {
            seen = .success(try StoreInspection(at: path))
        } catch {
            seen = .failure(error)
        }
        let write: Result<Duration, SmallFile.Fault>
        do throws(SmallFile.Fault) {
            write = .success(try DurableWrite.measure(in: Path.folder(of: path)))
        } catch {
            write = .failure(error)
        }
        let minFreeBytes = configuration.store.minFreeBytes
        try note(Diagnosis.store(path, seen, write: write, minFreeBytes: minFreeBytes))
        guard case .success(let inspection) = seen else { return nil }
        return inspection.holder
    }

    /// The database that the nodes share, and this node's own folder.
    private mutating func examineDatabase(_ options: PostgresOptions) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        // It blocks its thread.
        let seen = try await NIOThreadPool.singleton.runIfActive {
            Result { () throws(PostgresError) in try PostgresInspection(options) }
        }
        let time = start.duration(to: clock.now)
        try note([Diagnosis.database(options.schema, seen, options.synchronous, time: time)])
        let folder = options.stateDirectory
        do throws(SmallFile.Fault) {
            _ = try DurableWrite.measure(in: folder)
        } catch {
            try note([Diagnosis.stateDirectory(folder, error)])
        }
    }

    private mutating func examineUnit(_ configuration: Configuration, daemon: Int?) throws {
        let findings = Diagnosis.unit(
            UnitSighting.find(daemon: daemon, environment: environment),
            connections: EndpointConfiguration(listen: configuration.http.listen).connectionLimit,
            inFlight: configuration.limits.maxInFlight,
            stopNeeded: configuration.provider.callTimeout + Configuration.stopMargin
        )
        try note(findings)
    }

    // MARK: The provider

    /// True if a call can go out, to the first endpoint or to the backup.
    private mutating func examineNetwork(_ configuration: Configuration) async throws -> Bool {
        let provider = configuration.provider
        let first = try await sight(provider.endpoint, configuration)
        var backup: EndpointSighting?
        if let address = provider.backupEndpoint, address != provider.endpoint {
            backup = try await sight(address, configuration)
        }
        let reached = [first, backup].compactMap { $0 }.first(where: \.isReached)
        if let reached { try note([Diagnosis.clock(reached)]) }
        try note([Diagnosis.endpoint(.network, first, key: type(of: provider).endpointName)])
        if let backup {
            let key = type(of: provider).backupEndpointName
            try note([Diagnosis.endpoint(.backupEndpoint, backup, key: key)])
        }
        return reached != nil
    }

    private func sight(
        _ address: WebAddress,
        _ configuration: Configuration
    ) async throws -> EndpointSighting {
        let clock = clock
        let probe = EndpointProbe(
            address: address,
            // Made before the clock runs: it reads all of the system's roots.
            trust: address.isSecure
                ? try ProviderModule.installed.examination.trust(configuration) : nil,
            timeout: configuration.provider.callTimeout,
            now: { clock.now().timestamp }
        )
        return await probe.run()
    }

    private mutating func examineCredentials(_ configuration: Configuration) async throws {
        let examination = ProviderModule.installed.examination
        let caller = examination.caller(configuration)
        let outcome = try await withProvider(configuration) { await $0.check([caller]) }
        try note([Diagnosis.credentials(caller, outcome, remedy: examination.remedy)])
    }

    private mutating func examineDelivery(
        _ configuration: Configuration,
        to recipient: Account
    ) async throws {
        let sighting = try await withProvider(configuration) { provider in
            await TestDelivery(
                configuration: configuration,
                recipient: recipient,
                provider: provider
            ).run()
        }
        try note([Diagnosis.delivery(recipient.text, sighting)])
    }

    private func withProvider<Answer>(
        _ configuration: Configuration,
        _ ask: (any Provider) async throws -> Answer
    ) async throws -> Answer {
        var random = SystemRandomNumberGenerator()
        let log = StandardErrorLog(format: .text, level: .critical) { [clock] in
            clock.now().timestamp
        }
        let opening = ProviderModule.Opening(
            configuration: configuration,
            log: QuietLog(log.logger("provider"), time: clock),
            seed: random.next(),
            clock: clock
        )
        let open = try ProviderModule.installed.open(opening)
        do {
            let answer = try await ask(open.provider)
            try await open.shutdown()
            return answer
        } catch {
            try await open.shutdown()
            throw error
        }
    }
}
