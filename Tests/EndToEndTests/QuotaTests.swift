import JSON
import Testing

extension EndToEndTests {
    @Suite struct Quota {
        /// The minute itself passes in virtual time elsewhere; here only its first seconds do.
        @Test func `a full window stays full through a crash`() throws {
            let sandbox = try Sandbox()
            let options = ["--quota", "600", "--window", "rolling"]
            let provider = try ProviderProcess(in: sandbox, options: options)
            let settings = DaemonSettings(messagesPerMinute: 600, burst: 600, batchAccounts: 100)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                settings: settings
            )

            let id = try daemon.submit((10_000..<10_700).map { "user-\($0)" })
            // A new batch is cut to the room that is left only while that is at least 50.
            try daemon.ask("/v1/campaigns/\(id)") { campaign in
                Counts(campaign)["sent"] > 540 ? true : nil
            }
            let before = try provider.report()
            #expect(before.refusals.isEmpty)

            try daemon.crash()
            try daemon.startAgain()
            let quota = try daemon.client().get("/v1/quota").json()
            #expect(quota["messages_per_minute"]?.integer == 600)
            #expect((541...600).contains(quota["window_used"]?.integer ?? 0))
            // The restarted daemon has answered, so it has had its turn to send.
            let counts = try daemon.ask("/v1/campaigns/\(id)") { campaign in
                Counts(campaign)["sending"] == 0 ? Counts(campaign) : nil
            }
            #expect(counts.sum == 700)
            #expect(counts["queued"] >= 100)
            let after = try provider.report()
            #expect(after.recipients <= 600)
            #expect(after.refusals.isEmpty)
            #expect(after.acceptedTwice == 0)
        }
    }
}
