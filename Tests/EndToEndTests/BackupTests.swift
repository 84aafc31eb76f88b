import Foundation
import JSON
import Testing

extension EndToEndTests {
    @Suite struct Backups {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        private func backUp(to path: String, _ flags: String...) throws -> ChildProcess.Ending {
            let configuration = sandbox.path("fanoutd.yaml")
            return try sandbox.run(["backup", path, "--config", configuration] + flags)
        }

        /// Starts a daemon of its own, with a provider of its own, on a copy.
        private func restore(_ path: String) throws -> (ProviderProcess, DaemonProcess) {
            let folder = try Sandbox()
            try FileManager.default.copyItem(atPath: path, toPath: folder.path("fanoutd.sqlite"))
            let provider = try ProviderProcess(
                in: folder,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            return (provider, try DaemonProcess(in: folder, providerPort: provider.port))
        }

        @Test func `a copy made while sending is whole, and what was sent since goes again`() throws
        {
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            try provider.set(faults: #"{"delay_out_ms": [5, 20]}"#)
            let relay = try Relay(to: provider.port)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: relay.port,
                settings: DaemonSettings(batchAccounts: 20, maxInFlight: 4)
            )
            let copy = sandbox.path("copy.sqlite")
            let pausedCopy = sandbox.path("paused.sqlite")
            let backups = Monitor<[Result<ChildProcess.Ending, any Error>]>([])
            // The call waits for its answer meanwhile; the others go on.
            relay.atCall(10, .arrived) {
                let made = [
                    Result { try backUp(to: copy) },
                    Result { try backUp(to: pausedCopy, "--paused") },
                ]
                backups.change { $0 = made }
            }
            let accounts = (10_000..<14_000).map { "user-\($0)" }
            let id = try daemon.submit(accounts)
            #expect(try daemon.watch(id) == 0)
            #expect(try provider.report().acceptedTwice == 0)
            #expect(try daemon.counts(id)["sent"] == accounts.count)
            for backup in backups.current {
                let ending = try backup.get()
                #expect(ending.exitCode == 0, "\(ending.errors)")
                #expect(ending.output.isEmpty)
            }
            #expect(backups.current.count == 2)

            let (newProvider, restored) = try restore(copy)
            let counts = try restored.ask("/v1/campaigns/\(id)") { campaign in
                Counts(campaign)["sending"] == 0 ? Counts(campaign) : nil
            }
            #expect(counts.sum == accounts.count)
            #expect(counts["retrying"] >= 20, "the calls that were out: \(counts)")
            #expect(counts["sent"] + counts["retrying"] + counts["queued"] == accounts.count)
            let quota = try restored.client().get("/v1/quota").json()
            #expect(quota["state"]?.string == "running")
            #expect(quota["window_used"]?.integer == DaemonSettings().messagesPerMinute)
            #expect(try newProvider.report().calls == 0)

            let (_, paused) = try restore(pausedCopy)
            let isPaused = try paused.client().get("/v1/quota").json()["state"]?.string == "paused"
            #expect(isPaused)
            #expect(try paused.command("resume", "--all").exitCode == 0)
            try paused.ask("/v1/quota") { $0["state"]?.string == "running" ? true : nil }
        }

        @Test func `a backup that can't be made says why and leaves nothing`() throws {
            let daemon = try DaemonProcess(in: sandbox, providerPort: Socket.freePort())
            let taken = try sandbox.write("precious", to: "copy.sqlite")
            let existing = try backUp(to: taken)
            #expect(existing.exitCode == 64)
            #expect(existing.errors.contains("\(taken) is there already"), "\(existing.errors)")
            #expect(try sandbox.read("copy.sqlite") == "precious")
            let nowhere = try backUp(to: sandbox.path("missing/copy"))
            #expect(nowhere.exitCode == 77)
            #expect(nowhere.errors.contains("No such file or directory"), "\(nowhere.errors)")
            #expect(try daemon.stop().exitCode == 0)
            try FileManager.default.removeItem(atPath: sandbox.path("fanoutd.sqlite"))
            let storeless = try backUp(to: sandbox.path("copy"))
            #expect(storeless.exitCode == 78)
            #expect(storeless.errors.contains("there is no store"), "\(storeless.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder)
            #expect(!names.contains { $0.hasSuffix(".partial") })
        }
    }
}
