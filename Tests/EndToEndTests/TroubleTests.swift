import JSON
import Testing

extension EndToEndTests {
    @Suite struct Troubles {
        @Test(arguments: ["leave", "resend"])
        func `a network that breaks every fifth call loses nobody`(policy: String) throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let faults = #"{"drop_before": 0.05, "drop_after": 0.05, "http_502": 0.05, "#
            try provider.set(faults: faults + #""garbage": 0.05, "delay_out_ms": [0, 20]}"#)
            let settings = DaemonSettings(batchAccounts: 50, maxAttempts: 20)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                settings: settings
            )
            let accounts = (10_000..<13_000).map { "user-\($0)" }

            let id = try daemon.submit(accounts, fields: "\"on_unknown\": \"\(policy)\", ")
            let code = try daemon.watch(id)

            let exported = try daemon.export(id)
            let counts = try daemon.counts(id)
            let report = try provider.report()
            #expect(Set(exported.map(\.account)) == Set(accounts))
            #expect(counts.sum == 3_000)
            #expect(counts["sent"] + counts["unknown"] == 3_000)
            if policy == "leave" {
                #expect(code == 1)
                #expect(counts["unknown"] > 0)
                #expect(report.acceptedTwice == 0)
                #expect(report.recipients <= 3_000)
                #expect((counts["sent"]...3_000).contains(report.accepted))
            } else {
                #expect(code == 0)
                #expect(counts.resent > 0)
                #expect(report.acceptedTwice <= counts.resent)
                #expect(report.accepted - report.acceptedTwice == 3_000)
            }
        }

        @Test func `a wrong key stops all sending, also after a restart, until it is mended`()
            throws
        {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let settings = DaemonSettings(batchAccounts: 20, maxInFlight: 2)
            let wrong = String(repeating: "0", count: 64)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                settings: settings,
                secretKey: wrong
            )

            let id = try daemon.submit((10_000..<10_200).map { "user-\($0)" })
            let quota = try daemon.ask("/v1/quota") { quota in
                quota["state"]?.string == "halted" && quota["in_flight"]?.integer == 0 ? quota : nil
            }
            // Tencent's code for a signature that its key didn't make.
            #expect(quota["reason"]?["code"]?.integer == 70009, "\(quota)")
            #expect(try daemon.client().get("/readyz").status == 503)
            let calls = try provider.report().calls
            #expect(calls <= 2)

            #expect(try daemon.stop().exitCode == 0)
            try daemon.startAgain()
            let again = try daemon.client().get("/v1/quota").json()
            #expect(again["state"]?.string == "halted")
            #expect(try provider.report().calls == calls)

            #expect(try daemon.stop().exitCode == 0)
            try sandbox.write(ProviderProcess.secretKey, to: "secret-key")
            try daemon.startAgain()
            #expect(try daemon.watch(id) == 0)
            #expect(try daemon.export(id).allSatisfy { $0.attempts == 1 })
            #expect(!daemon.child.account.contains(wrong))
        }

        @Test func `a message that can't be sent halts its campaign and no other`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)

            try provider.set(faults: #"{"fail": {"code": 90008, "calls": 1}}"#)
            let bad = try daemon.submit(["bonnie", "rong"], message: Message.text("bad"))
            let halted = try daemon.ask("/v1/campaigns/\(bad)") { campaign in
                campaign["state"]?.string == "halted" ? campaign : nil
            }
            #expect(halted["reason"]?["code"]?.integer == 90008)
            #expect(Counts(halted)["queued"] == 2)

            let good = try daemon.submit(["bonnie", "rong"], message: Message.text("good"))
            #expect(try daemon.watch(good) == 0)
            #expect(try daemon.command("resume", bad).exitCode == 0)
            #expect(try daemon.watch(bad) == 0)
            #expect(try provider.report().acceptedTwice == 0)
        }

        @Test func `a pause takes hold at once and outlives a crash, a cancel leaves the rest`()
            throws
        {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            try provider.set(faults: #"{"delay_out_ms": [20, 40]}"#)
            let relay = try Relay(to: provider.port)
            let settings = DaemonSettings(batchAccounts: 10, maxInFlight: 2)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: relay.port,
                settings: settings
            )

            let id = try daemon.submit((10_000..<13_000).map { "user-\($0)" })
            try relay.wait(for: 5, .passedOn)
            #expect(try daemon.command("pause", id).exitCode == 0)
            let paused = try daemon.ask("/v1/campaigns/\(id)") { campaign in
                Counts(campaign)["sending"] == 0 ? Counts(campaign) : nil
            }
            #expect(paused["sent"] >= 50)
            #expect(paused["queued"] > 0)
            let calls = try provider.report().calls

            try daemon.crash()
            try daemon.startAgain()
            #expect(try daemon.campaign(id)["state"]?.string == "paused")
            #expect(try daemon.counts(id) == paused)
            #expect(try provider.report().calls == calls)

            #expect(try daemon.command("resume", id).exitCode == 0)
            try relay.wait(for: calls + 3, .passedOn)
            #expect(try daemon.command("cancel", id).exitCode == 0)
            #expect(try daemon.watch(id) == 1)
            let canceled = try daemon.counts(id)
            let report = try provider.report()
            #expect(canceled["sent"] + canceled["canceled"] == 3_000)
            #expect(canceled["sent"] == report.accepted)
            #expect(report.acceptedTwice == 0)
            #expect(try daemon.export(id).count { $0.status == "canceled" } == canceled["canceled"])
        }
    }
}
