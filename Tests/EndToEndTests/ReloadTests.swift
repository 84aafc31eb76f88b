import JSON
import Testing

extension EndToEndTests {
    @Suite struct Reloads {
        @Test func `limits, endpoint and key change in mid-campaign, and the window holds`() throws
        {
            let sandbox = try Sandbox()
            // What the limits of any of its minutes come to; one recipient more is refused.
            let options = ["--quota", "1000", "--window", "rolling"]
            let provider = try ProviderProcess(in: sandbox, options: options)
            var settings = DaemonSettings(messagesPerMinute: 600, burst: 1_000, batchAccounts: 100)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                settings: settings
            )
            let id = try daemon.submit((10_000..<13_000).map { "user-\($0)" })
            try waitForSent(over: 540, of: id, daemon)

            settings.messagesPerMinute = 300
            try daemon.reload(settings, providerPort: provider.port)
            let lowered = try daemon.client().get("/v1/quota").json()
            #expect(lowered["messages_per_minute"]?.integer == 300)
            #expect(lowered["window_used"]?.integer == 300)
            #expect(try provider.report().recipients <= 600)

            settings.messagesPerMinute = 1_000
            try daemon.reload(settings, providerPort: provider.port)
            try waitForSent(over: 940, of: id, daemon)
            let raised = try daemon.client().get("/v1/quota").json()
            #expect(raised["messages_per_minute"]?.integer == 1_000)
            let first = try provider.report()
            #expect((941...1_000).contains(first.recipients))
            #expect(first.refusals.isEmpty)

            // Another app's account of it all: where it listens, what it signs with, what it allows.
            let key = String(repeating: "0123456789abcdef", count: 4)
            let keyFile = try sandbox.write(key, to: "secret-key")
            let other = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited + ["--secret-key-file", keyFile]
            )
            settings.messagesPerMinute = 600_000
            try daemon.reload(settings, providerPort: other.port)
            #expect(try daemon.watch(id) == 0)
            let second = try other.report()
            #expect(second.refusals.isEmpty)
            #expect(second.accepted + (try provider.report().accepted) == 3_000)
            #expect(try daemon.export(id).allSatisfy { $0.attempts == 1 })

            let errors = try daemon.stop().errors
            #expect(
                errors.contains(
                    "Configuration read again changed=\"tencent.secretKeyFile, tencent.endpoint, "
                        + "limits.messagesPerMinute\""
                ),
                "\(errors)"
            )
            #expect(!errors.contains(key))
            #expect(!errors.contains(ProviderProcess.secretKey))
        }

        @Test func `a bad file leaves the old configuration, and the next good one clears it`()
            throws
        {
            let sandbox = try Sandbox()
            var settings = DaemonSettings(messagesPerMinute: 600)
            let daemon = try DaemonProcess(in: sandbox, providerPort: 9, settings: settings)

            settings.burst = 77
            try daemon.reload(settings, providerPort: 9) {
                $0.replacing("messagesPerMinute: 600", with: "messagesPerMinute: many")
            }
            let refused = try daemon.client().get("/v1/quota").json()
            let error = try #require(refused["config_error"]?.string)
            #expect(error.contains("\(daemon.configurationFile):"))
            #expect(error.contains("limits.messagesPerMinute: 'many' is text"), "\(error)")
            #expect(!error.contains("\n"))
            #expect(refused["messages_per_minute"]?.integer == 600)
            #expect(refused["state"]?.string == "running")

            // The level is in force before the line that would tell of it.
            settings.maxBodyBytes = 2_048
            settings.messagesPerMinute = 700
            settings.logLevel = "warning"
            try daemon.reload(settings, providerPort: 9)
            let taken = try daemon.client().get("/v1/quota").json()
            #expect(taken["config_error"] != nil && taken["config_error"]?.string == nil)
            #expect(taken["messages_per_minute"]?.integer == 700)

            let notices = daemon.child.notices.filter { notice in
                ["READY=1", "RELOADING=1"].contains(notice) || notice.hasPrefix("MONOTONIC_USEC=")
            }
            #expect(
                notices.map { $0.prefix(10) } == ["READY=1"]
                    + [
                        "RELOADING=", "MONOTONIC_", "READY=1", "RELOADING=", "MONOTONIC_",
                        "READY=1",
                    ]
            )
            let errors = try daemon.stop().errors
            #expect(errors.contains("ERROR Configuration refused, the old one stays"), "\(errors)")
            #expect(
                errors.contains("WARNING Changed keys wait for a restart keys=http.maxBodyBytes")
            )
            #expect(!errors.contains("Configuration read again"))
        }

        @Test func `tokens change without a restart, and a bad file leaves the old ones`() throws {
            let sandbox = try Sandbox()
            let settings = DaemonSettings(messagesPerMinute: 600)
            let daemon = try DaemonProcess(in: sandbox, providerPort: 9, settings: settings)
            let first = try daemon.client()
            let second = "a-second-token-of-32-bytes-length"
            func status(_ token: String?) throws -> Int {
                try HTTPClient(port: daemon.port, token: token).get("/v1/quota").status
            }
            func reload() throws {
                try daemon.reload(settings, providerPort: 9) {
                    $0.replacing("  maxBodyBytes", with: "  tokensFile: tokens\n  maxBodyBytes")
                }
            }

            try sandbox.write("viewer read the-viewers-token-is-this\n", to: "tokens")
            try sandbox.write(second, to: "token")
            try reload()
            #expect(try status(first.token) == 401)
            #expect(try status(second) == 200)
            #expect(try status("the-viewers-token-is-this") == 200)

            // Too short to be a token: the reload is refused as a whole.
            try sandbox.write("short", to: "token")
            try sandbox.write("viewer read another-token-for-viewers\n", to: "tokens")
            try reload()
            #expect(try status(second) == 200)
            #expect(try status("the-viewers-token-is-this") == 200)
            #expect(try status("another-token-for-viewers") == 401)

            let errors = try daemon.stop().errors
            #expect(errors.contains("changed=\"http.tokenFile, http.tokensFile\""), "\(errors)")
            #expect(errors.contains("http.tokenFile: "), "\(errors)")
            #expect(!errors.contains(second) && !errors.contains("viewers-token"))
        }

        private func waitForSent(over count: Int, of id: String, _ daemon: DaemonProcess) throws {
            try daemon.ask("/v1/campaigns/\(id)") { campaign in
                Counts(campaign)["sent"] > count ? true : nil
            }
        }
    }
}
