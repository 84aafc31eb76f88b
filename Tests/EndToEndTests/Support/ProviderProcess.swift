import Foundation
import Testing

/// Something that answers batchsendmsg, as a process of its own.
final class ProviderProcess: Sendable {
    let port: Int
    private let child: ChildProcess
    /// Kept as long as the provider is in use: with it everything ends.
    private let sandbox: Sandbox

    static let sdkAppID = 1_400_000_000
    /// The key of UserSig's first public test vector: it protects nothing.
    static let secretKey = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"

    /// The two implementations, which share no code.
    enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case simulator = "the simulator"
        case outside = "another implementation"

        var testDescription: String { rawValue }

        /// Options of one that has no quota.
        var unlimited: [String] {
            switch self {
            case .simulator: ["--window", "off"]
            case .outside: ["--quota", "0"]
            }
        }
    }

    /// Starts one and waits until it takes calls.
    init(
        _ kind: Kind = .simulator,
        in sandbox: Sandbox,
        port: Int? = nil,
        options: [String] = []
    ) throws {
        self.sandbox = sandbox
        switch kind {
        case .simulator:
            let listen = "127.0.0.1:\(try port ?? Socket.freePort())"
            child = try sandbox.start(
                ["simulator", "--listen", listen] + options,
                name: "simulator"
            )
        case .outside:
            child = try sandbox.start(
                ["python3", Self.script, "--port", String(port ?? 0)]
                    + ["--secret-key", Self.secretKey] + options,
                of: "/usr/bin/env",
                name: "batchsendmsg.py"
            )
        }
        let line = try child.firstLine()
        let digits = line.split { !$0.isNumber }.last
        guard let bound = digits.flatMap({ Int($0) }) else {
            throw Failure("no port in '\(line)'\n\(child.account)")
        }
        self.port = bound
        reportPath = kind == .simulator ? "/_simulator/report" : "/report"
    }

    private let reportPath: String

    private static let script: String = {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return tests.appendingPathComponent("Acceptance/independent-provider/batchsendmsg.py").path
    }()

    /// What it has seen so far.
    func report() throws -> Report {
        try Report(HTTPClient(port: port).get(reportPath).json())
    }

    /// Asks until it has seen what is looked for, which comes about by itself and has no event.
    func waitUntil(_ isSeen: (Report) -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(ChildProcess.patience)
        while try !isSeen(report()) {
            guard ContinuousClock.now < deadline else {
                throw Failure("the provider has seen only \(try report())\n\(child.account)")
            }
        }
    }

    /// Replaces the faults of the simulator.
    func set(faults: String) throws {
        let answer = try HTTPClient(port: port).post("/_simulator/faults", faults)
        guard answer.status == 200 else { throw Failure("faults: \(answer.text)") }
    }
}
