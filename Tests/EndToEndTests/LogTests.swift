import JSON
import Testing

extension EndToEndTests {
    @Suite struct Logs {
        private static let canary = "canary-5f1c77"

        /// Runs a campaign of which some fail, and asks for what is refused.
        private func log(level: String) throws -> (lines: [Substring], token: String) {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            var settings = DaemonSettings()
            settings.logLevel = level
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                settings: settings
            )
            let token = try String(sandbox.read("token").prefix { $0 != "\n" })
            let accounts =
                ["missing-1", "err-90048-1", "flaky-1-91000-1"] + (1...50).map { "user-\($0)" }
            let id = try daemon.submit(
                accounts.map { "\($0)-\(Self.canary)" },
                message: Message.text(Self.canary)
            )
            #expect(try daemon.watch(id) == 1)
            let client = try daemon.client()
            let gateway = "/v4/openim/batchsendmsg?sdkappid=1&identifier=x&usersig=\(Self.canary)"
            for path in ["/v1/campaigns", gateway] {
                _ = try client.post(path, "{\"message\": \"\(Self.canary)\"}")
            }
            let stranger = HTTPClient(port: daemon.port, token: Self.canary)
            #expect(try stranger.get("/v1/quota").status == 401)
            let ending = try daemon.stop()
            #expect(ending.exitCode == 0)
            let lines = ending.errors.split(separator: "\n")
            #expect(lines.count { $0.contains("Campaign completed") && $0.contains(id) } == 1)
            return (lines, token)
        }

        @Test(arguments: ["debug", "info"])
        func `the log names no account, message, token or secret, and no recipient's end`(
            level: String
        ) throws {
            let (lines, token) = try log(level: level)
            for secret in [Self.canary, token, ProviderProcess.secretKey] {
                let leaks = lines.filter { $0.contains(secret) }
                #expect(leaks == [])
            }
            // At debug, the services' library says of each when it is stopped.
            let own = lines.filter { !$0.contains("sl-service") }
            #expect(own.count < 40, "53 recipients: \(lines)")
        }
    }
}
