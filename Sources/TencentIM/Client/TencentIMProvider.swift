import AsyncHTTPClient
import Codecs
package import DeliveryCore
package import DeliveryEngine
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Makes the calls to Tencent IM over pooled connections.
package final class TencentIMProvider: Provider {
    private let client: HTTPClient
    private let registry: CallRegistry
    private let log: QuietLog?
    private let now: @Sendable () -> Timestamp
    private let allowsCall: @Sendable () -> Bool
    private let state: Mutex<State>

    private struct State: Sendable {
        var settings: ProviderSettings
        var signatures: SignatureSource
        var endpoints = EndpointMemory()
        var random: any RandomNumberGenerator & Sendable

        mutating func signature(of credentials: AppCredentials, at time: Timestamp) -> String {
            guard credentials == signatures.credentials else {
                var old = SignatureSource(credentials)
                return old.signature(at: time)
            }
            return signatures.signature(at: time)
        }
    }

    /// The largest answer that is read: 500 listed accounts take some 40 KB.
    private static let answerLimit = 1 << 20

    /// How long an unused connection is kept: shorter than servers and what lies before them do,
    /// since a call on a connection that the peer has silently given up has an unknown outcome.
    package static let idleLimit: Duration = .seconds(5)

    /// Makes a client with its own connections.
    ///
    /// `connectionLimit` is at least the calls in flight at most. `log` is told of answers that are
    /// odd and can be read all the same. `caFile` is a PEM file of trust roots
    /// beside the system's. A file that can't be read as such throws. `allowsCall` is asked before the
    /// first byte of each call that changes something, when its connection stands.
    package init(
        settings: ProviderSettings,
        caFile: String? = nil,
        connectionLimit: Int = 256,
        idleLimit: Duration = TencentIMProvider.idleLimit,
        log: QuietLog? = nil,
        random: any RandomNumberGenerator & Sendable,
        now: @escaping @Sendable () -> Timestamp,
        allowsCall: @escaping @Sendable () -> Bool = { true }
    ) throws {
        let registry = CallRegistry()
        let timeout = settings.timeout
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try TrustRoots.settings(caFile: caFile),
            redirectConfiguration: .disallow,
            // A third leaves time for the backup endpoint and for Tencent's own 3 s.
            timeout: .init(connect: .nanoseconds((timeout / 3).nanoseconds), read: nil),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionLimit
        configuration.connectionPool.idleTimeout = .nanoseconds(idleLimit.nanoseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { channel in
            CallGate.install(on: channel, registry: registry, timeout: timeout)
        }
        client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: configuration
        )
        self.registry = registry
        self.log = log
        self.now = now
        self.allowsCall = allowsCall
        state = Mutex(
            State(
                settings: settings,
                signatures: SignatureSource(settings.credentials),
                random: random
            )
        )
    }

    package var settings: ProviderSettings { state.withLock { $0.settings } }

    /// Replaces endpoint, credentials and timeout for the calls that come.
    ///
    /// A call that is out goes on with what it began with: the old endpoint never sees a signature
    /// of the new key.
    package func update(_ settings: ProviderSettings) {
        state.withLock { state in
            if settings.credentials != state.settings.credentials {
                state.signatures = SignatureSource(settings.credentials)
            }
            if settings.endpoint != state.settings.endpoint { state.endpoints = EndpointMemory() }
            state.settings = settings
        }
    }

    package func renewCredentials() async {
        state.withLock { $0.signatures.renew() }
    }

    /// Ends the connections; calls still in flight end as unknown.
    package func shutdown() async throws {
        log?.flush()
        try await client.shutdown()
    }

    package func send(_ batch: Batch) async -> Outcome {
        let settings = settings
        if let sender = batch.sender, sender != Array(settings.credentials.administrator.utf8) {
            // Nobody could look it up, or take it back, by a name that it didn't go out in.
            return .notSent("the administrator was changed while the call was being claimed")
        }
        switch await call(.batchSend, body: RequestBody.encode(batch), settings: settings) {
        case .answered(let body, _):
            guard let answer = Answer(body) else { return .unknown(.unreadable) }
            if let oddity = answer.oddity(to: batch.accounts) {
                let metadata: Logger.Metadata = [
                    "campaign": "\(batch.campaign)", "reason": "\(oddity)",
                ]
                log?.log(LogLine(.warning, "Odd answer", metadata, kind: ""))
            }
            return answer.outcome(to: batch.accounts)
        case .notSent(let text): return .notSent(text)
        case .unknown(let cause): return .unknown(cause)
        }
    }

    /// A probe asks about the app's own administrator.
    package func check(_ accounts: [Account]) async -> CheckOutcome {
        let settings = settings
        guard !accounts.isEmpty else {
            let administrator = Array(settings.credentials.administrator.utf8)
            let check = AccountCheck(identifiers: [administrator])
            let outcome = await ask(check, settings: settings)
            // That it answers is all that was asked.
            guard case .answered = outcome else { return outcome }
            return .answered(missing: [], unclear: [])
        }
        var missing: [Account] = []
        var unclear: [Account] = []
        for check in AccountCheck.all(of: accounts) {
            let outcome = await ask(check, settings: settings)
            guard case .answered(let gone, let open) = outcome else { return outcome }
            missing += gone
            unclear += open
        }
        return .answered(missing: missing, unclear: unclear)
    }

    private func ask(_ check: AccountCheck, settings: ProviderSettings) async -> CheckOutcome {
        switch await call(.accountCheck, body: check.body, settings: settings) {
        case .answered(let answer, _): check.outcome(of: answer)
        case .notSent(let text): .notSent(text)
        case .unknown(let cause): .unknown(cause)
        }
    }

    /// Makes a call of any command, within the timeout.
    func call(
        _ command: ServiceCommand,
        body: [UInt8],
        settings: ProviderSettings
    ) async -> CallEnd {
        let end = await withTaskGroup(of: CallEnd?.self) { group in
            group.addTask { await self.attempt(command, body: body, settings: settings) }
            group.addTask {
                do { try await ContinuousClock().sleep(for: settings.timeout) } catch {
                    // The call was answered, or the whole call was canceled.
                }
                return nil
            }
            var end: CallEnd?
            // When the deadline comes first, the canceled call still says how it ended.
            while let ended = await group.next() {
                group.cancelAll()
                end = ended ?? end
            }
            return end ?? .unknown(.interrupted)
        }
        return end == .unknown(.timeout) && Task.isCancelled ? .unknown(.interrupted) : end
    }

    private func attempt(
        _ command: ServiceCommand,
        body: [UInt8],
        settings: ProviderSettings
    ) async -> CallEnd {
        let endpoints = state.withLock { state in
            state.endpoints.order(settings.endpoint, settings.backupEndpoint, now: .now)
        }
        var end = CallEnd.unknown(.interrupted)
        for endpoint in endpoints {
            let posted = await post(command, body: body, at: endpoint, as: settings.credentials)
            // Another endpoint would change nothing.
            guard let posted else { return .notSent(CallError.heldBack) }
            end = posted
            let isNotSent = if case .notSent = end { true } else { false }
            if endpoint == settings.endpoint { remember(endpoint, isReached: !isNotSent) }
            // Only what certainly wasn't sent may go to another endpoint.
            guard isNotSent, !Task.isCancelled else { break }
        }
        return end
    }

    private func remember(_ endpoint: String, isReached: Bool) {
        state.withLock { state in
            // Another one may have taken its place meanwhile.
            guard state.settings.endpoint == endpoint else { return }
            if isReached { state.endpoints.reached() } else { state.endpoints.missed(now: .now) }
        }
    }

    /// Posts a request to an endpoint; nil if it had its connection and wasn't allowed to begin.
    private func post(
        _ command: ServiceCommand,
        body: [UInt8],
        at endpoint: String,
        as credentials: AppCredentials
    ) async -> CallEnd? {
        let id = registry.open(behind: command.changesSomething ? allowsCall : nil)
        do {
            let response = try await client.execute(
                request(command, body: body, at: endpoint, as: credentials, id: id),
                // A backstop; the timeout of `call` comes first.
                deadline: .now() + .minutes(5)
            )
            guard response.status == .ok else {
                _ = await registry.abort(id)
                return .unknown(.http(status: Int(response.status.code)))
            }
            // Now: the rest of the answer may be slow.
            let clockLead = clockLead(over: response.headers.first(name: "Date"))
            let answer = try await response.body.collect(upTo: Self.answerLimit)
            registry.close(id)
            return .answered(Array(answer.readableBytesView), clockLead: clockLead)
        } catch {
            return switch await registry.abort(id) {
            case .waiting: .notSent(CallError.words(for: error))
            case .heldBack: nil
            case .begun: .unknown(Task.isCancelled ? .timeout : CallError.unknownCause(of: error))
            }
        }
    }

    private func clockLead(over date: String?) -> Int? {
        let seconds = date.flatMap(HTTPDate.seconds)
        return seconds.map { Int(now().milliseconds / 1_000 - $0) }
    }

    private func request(
        _ command: ServiceCommand,
        body: [UInt8],
        at endpoint: String,
        as credentials: AppCredentials,
        id: CallRegistry.CallID
    ) -> HTTPClientRequest {
        let time = now()
        let query = state.withLock { state in
            CallQuery(
                command: command,
                credentials: credentials,
                signature: state.signature(of: credentials, at: time),
                random: UInt32(truncatingIfNeeded: state.random.next())
            )
        }
        var request = HTTPClientRequest(url: endpoint + query.path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "fanoutd")
        request.headers.add(name: CallGate.header, value: String(id))
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }
}
