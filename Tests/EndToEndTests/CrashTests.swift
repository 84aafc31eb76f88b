import Glibc
import JSON
import Testing

extension EndToEndTests {
    @Suite struct Crashes {
        @Test(arguments: ["leave", "resend"])
        func `three crashes at the worst moments lose nobody`(policy: String) throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            try provider.set(faults: #"{"delay_out_ms": [10, 60]}"#)
            let relay = try Relay(to: provider.port)
            let settings = DaemonSettings(batchAccounts: 50, maxInFlight: 4)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: relay.port,
                settings: settings
            )
            let accounts = (10_000..<16_000).map { "user-\($0)" }

            // What was acknowledged is there after a crash in the next instant.
            let id = try daemon.create(
                "{\"on_unknown\": \"\(policy)\", \"message\": \(Message.text("hi"))}"
            )
            try daemon.add(accounts, to: id)
            try daemon.crash()
            try daemon.startAgain()
            #expect(try daemon.counts(id)["queued"] == accounts.count)

            let moments: [(Int, Relay.Moment)] = [(3, .arrived), (6, .answered), (5, .passedOn)]
            for (index, (number, moment)) in moments.enumerated() {
                let daemonID = daemon.child.processID
                relay.atCall(number, moment) { kill(daemonID, SIGKILL) }
                if index == 0 { try daemon.startCampaign(id) }
                #expect(try daemon.child.waitForEnd().wasKilled)
                try daemon.startAgain()
                #expect(try daemon.counts(id).sum == accounts.count)
            }
            let code = try daemon.watch(id)

            let counts = try daemon.counts(id)
            let report = try provider.report()
            let inDoubtLimit = 3 * settings.maxInFlight * settings.batchAccounts
            #expect(counts.sum == accounts.count)
            #expect(counts["sent"] + counts["unknown"] == accounts.count)
            #expect(try daemon.export(id).count == accounts.count)
            if policy == "leave" {
                #expect(code == 1)
                #expect(report.acceptedTwice == 0)
                #expect(counts.resent == 0)
                #expect((1...inDoubtLimit).contains(counts["unknown"]))
                #expect((counts["sent"]...accounts.count).contains(report.accepted))
            } else {
                #expect(code == 0)
                #expect(counts["sent"] == accounts.count)
                #expect((1...inDoubtLimit).contains(counts.resent))
                #expect(report.acceptedTwice <= counts.resent)
                #expect(report.accepted - report.acceptedTwice == accounts.count)
            }
        }

        @Test func `SIGTERM waits for the calls in flight and records their answers`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            try provider.set(faults: #"{"delay_out_ms": [1000, 1000]}"#)
            let relay = try Relay(to: provider.port)
            let settings = DaemonSettings(batchAccounts: 50, maxInFlight: 2)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: relay.port,
                settings: settings
            )

            let id = try daemon.submit((10_000..<10_200).map { "user-\($0)" })
            try relay.wait(for: 2, .arrived)
            let ending = try daemon.stop()
            #expect(ending.exitCode == 0, "\(ending.errors)")
            #expect(daemon.child.notices.contains("STOPPING=1"))
            #expect(try provider.report().calls == 2)

            try daemon.startAgain()
            #expect(try daemon.watch(id) == 0)
            let counts = try daemon.counts(id)
            #expect(counts["sent"] == 200)
            #expect(counts.resent == 0)
            let report = try provider.report()
            #expect(report.calls == 4)
            #expect(report.acceptedTwice == 0)
        }

        @Test func `while calls in flight are waited for it answers, and isn't ready`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let relay = try Relay(to: provider.port)
            let daemon = try DaemonProcess(in: sandbox, providerPort: relay.port)
            let isReleased = Monitor(false)
            relay.atCall(1, .arrived) {
                _ = isReleased.wait(seconds: ChildProcess.patience) { $0 ? true : nil }
            }
            try daemon.submit(["bonnie"])
            try relay.wait(for: 1, .arrived)

            daemon.child.send(signal: SIGTERM)
            try daemon.ask("/readyz") { answer in
                answer["type"]?.string == "urn:fanoutd:problem:stopping" ? true : nil
            }
            #expect(try daemon.client().get("/readyz").status == 503)
            #expect(try daemon.client().get("/v1/quota").json()["in_flight"]?.integer == 1)
            isReleased.change { $0 = true }
            let ending = try daemon.child.waitForEnd()
            #expect(ending.exitCode == 0, "\(ending.errors)")
        }

        @Test func `a provider that can't be reached is waited for, and nothing is spent`() throws {
            let sandbox = try Sandbox()
            let port = try Socket.freePort()
            let daemon = try DaemonProcess(in: sandbox, providerPort: port)

            let id = try daemon.submit((10_000..<10_050).map { "user-\($0)" })
            try daemon.ask("/v1/quota") { $0["state"]?.string == "unreachable" ? true : nil }
            #expect(try daemon.client().get("/readyz").status == 503)
            #expect(try daemon.client().get("/healthz").status == 200)

            let options = ProviderProcess.Kind.simulator.unlimited
            let provider = try ProviderProcess(in: sandbox, port: port, options: options)
            #expect(try daemon.watch(id) == 0)
            #expect(try daemon.export(id).allSatisfy { $0.attempts == 1 })
            #expect(try daemon.client().get("/readyz").status == 200)
            let report = try provider.report()
            #expect(report.accepted == 50)
            #expect(report.recipients == 50)
        }
    }
}
