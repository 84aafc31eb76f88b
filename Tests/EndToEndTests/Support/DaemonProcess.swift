import Glibc
import JSON

/// What a test's configuration says; the limits are so high that nothing waits for them.
struct DaemonSettings {
    var messagesPerMinute = 600_000
    var burst = 5_000
    var batchAccounts = 500
    var maxInFlight = 8
    var maxAttempts = 5
    var retryBaseSeconds = 0.2
    var retryCapSeconds = 0.5
    var minFreeBytes = 1_048_576
    var maxBodyBytes = 1_048_576
    var logLevel = "debug"
    /// Where the store is; nil for the sandbox's folder.
    var storeFolder: String?

    /// The file's text.
    func text(port: Int, providerPort: Int, folder: String) -> String {
        """
        http:
          listen: 127.0.0.1:\(port)
          tokenFile: \(folder)/token
          maxBodyBytes: \(maxBodyBytes)
        store:
          path: \(storeFolder ?? folder)/fanoutd.sqlite
          minFreeBytes: \(minFreeBytes)
        tencent:
          sdkAppId: \(ProviderProcess.sdkAppID)
          secretKeyFile: \(folder)/secret-key
          endpoint: http://127.0.0.1:\(providerPort)
        limits:
          messagesPerMinute: \(messagesPerMinute)
          callsPerSecond: 10000
          burst: \(burst)
          batchAccounts: \(batchAccounts)
          maxInFlight: \(maxInFlight)
        retry:
          maxAttempts: \(maxAttempts)
          baseSeconds: \(retryBaseSeconds)
          capSeconds: \(retryCapSeconds)
        jobs:
          checkCallsPerSecond: 100
          verifyCallsPerSecond: 200
          recallCallsPerSecond: 200
          verifySettleSeconds: 5
        log:
          level: \(logLevel)
          format: text
        """
    }
}

/// The daemon as a service manager runs it; it can be killed and started again on its store.
final class DaemonProcess {
    let sandbox: Sandbox
    let port: Int
    let configurationFile: String
    private(set) var child: ChildProcess
    private var startCount = 1

    /// Starts a daemon on a fresh store and waits until it is ready.
    ///
    /// A wrapper is a command that runs the one behind it.
    init(
        in sandbox: Sandbox,
        providerPort: Int,
        settings: DaemonSettings = DaemonSettings(),
        secretKey: String = ProviderProcess.secretKey,
        under wrapper: [String] = []
    ) throws {
        self.sandbox = sandbox
        port = try Socket.freePort()
        try sandbox.write(secretKey + "\n", to: "secret-key")
        configurationFile = try sandbox.write(
            settings.text(port: port, providerPort: providerPort, folder: sandbox.folder),
            to: "fanoutd.yaml"
        )
        child = try Self.start(in: sandbox, configurationFile, number: 1, wrapper)
        try child.waitForNotice("READY=1")
    }

    /// A wrapper for a daemon that may open so many files.
    static func openFiles(_ count: Int) -> [String] {
        ["sh", "-c", "ulimit -n \(count) && exec \"$0\" \"$@\""]
    }

    private static func start(
        in sandbox: Sandbox,
        _ configurationFile: String,
        number: Int,
        _ wrapper: [String]
    ) throws -> ChildProcess {
        let path = sandbox.path("notify-\(number)")
        return try sandbox.start(
            wrapper + [Sandbox.program, "serve", "--config", configurationFile],
            of: "/usr/bin/env",
            name: "daemon, start \(number)",
            environment: ["NOTIFY_SOCKET": path],
            notifySocket: try Socket.receiver(path: path)
        )
    }

    /// Starts it again after it ended, and waits until it is ready.
    func startAgain() throws {
        try startAgainWithoutWaiting()
        try child.waitForNotice("READY=1")
    }

    /// Starts it again after it ended, for a test of what befalls it before it is ready.
    func startAgainWithoutWaiting(under wrapper: [String] = []) throws {
        startCount += 1
        child = try Self.start(in: sandbox, configurationFile, number: startCount, wrapper)
    }

    /// Gives it another configuration, by SIGHUP, and waits until it has taken or refused it.
    func reload(
        _ settings: DaemonSettings,
        providerPort: Int,
        edit: (String) -> String = { $0 }
    ) throws {
        let text = settings.text(port: port, providerPort: providerPort, folder: sandbox.folder)
        try sandbox.write(edit(text), to: "fanoutd.yaml")
        let count = child.notices.count { $0 == "READY=1" }
        child.send(signal: SIGHUP)
        try child.waitForNotices("READY=1", count: count + 1)
    }

