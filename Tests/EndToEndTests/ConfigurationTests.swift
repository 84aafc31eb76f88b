import Testing

extension EndToEndTests {
    @Suite struct Configurations {
        @Test func `a typo in the configuration is named with its line and its cure`() throws {
            let sandbox = try Sandbox()
            try sandbox.write(Provider.secretKey, to: "secret-key")
            let settings = DaemonSettings().text(
                port: try Socket.freePort(),
                providerPort: 9,
                folder: sandbox.folder
            )
            let text = settings.replacing("messagesPerMinute", with: "mesagesPerMinute")
            let file = try sandbox.write(text, to: "fanoutd.yaml")
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let line = try #require(lines.firstIndex { $0.contains("mesagesPerMinute") }) + 1

            for command in ["serve", "check-config"] {
                let ending = try sandbox.run([command, "--config", file])
                #expect(ending.exitCode == 78)
                #expect(ending.errors.contains("\(file):\(line)"), "\(ending.errors)")
                #expect(ending.errors.contains("limits.mesagesPerMinute"), "\(ending.errors)")
                #expect(ending.errors.contains("limits.messagesPerMinute?"), "\(ending.errors)")
            }
        }

        @Test func `a second daemon on the same store is refused and told whose it is`() throws {
            let sandbox = try Sandbox()
            let daemon = try DaemonProcess(in: sandbox, providerPort: 9)
            let text = try sandbox.read("fanoutd.yaml").replacing(
                ":\(daemon.port)\n",
                with: ":\(try Socket.freePort())\n"
            )
            let file = try sandbox.write(text, to: "second.yaml")

            let second = try sandbox.run(["serve", "--config", file])
            #expect(second.exitCode != 0)
            #expect(!second.wasKilled)
            #expect(second.errors.contains(String(daemon.child.processID)), "\(second.errors)")
            #expect(try daemon.client().get("/healthz").status == 200)
        }
    }
}
