import Client
import DeliveryCore
import DeliveryEngine
import HTTPAPI
import JSON
import Platform

/// Sends one message through the running daemon, so that its quota counts it, and looks for it in the
/// recipient's history.
struct TestDelivery {
    let configuration: Configuration
    let recipient: Account
    let provider: any Provider

    private let clock = SystemClock()

    init(configuration: Configuration, recipient: Account, provider: any Provider) {
        self.configuration = configuration
        self.recipient = recipient
        self.provider = provider
    }

    /// A notice to few people goes out within 3 s, and within 75 s of a start.
    private static let sendingLimit = Duration.seconds(90)
    private static let statusInterval = Duration.milliseconds(250)
    private static let historyInterval = Duration.seconds(1)

    func run() async -> DeliverySighting {
        let begin = clock.now().timestamp
        do throws(CommandFailure) {
            let client = try client()
            let state = try await client.sendForJSON(.quota)["state"]?.string ?? ""
            // It would wait there, and go out when nobody expects it any more.
            if ["paused", "halted"].contains(state) { return .refused("all sending is \(state)") }
            let text = ProviderModule.installed.examination.message("A test by fanoutd doctor.")
            let answer = try await client.sendForJSON(.campaign(of: recipient, message: text))
            guard let id = answer["id"]?.string else {
                return .refused("its answer holds no id")
            }
            StandardError.writeLine("fanoutd: a message to '\(recipient.text)' is on its way")
            let end = try await ending(of: id, by: client)
            guard end.isFinal else {
                _ = try await client.send(.change(id, "/cancel"))
                return .pending(status: end.status)
            }
            guard end.status == "sent" else {
                return .unsent(status: end.status, info: end.info)
            }
            let history = await history(of: end.messageKey, text, since: begin)
            return .sent(messageKey: end.messageKey, history)
        } catch {
            return error.code == .unreachable ? .noDaemon(error.message) : .refused(error.message)
        }
    }

    // MARK: The daemon

    private func client() throws(CommandFailure) -> DaemonClient {
        switch configuration.http.listen {
        case .unix(let path): return DaemonClient(address: .unix(path: path), token: nil)
        case .tcp(_, 0): throw CommandFailure(.unreachable, "http.listen has no port of its own")
        case .tcp(let host, let port):
            // Who listens on all addresses is found on this machine's own.
            let own = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
            let address = WebAddress(isSecure: false, host: own, port: port)
            return DaemonClient(address: .web(address), token: try token())
        }
    }

    /// A daemon that runs has made its token.
    private func token() throws(CommandFailure) -> Secret? {
        guard let path = configuration.tokenFile else {
            let token = configuration.http.tokens.first(where: \.canWrite)
            return token.map { Secret(bytes: $0.secret) }
        }
        do throws(CommandFailure) {
            return try ClientToken.find(file: path, environment: [:])
        } catch {
            throw CommandFailure(.unreachable, error.message)
        }
    }

    private func ending(
        of id: String,
        by client: DaemonClient
    ) async throws(CommandFailure) -> RecipientView {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.sendingLimit
        while true {
            let answer = try await client.sendForJSON(.recipient(recipient.text, of: id))
            let view = RecipientView(answer)
            if view.isFinal || clock.now >= deadline { return view }
            guard await pause(Self.statusInterval) else { return view }
        }
    }

    // MARK: The history

    /// Looks until the history shows the call, at most as long as a look-up of a job would wait.
    private func history(
        of key: String,
        _ text: [UInt8],
        since begin: Timestamp
    ) async -> DeliverySighting.History {
        let examination = ProviderModule.installed.examination
        guard let numbers = examination.numbers(key) else { return .numbersUnknown }
        let message = message(text)
        let clock = ContinuousClock()
        let start = clock.now
        let limit = Duration.seconds(configuration.jobs.verifySettleSeconds)
        while true {
            let call = UnknownCall(
                numbers: numbers,
                sender: examination.caller(configuration).bytes,
                sentAt: begin,
                endedAt: self.clock.now().timestamp
            )
            let look = await look(for: call, message)
            let time = start.duration(to: clock.now)
            switch look {
            case .found(let found): return .shown(after: time, messageKey: found.messageKey)
            case .failed(let reason) where time >= limit: return .unreadable(reason)
            case .absent where time >= limit: return .absent(after: time)
            case .failed, .absent: break
            }
            guard await pause(Self.historyInterval) else { return .absent(after: time) }
        }
    }

    private enum Look {
        case found(FoundCall)
        case absent
        case failed(String)
    }

    /// Reads the history's pages until one shows the call.
    private func look(for call: UnknownCall, _ message: CheckedMessage) async -> Look {
        var position: HistoryPosition?
        while true {
            let question = LookUp(
                account: recipient,
                message: message,
                calls: [call],
                position: position
            )
            switch await provider.lookUp(question) {
            case .answered(let page):
                if let found = page.found { return .found(found) }
                guard let next = page.next else { return .absent }
                position = next
            case .refused(_, let code, let text): return .failed("\(code) \(text)")
            case .notSent(let text): return .failed(text)
            case .unknown(let cause): return .failed(cause.text)
            }
        }
    }

    private func message(_ text: [UInt8]) -> CheckedMessage {
        do {
            let json = try JSON(parsing: text)
            let limit = configuration.limits.packetBytes
            return try ProviderModule.installed.rules.check(json, in: text, packetLimit: limit)
                .get()
        } catch {
            preconditionFailure("a doctor's own message isn't one: \(error)")
        }
    }

    /// False if the command's task was canceled.
    private func pause(_ duration: Duration) async -> Bool {
        do {
            try await ContinuousClock().sleep(for: duration)
            return true
        } catch {
            return false
        }
    }
}

extension DaemonClient.Request {
    /// Makes and starts a campaign of one account, at most once and before others.
    fileprivate static func campaign(of recipient: Account, message: [UInt8]) -> Self {
        let body = JSONText.document {
            $0.field("name", "Test by fanoutd doctor")
            $0.field("message", json: message)
            $0.array("recipients", of: [recipient]) { $0.string($1.bytes) }
            $0.field("priority", "high")
            $0.field("on_unknown", "leave")
        }
        return Self("POST", "/v1/campaigns", answer: .object(with: "id"), body: .json(body))
    }
}
