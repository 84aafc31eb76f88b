import Glibc
import JSON
import Testing

extension EndToEndTests {
    /// Checks, look-ups and recalls, and the policy that looks unknown calls up.
    @Suite struct Jobs {
        private static let settings = DaemonSettings(batchAccounts: 100, maxAttempts: 20)

        private let sandbox: Sandbox
        private let provider: ProviderProcess
        private let daemon: DaemonProcess

        init() throws {
            sandbox = try Sandbox()
            provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                settings: Self.settings
            )
        }

        private func names(_ prefix: String, _ range: Range<Int>) -> [String] {
            range.map { "\(prefix)-\(10_000 + $0)" }
        }

        private func export(_ id: String, _ filter: String...) throws -> [Recipient] {
            let ending = try daemon.command(["export", id, "--format", "ndjson"] + filter)
            return try ending.output.split(separator: "\n").map {
                Recipient(try JSON(parsing: Array($0.utf8)))
            }
        }

        @Test
        func `under verify a tenth of the answers and the daemon itself are lost, and nobody`()
            throws
        {
            try provider.set(faults: #"{"drop_after": 0.1}"#)
            let id = try daemon.submit(
                names("user", 0..<20_000),
                fields: #""on_unknown": "verify", "#
            )
            try provider.waitUntil { $0.lookedUp > 100 }
            try daemon.crash()
            try daemon.startAgain()
            #expect(try daemon.watch(id) == 0, "everyone was sent")

            let counts = try daemon.counts(id)
            #expect(counts["sent"] == 20_000 && counts.sum == 20_000)
            #expect(counts.resent == 0)
            let report = try provider.report()
            #expect(report.accepted == 20_000)
            #expect(report.acceptedTwice == 0)
            // Some twenty batches of a hundred by chance, and never as few as three.
            #expect(report.lookedUp >= 300, "one recipient a look-up")
        }

        @Test func `a recall goes on after a kill, and takes back whatever was sent`() throws {
            let id = try daemon.submit(names("user", 0..<5_000))
            #expect(try daemon.watch(id) == 0)
            let path = "/v1/campaigns/\(id)"
            let recall = try daemon.client().post("\(path)/recall", #"{"calls_per_second": 200}"#)
            #expect(recall.status == 202, "\(recall.text)")
            try provider.waitUntil { $0.recalled > 500 }
            let retry = try daemon.client().post("\(path)/retry", "{}")
            #expect(retry.status == 409 && retry.text.contains("job-running"), "\(retry.text)")
            try daemon.crash()
            try daemon.startAgain()
            #expect(try daemon.watch(id) == 0, "a watch stays for the recall")

            let job = try daemon.campaign(id)["recall"]
            #expect(job?["state"]?.string == "completed")
            #expect(job?["total"]?.integer == 5_000 && job?["done"]?.integer == 5_000)
            #expect(job?["recalled"]?.integer == 5_000)
            #expect(try provider.report().recalled == 5_000)
            let rows = try export(id, "--recall", "recalled")
            #expect(rows.count == 5_000 && rows.allSatisfy { $0.status == "sent" })
            let again = try daemon.client().post("\(path)/recall")
            #expect(again.status == 409 && again.text.contains("nobody-left"), "\(again.text)")
        }

        @Test func `who is missing from a checked list is never addressed`() throws {
            let message = try sandbox.write(Message.text("hello"), to: "message.json")
            let accounts = names("user", 0..<4_850) + names("missing", 0..<150)
            let list = try sandbox.write(accounts.joined(separator: "\n"), to: "users.txt")
            func submit(_ options: String...) throws -> ChildProcess.Ending {
                let base = ["submit", "--message", message, "--to", list, "--check"]
                return try daemon.command(base + options)
            }
            let strict = try submit()
            #expect(strict.exitCode == 1 && strict.output.isEmpty, "\(strict.errors)")
            #expect(strict.errors.contains("150 of 5,000 don't exist (3 %)"), "\(strict.errors)")
            let drafts = try daemon.client().get("/v1/campaigns?state=draft").json()["items"]
            #expect(drafts?.elements?.count == 1)
            #expect(try provider.report().recipients == 0)

            let lenient = try submit("--max-missing", "3", "--watch")
            #expect(lenient.exitCode == 1, "some don't exist\n\(lenient.errors)")
            let id = String(lenient.output.dropLast())
            let counts = try daemon.counts(id)
            #expect(counts["sent"] == 4_850 && counts["failed"] == 150)
            let failed = try export(id, "--status", "failed")
            #expect(Set(failed.map(\.account)) == Set(names("missing", 0..<150)))
            #expect(failed.allSatisfy { $0.code == 70_107 && $0.attempts == 0 })
            let report = try provider.report()
            #expect(report.recipients == 4_850 && report.accepted == 4_850)
            #expect(report.refusals.isEmpty && report.checked >= 10_000)
        }

        @Test func `unknown recipients are found, and their message is taken back, by commands`()
            throws
        {
            try provider.set(faults: #"{"garbage": 1}"#)
            let id = try daemon.submit(
                names("user", 0..<40),
                fields: #""name": "Oops", "on_unknown": "leave", "#
            )
            #expect(try daemon.watch(id) == 1, "nobody knows")
            try provider.set(faults: "{}")
            let verify = try daemon.command("verify", id)
            #expect(verify.exitCode == 0, "\(verify.errors)")
            #expect(verify.errors.contains("verification completed: found 40"))
            #expect(try daemon.counts(id)["sent"] == 40)

            let unsure = try daemon.command("recall", id)
            #expect(unsure.exitCode == 64 && unsure.errors.contains("takes 40 messages back"))
            #expect(try provider.report().recalled == 0)
            let recall = try daemon.command("recall", id, "--yes", "--calls-per-second", "100")
            #expect(recall.exitCode == 0, "\(recall.errors)")
            #expect(try provider.report().recalled == 40)
            let stop = try daemon.command("recall", id, "--stop")
            #expect(stop.exitCode == 77 && stop.errors.contains("no recall"), "\(stop.errors)")
        }

        @Test func `whom no history shows stays unknown, and is sent to again if asked for`() throws
        {
            try provider.set(faults: #"{"drop_before": 1}"#)
            let id = try daemon.submit(names("user", 0..<40), fields: #""on_unknown": "leave", "#)
            #expect(try daemon.watch(id) == 1, "nobody knows")
            try provider.set(faults: "{}")
            let verify = try daemon.command("verify", id)
            #expect(verify.exitCode == 1, "\(verify.errors)")
            #expect(verify.errors.contains("absent 40"))
            #expect(try daemon.counts(id)["unknown"] == 40)
            #expect(try daemon.command("retry", id, "--status", "unknown").exitCode == 0)
            #expect(try daemon.watch(id) == 0)
            let report = try provider.report()
            #expect(report.accepted == 40 && report.acceptedTwice == 0)
        }

        @Test func `a job that is broken off at the terminal goes on`() throws {
            let id = try daemon.submit(names("user", 0..<400))
            #expect(try daemon.watch(id) == 0)
            let environment = [
                "FANOUTD_URL": "http://127.0.0.1:\(daemon.port)",
                "FANOUTD_TOKEN_FILE": sandbox.path("token"),
            ]
            let recall = try sandbox.start(
                ["recall", id, "--yes", "--calls-per-second", "20"],
                name: "recall",
                environment: environment
            )
            try recall.waitForErrors("of 400")
            recall.send(signal: SIGINT)
            let ending = try recall.waitForEnd()
            #expect(ending.errors.contains("the recall of \(id) goes on"), "\(ending.errors)")
            let stop = try daemon.command("recall", id, "--stop", "--json")
            #expect(stop.output.contains(#""recall":{"state":"stopped""#), "\(stop.errors)")
            let rest = try daemon.command("recall", id, "--yes")
            #expect(rest.exitCode == 0, "\(rest.errors)")
            #expect(try provider.report().recalled == 400)
        }
    }
}
