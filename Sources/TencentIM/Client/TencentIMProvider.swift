import Codecs
package import DeliveryCore
package import DeliveryEngine
import HTTPClient
import Logging
import NIOCore
import NIOHTTP1
import Platform
import Synchronization

/// Makes the calls to Tencent IM over pooled connections.
package final class TencentIMProvider: Provider {
    private let connections: ConnectionPool
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

    /// How long an unused connection is kept: a call on one that the peer has silently given up has
    /// an unknown outcome.
    package static let idleLimit: Duration = .seconds(5)

    /// Makes a client with its own connections.
    ///
    /// `log` is told of answers that are odd and can be read all the same. `caFile` is a PEM file of
    /// trust roots beside the system's. A file that can't be read as such throws. `allowsCall` is
    /// asked before the first byte of each call that changes something, when its connection stands.
    package init(
        settings: ProviderSettings,
        caFile: String? = nil,
        idleLimit: Duration = TencentIMProvider.idleLimit,
        log: QuietLog? = nil,
        random: any RandomNumberGenerator & Sendable,
        now: @escaping @Sendable () -> Timestamp,
        allowsCall: @escaping @Sendable () -> Bool = { true }
    ) throws {
        connections = ConnectionPool(
            // A call that has timed out must not reach Tencent afterwards, or it would be counted in
            // a minute that has been given away.
            .init(idleLimit: idleLimit, close: .reset(retransmitting: settings.timeout)),
            tls: try TrustRoots.settings(caFile: caFile)
        )
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

    package var executor: (any TaskExecutor)? { connections.executor }

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
    package func shutdown() async {
        log?.flush()
        await connections.shutDown()
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
        let endpoints = state.withLock { state in
            state.endpoints.order(settings.endpoint, settings.backupEndpoint, now: .now)
        }
        let deadline = NIODeadline.now() + TimeAmount(settings.timeout)
        var end = CallEnd.unknown(.interrupted)
        for endpoint in endpoints {
            let ending = await connections.post(
                post(command, body: body, as: settings.credentials, until: deadline),
                to: endpoint,
                // A third leaves time for the backup endpoint and for Tencent's own 3 s.
                connectLimit: settings.timeout / 3
            )
            // Another endpoint would change nothing.
            if case .heldBack = ending { return .notSent(CallError.heldBack) }
            end = self.end(ending)
            let isNotSent = if case .notSent = end { true } else { false }
            if endpoint == settings.endpoint { remember(endpoint, isReached: !isNotSent) }
            // Only what certainly wasn't sent may go to another endpoint.
            guard isNotSent, !Task.isCancelled, NIODeadline.now() < deadline else { break }
        }
        return end
    }

    private func remember(_ endpoint: WebAddress, isReached: Bool) {
        state.withLock { state in
            // Another one may have taken its place meanwhile.
            guard state.settings.endpoint == endpoint else { return }
            if isReached { state.endpoints.reached() } else { state.endpoints.missed(now: .now) }
        }
    }

    private func post(
        _ command: ServiceCommand,
        body: [UInt8],
        as credentials: AppCredentials,
        until deadline: NIODeadline
    ) -> Post {
        let time = now()
        let query = state.withLock { state in
            CallQuery(
                command: command,
                credentials: credentials,
                signature: state.signature(of: credentials, at: time),
                random: UInt32(truncatingIfNeeded: state.random.next())
            )
        }
        return Post(
            target: query.path,
            headers: ["Content-Type": "application/json", "User-Agent": "fanoutd"],
            body: ByteBuffer(bytes: body),
            use: .body(limit: Self.answerLimit),
            deadline: deadline,
            mayBegin: command.changesSomething ? allowsCall : nil
        )
    }

    private func end(_ ending: Post.Ending) -> CallEnd {
        switch ending {
        case .answered(let head, let body):
            guard head.status == .ok else {
                return .unknown(.http(status: Int(head.status.code)))
            }
            let clockLead = clockLead(over: head.headers.first(name: "Date"))
            return .answered(Array(body.readableBytesView), clockLead: clockLead)
        case .heldBack: return .notSent(CallError.heldBack)
        case .notBegun(let error): return .notSent(CallError.words(for: error))
        case .broken(let error): return .unknown(CallError.unknownCause(of: error))
        }
    }

    private func clockLead(over date: String?) -> Int? {
        let seconds = date.flatMap(HTTPDate.seconds)
        return seconds.map { Int(now().milliseconds / 1_000 - $0) }
    }
}
