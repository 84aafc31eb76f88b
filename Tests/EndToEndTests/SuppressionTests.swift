import JSON
import Testing

extension EndToEndTests {
    /// Accounts that must not be addressed.
    @Suite struct Suppressions {
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
                settings: DaemonSettings(batchAccounts: 100)
            )
        }

        private static let path = "/v1/suppressions"

        private func names(_ prefix: String, _ range: Range<Int>) -> [String] {
            range.map { "\(prefix)-\(1_000_000 + $0)" }
        }

        private func suppress(_ accounts: [String]) throws -> JSON {
            let lines = Array(accounts.map { $0 + "\n" }.joined().utf8)
            let answer = try daemon.client().stream(Self.path, CollectionOfOne(lines))
            #expect(answer.status == 200, "\(answer.text)")
            return try answer.json()
        }

        private func accounts(_ id: String, status: String) throws -> Set<String> {
            let rows = try daemon.export(id).filter { $0.status == status }
            return Set(rows.map(\.account))
        }

        private func retry(_ id: String, _ status: String) throws -> Int? {
            let body = #"{"status": ["\#(status)"]}"#
            let answer = try daemon.client().post("/v1/campaigns/\(id)/retry", body)
            #expect(answer.status == 200, "\(answer.text)")
            return try answer.json()["requeued"]?.integer
        }

        @Test func `who is on the list isn't addressed, in a retry neither, until it is off`()
            throws
        {
            let optedOut = stride(from: 0, to: 6_000, by: 20).map { "user-\(1_000_000 + $0)" }
            let summary = try suppress(optedOut + ["bad\u{7}line"] + optedOut.prefix(5))
            #expect(summary["accepted"]?.integer == 300 && summary["total"]?.integer == 300)
            #expect(summary["duplicates"]?.integer == 5 && summary["invalid"]?.integer == 1)

            let id = try daemon.submit(names("user", 0..<6_000))
            #expect(try daemon.watch(id) == 0, "everyone was sent who may be addressed")
            let counts = try daemon.counts(id)
            #expect(counts["sent"] == 5_700 && counts["suppressed"] == 300)
            #expect(counts.total == 6_000 && counts.sum == 6_000)
            #expect(try accounts(id, status: "suppressed") == Set(optedOut))
            #expect(try provider.report().recipients == 5_700)
            let quota = try daemon.client().get("/v1/quota").json()
            #expect(quota["window_used"]?.integer == 5_700, "they spend nothing of it")
            let metrics = try daemon.client().get("/metrics").text
            #expect(metrics.contains("fanoutd_recipients_total{status=\"suppressed\"} 300\n"))

            #expect(try retry(id, "suppressed") == 300)
            #expect(try daemon.watch(id) == 0)
            #expect(try daemon.counts(id)["suppressed"] == 300)
            #expect(try provider.report().recipients == 5_700)

            let back = Set(optedOut.prefix(100))
            for account in back {
                let removal = try daemon.client().send("DELETE", "\(Self.path)/\(account)")
                #expect(removal.status == 204)
            }
            #expect(try retry(id, "suppressed") == 300, "it counts all that it puts back")
            #expect(try daemon.watch(id) == 0)
            #expect(try daemon.counts(id)["sent"] == 5_800)
            #expect(try accounts(id, status: "suppressed") == Set(optedOut).subtracting(back))
            let report = try provider.report()
            #expect(report.recipients == 5_800 && report.accepted == 5_800)
            #expect(report.acceptedTwice == 0)
        }

        @Test func `who failed and is suppressed since isn't addressed by a retry`() throws {
            let id = try daemon.submit(names("missing", 0..<40) + names("user", 0..<60))
            #expect(try daemon.watch(id) == 1, "some are missing")
            #expect(try provider.report().recipients == 100)
            _ = try suppress(names("missing", 0..<30))
            #expect(try retry(id, "failed") == 40)
            #expect(try daemon.watch(id) == 1, "ten are still missing")
            let counts = try daemon.counts(id)
            #expect(counts["suppressed"] == 30 && counts["failed"] == 10 && counts["sent"] == 60)
            #expect(try provider.report().recipients == 110)
        }

        @Test func `what is acknowledged holds after a kill, for whoever wasn't claimed yet`()
            throws
        {
            try provider.set(faults: #"{"delay_out_ms": [20, 40]}"#)
            let users = names("user", 0..<20_000)
            let id = try daemon.submit(users)
            try provider.waitUntil { $0.recipients > 1_000 }
            let client = try daemon.client()
            #expect(try client.post("/v1/pause").status == 200)
            let before = try daemon.ask("/v1/campaigns/\(id)") { campaign in
                Counts(campaign)["sending"] == 0 ? Counts(campaign) : nil
            }
            let queued = try accounts(id, status: "queued").sorted()
            #expect(queued.count == before["queued"] && queued.count > 1_000)
            let optedOut = Array(queued.suffix(500))
            #expect(try suppress(optedOut)["accepted"]?.integer == 500)
            let one = optedOut[0]
            #expect(try client.send("DELETE", "\(Self.path)/\(one)").status == 204)
            try daemon.crash()
            try daemon.startAgain()
            try provider.set(faults: "{}")
            #expect(try daemon.client().post("/v1/resume").status == 200)
            #expect(try daemon.watch(id) == 0)
            let expected = Set(optedOut.dropFirst())
            #expect(try accounts(id, status: "suppressed") == expected)
            #expect(try daemon.counts(id)["sent"] == 20_000 - 499)
            let report = try provider.report()
            #expect(report.accepted == 20_000 - 499 && report.acceptedTwice == 0)
            #expect(report.recipients == 20_000 - 499)
        }

        @Test func `a kill in the middle of a stream loses nothing acknowledged`() throws {
            let list = names("out", 0..<40_000)
            var acknowledged: Set<String> = []
            for (number, run) in stride(from: 0, to: list.count, by: 10_000).enumerated() {
                let part = Array(list[run..<run + 10_000])
                let pieces = stride(from: 0, to: part.count, by: 500).lazy.map { start in
                    if start == number * 2_500 {
                        daemon.child.send(signal: 9, inMicroseconds: number * 3_000)
                    }
                    return Array(part[start..<start + 500].map { $0 + "\n" }.joined().utf8)
                }
                let client = try daemon.client()
                do {
                    let answer = try client.stream(Self.path, pieces)
                    if answer.status == 200 { acknowledged.formUnion(part) }
                } catch {
                    // It was killed before it answered: nothing is acknowledged.
                }
                _ = try daemon.child.waitForEnd()
                try daemon.startAgain()
                let stored = try exported()
                #expect(Set(stored).isSuperset(of: acknowledged), "acknowledged and gone")
                #expect(Set(stored).isSubset(of: list))
                // Sending a stream again is harmless, whatever became of it.
                _ = try suppress(part)
                acknowledged.formUnion(part)
            }
            #expect(try exported() == list)
        }

        /// The list as the command writes it.
        private func exported() throws -> [String] {
            let ending = try daemon.command("suppressions")
            #expect(ending.exitCode == 0, "\(ending.errors)")
            return ending.output.split(separator: "\r\n").dropFirst().compactMap { row in
                row.split(separator: ",").first.map { String($0) }
            }
        }

        @Test func `a long list goes in with its bad lines, survives a kill and comes out again`()
            throws
        {
            let lines = (0..<200_000).map { number in
                number.isMultiple(of: 1_000)
                    ? "bad\u{7}\(number)" : "out-\((number &* 7_919) % 200_000 + 1_000_000)"
            }
            let good = Set(lines.filter { !$0.hasPrefix("bad") })
            let file = try sandbox.write(lines.joined(separator: "\n"), to: "opted-out.txt")
            let intake = try daemon.command("suppress", "--from", file)
            #expect(intake.exitCode == 0, "\(intake.errors)")
            let said = "199,800 accepted, 200 invalid lines left out; 199,800 on the list"
            #expect(good.count == 199_800 && intake.errors.contains(said), "\(intake.errors)")
            #expect(intake.errors.contains("line 1: an account holds no control characters"))
            try daemon.crash()
            try daemon.startAgain()

            let rows = try exported()
            #expect(rows == good.sorted())
            let json = try daemon.command("suppressions", "--format", "ndjson")
            let first = try JSON(parsing: Array(json.output.prefix { $0 != "\n" }.utf8))
            #expect(first["account"]?.string == rows.first && first["reason"]?.isNull == true)
            let before = try daemon.child.peakMemory()
            let copy = try sandbox.write(json.output, to: "copy.ndjson")
            let again = try daemon.command("suppress", "--from", copy, "--json")
            #expect(
                again.output == #"{"accepted":0,"duplicates":199800,"invalid":0,"#
                    + #""invalid_examples":[],"total":199800}"# + "\n"
            )
            let growth = try daemon.child.peakMemory() - before
            #expect(growth < 64_000_000, "it grew by \(growth) bytes")
        }

        @Test func `the list by the commands`() throws {
            let one = try daemon.command("suppress", "bonnie", "a/b 天", "--reason", "by law")
            #expect(one.exitCode == 0 && one.output.isEmpty, "\(one.errors)")
            #expect(one.errors == "suppressed bonnie\nsuppressed a/b 天\n")
            let shown = try daemon.command("suppressions", "a/b 天")
            let since = #/account +a/b 天\nreason +by law\nsince +\d{4}-\S+Z\n/#
            #expect(shown.output.wholeMatch(of: since) != nil, "\(shown.output)")
            let json = try daemon.command("suppress", "bonnie", "rong", "--json")
            let rows = try json.output.split(separator: "\n").map { line in
                try JSON(parsing: Array(line.utf8))
            }
            #expect(rows.map { $0["account"]?.string } == ["bonnie", "rong"])
            #expect(rows.allSatisfy { $0["reason"]?.isNull == true })
            let list = try daemon.command("suppressions", "--json")
            #expect(list.output.split(separator: "\n").count == 3)

            let off = try daemon.command("unsuppress", "bonnie", "nobody", "rong")
            #expect(off.exitCode == 65)
            #expect(off.errors.hasPrefix("unsuppressed bonnie\nunsuppressed rong\n"))
            #expect(off.errors.contains("nobody: Not found"), "\(off.errors)")
            let last = try daemon.command("unsuppress", "a/b 天", "--json")
            #expect(last.output == #"{"account":"a/b 天","suppressed":false}"# + "\n")
            #expect(try exported().isEmpty)
            #expect(try daemon.command("suppressions", "bonnie").exitCode == 65)
            let long = try daemon.command("suppress", String(repeating: "x", count: 33))
            #expect(long.exitCode == 65 && long.errors.contains("at most 32 bytes"))
            let reason = try daemon.command("suppress", "bonnie", "--reason", "two\nlines")
            #expect(reason.exitCode == 65 && reason.errors.contains("/reason"), "\(reason.errors)")
            let both = try daemon.command("suppress", "--from", "f", "--reason", "r")
            #expect(both.exitCode == 64, "\(both.errors)")
            let none = try daemon.command("suppress", "--from", "-", input: Array("\u{7}\n".utf8))
            #expect(none.exitCode == 65 && none.errors.contains("no valid account"))
            let piped = try daemon.command("suppress", "--from", "-", input: Array("dave\n".utf8))
            #expect(piped.exitCode == 0 && piped.errors == "1 accepted; 1 on the list\n")
        }
    }
}