    /// The provider's own call, with a signature of the administrator's.
    func gatewayPath() throws -> String {
        let command = try sandbox.start(
            [Sandbox.program, "usersig", "--config", configurationFile],
            of: "/usr/bin/env",
            name: "usersig"
        )
        let signature = try command.waitForEnd().output.split(separator: "\n").first ?? ""
        return
            "/v4/openim/batchsendmsg?sdkappid=\(ProviderProcess.sdkAppID)&identifier=administrator"
            + "&usersig=\(signature)&random=1&contenttype=json"
    }

    /// Kills it as a crash would, and waits for its end.
    func crash() throws {
        child.send(signal: SIGKILL)
        _ = try child.waitForEnd()
    }

    /// Stops it as a service manager does.
    func stop() throws -> ChildProcess.Ending {
        child.send(signal: SIGTERM)
        return try child.waitForEnd()
    }

    // MARK: Its endpoint

    func client() throws -> HTTPClient {
        let token = try sandbox.read("token").split(separator: "\n").first
        return HTTPClient(port: port, token: token.map(String.init))
    }

    /// Makes a campaign and returns its id.
    func create(_ body: String) throws -> String {
        let answer = try client().post("/v1/campaigns", body)
        guard answer.status == 201, let id = try answer.json()["id"]?.string else {
            throw Failure("not created: \(answer.startLine) \(answer.text)\n\(child.account)")
        }
        return id
    }

    /// Makes a campaign of these accounts by way of the stream, and starts it.
    @discardableResult
    func submit(
        _ accounts: some Sequence<String>,
        message: String = Message.text("hi, beauty"),
        fields: String = ""
    ) throws -> String {
        let id = try create("{\(fields)\"message\": \(message)}")
        try add(accounts, to: id)
        try startCampaign(id)
        return id
    }

    func add(_ accounts: some Sequence<String>, to id: String) throws {
        let lines = Array(accounts.map { $0 + "\n" }.joined().utf8)
        let path = "/v1/campaigns/\(id)/recipients"
        let answer = try client().stream(path, CollectionOfOne(lines))
        guard answer.status == 200 else {
            throw Failure("not added: \(answer.startLine) \(answer.text)\n\(child.account)")
        }
    }

    func startCampaign(_ id: String) throws {
        let answer = try client().post("/v1/campaigns/\(id)/start")
        guard answer.status == 200 else {
            throw Failure("not started: \(answer.startLine) \(answer.text)\n\(child.account)")
        }
    }

    func campaign(_ id: String) throws -> JSON {
        try client().get("/v1/campaigns/\(id)").json()
    }

    func counts(_ id: String) throws -> Counts {
        Counts(try campaign(id))
    }

    /// Asks until an answer is as looked for.
    ///
    /// Each question is a round trip, so this is for what comes about within moments and has no
    /// event of its own.
    @discardableResult
    func ask<Found>(
        _ path: String,
        until find: (JSON) -> Found?
    ) throws -> Found {
        let deadline = ContinuousClock.now + .seconds(ChildProcess.patience)
        let client = try client()
        while true {
            let answer = try client.get(path)
            if let found = find(try answer.json()) { return found }
            guard ContinuousClock.now < deadline else {
                throw Failure("\(path) stays \(answer.text)\n\(child.account)")
            }
        }
    }

    // MARK: Its commands

    /// Runs a client command against it.
    func command(_ arguments: String..., input: [UInt8] = []) throws -> ChildProcess.Ending {
        try command(arguments, input: input)
    }

    func command(_ arguments: [String], input: [UInt8] = []) throws -> ChildProcess.Ending {
        let environment = [
            "FANOUTD_URL": "http://127.0.0.1:\(port)",
            "FANOUTD_TOKEN_FILE": sandbox.path("token"),
        ]
        return try sandbox.run(arguments, environment: environment, input: input)
    }

    /// Waits for a campaign's end; the exit code says whether everyone was sent.
    @discardableResult
    func watch(_ id: String) throws -> Int32 {
        let ending: ChildProcess.Ending
        do {
            ending = try command("watch", id)
        } catch {
            throw Failure("\(error)\n\(child.account)")
        }
        guard [0, 1].contains(ending.exitCode), !ending.wasKilled else {
            throw Failure("watch: code \(ending.exitCode)\n\(ending.errors)\n\(child.account)")
        }
        return ending.exitCode
    }

    /// Every recipient of a campaign.
    func export(_ id: String) throws -> [Recipient] {
        let ending = try command("export", id, "--format", "ndjson")
        guard ending.exitCode == 0 else { throw Failure("export: \(ending.errors)") }
        return try ending.output.split(separator: "\n").map { line in
            Recipient(try JSON(parsing: Array(line.utf8)))
        }
    }
}
