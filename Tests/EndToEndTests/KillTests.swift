import JSON
import Testing

extension EndToEndTests {
    /// SIGKILL at moments that nobody chose.
    @Suite struct Kills {
        /// A crash's calls hold their share of the quota for 75 s, so there is room for many, and
        /// each repeat spends an attempt.
        private static let roomy = DaemonSettings(batchAccounts: 20, maxAttempts: 100)

        @Test(arguments: ["leave", "resend", "verify"])
        func `kills in intake, starts, sending and start-up lose nobody`(policy: String) throws {
            let life = try KilledDaemon("kills, \(policy)", settings: Self.roomy)
            let id = try life.fill(names("user", 9_000), policy: policy, kills: 7)
            for number in 0..<4 {
                try life.create(names("small\(number)", 40), policy: policy)
            }
            try life.start(id)
            for _ in 0..<5 { try life.killWhileSending() }
            for _ in 0..<3 { try life.killWhileStarting() }
            for _ in 0..<5 { try life.killWhileSending() }
            #expect(life.killCount >= 25)
            try life.settle(policy: policy)
        }

        @Test(arguments: ["leave", "resend", "verify"])
        func `an acknowledged pause, resume, retry and cancel hold after a kill`(
            policy: String
        ) throws {
            let life = try KilledDaemon("commands, \(policy)", settings: Self.roomy)
            let missing = try life.create(names("missing", 200), policy: policy)
            try life.daemon.watch(missing)
            let id = try life.fill(names("user", 9_000), policy: policy, kills: 1)
            try life.start(id)
            for _ in 0..<2 {
                try life.command("pause", on: id, reaching: "paused")
                try life.expectStillness(of: id)
                try life.command("resume", on: id, reaching: "running")
            }
            try life.pauseAll()
            try life.retryFailed(of: missing)
            try life.expectStillness(of: id)
            #expect(try life.daemon.client().post("/v1/resume").status == 200)
            try life.command("cancel", on: id, reaching: "canceled")
            try life.settle(policy: policy)
        }

        @Test func `crash after crash, a real quota holds`() throws {
            let settings = DaemonSettings(
                messagesPerMinute: 2_000,
                burst: 2_000,
                batchAccounts: 50,
                maxAttempts: 100
            )
            let options = ["--quota", "2000", "--window", "rolling"]
            let life = try KilledDaemon("quota", settings: settings, providerOptions: options)
            let id = try life.fill(names("user", 4_000), policy: "resend", kills: 1)
            try life.start(id)
            for _ in 0..<8 { try life.killAtAnyTime() }
            // A batch wants at least 50, and 5 are kept for small ones.
            try life.daemon.ask("/v1/quota") { quota in
                let used = quota["window_used"]?.integer ?? 0
                return used > 1_945 && quota["in_flight"]?.integer == 0 ? used : nil
            }
            try life.killAtAnyTime()
            #expect(try life.provider.report().recipients <= 2_000)
            try life.command("cancel", on: id, reaching: "canceled")
            try life.settle(policy: "resend")
        }

        /// A store that looks like one put back from a backup would wait for a full window.
        @Test(.traced("a crash while the store gets its new mark"), arguments: 1...3)
        func `a crash in the middle of a start doesn't hold the quota`(write: Int) throws {
            let sandbox = try Sandbox()
            let daemon = try DaemonProcess(in: sandbox, providerPort: Socket.freePort())
            try daemon.crash()
            try daemon.startAgainWithoutWaiting(under: [
                "strace", "-f", "-o", "/dev/null", "-P", sandbox.path("fanoutd.sqlite.lock"),
                "-e", "inject=pwrite64:signal=KILL:when=\(write)",
            ])
            #expect(try daemon.child.waitForEnd().wasKilled)
            try daemon.startAgain()
            let quota = try daemon.client().get("/v1/quota").json()
            #expect(quota["window_used"]?.integer == 0)
        }

        private func names(_ prefix: String, _ count: Int) -> [String] {
            (10_000..<10_000 + count).map { "\(prefix)-\($0)" }
        }
    }
}
