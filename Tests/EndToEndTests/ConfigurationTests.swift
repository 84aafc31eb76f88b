import Foundation
import Glibc
import JSON
import Testing

extension EndToEndTests {
    @Suite struct Configurations {
        @Test func `a typo in the configuration is named with its line and its cure`() throws {
            let sandbox = try Sandbox()
            try sandbox.write(ProviderProcess.secretKey, to: "secret-key")
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

        /// A configuration in which something stands in the place of something else.
        private func write(
            _ old: String,
            _ new: String,
            in sandbox: Sandbox
        ) throws -> String {
            try sandbox.write(ProviderProcess.secretKey, to: "secret-key")
            let text = DaemonSettings().text(port: 1, providerPort: 9, folder: sandbox.folder)
            try #require(text.contains(old))
            return try sandbox.write(text.replacing(old, with: new), to: "fanoutd.yaml")
        }

        @Test(
            arguments: [
                "*:8480", "0:8480", "0x7f.1:8480", "127.1:8480", "2130706433:8480", "0.0.0.0:8480",
                "[0::0]:8480", "[::ffff:0.0.0.0]:8480",
            ]
        )
        func `an address that means another one than it seems is refused`(listen: String) throws {
            let sandbox = try Sandbox()
            let file = try write("127.0.0.1:1", "\"\(listen)\"", in: sandbox)
            for command in ["serve", "check-config"] {
                let ending = try sandbox.run([command, "--config", file])
                #expect(ending.exitCode == 78)
                #expect(ending.errors.contains("\(file):2: http.listen: '"), "\(ending.errors)")
            }
        }

        @Test func `a socket below a file is refused with its key`() throws {
            let sandbox = try Sandbox()
            let below = try sandbox.write("", to: "file") + "/socket"
            let file = try write("127.0.0.1:1", "unix:\(below)", in: sandbox)
            let ending = try sandbox.run(["serve", "--config", file])
            #expect(ending.exitCode == 78, "\(ending.errors)")
            #expect(ending.errors.contains("http.listen"), "\(ending.errors)")
            #expect(ending.errors.contains(below), "\(ending.errors)")
            #expect(!ending.errors.contains("Error("), "\(ending.errors)")
        }

        @Test func `a name that nobody knows is named with its key`() throws {
            let sandbox = try Sandbox()
            let file = try write(
                "listen: 127.0.0.1:1",
                "listen: nobody-knows-it.invalid:1\n  allowRemote: true",
                in: sandbox
            )
            for command in ["serve", "check-config"] {
                let ending = try sandbox.run([command, "--config", file])
                // Without a name server nobody can say whether the name is known.
                #expect([75, 78].contains(ending.exitCode), "\(ending.errors)")
                #expect(
                    ending.errors.hasPrefix(
                        "fanoutd: http.listen: the name in 'nobody-knows-it.invalid:1' "
                    ),
                    "\(ending.errors)"
                )
            }
        }

        @Test(arguments: ["\u{FEFF}0123456789abcdef", "0123456789abcdef\0", "0123456789abcdéf"])
        func `a token file that holds more than it shows is refused`(text: String) throws {
            let sandbox = try Sandbox()
            let file = try write("maxBodyBytes: 1048576", "tokensFile: tokens", in: sandbox)
            for (token, tokens) in [(text, ""), ("0123456789abcdef", "a read \(text)")] {
                try sandbox.write(token, to: "token")
                try sandbox.write(tokens, to: "tokens")
                for command in ["serve", "check-config"] {
                    let ending = try sandbox.run([command, "--config", file])
                    // A mark within a line is no mark, and no ASCII either.
                    #expect(ending.exitCode == 78)
                    let key = tokens.isEmpty ? "http.tokenFile" : "http.tokensFile"
                    #expect(ending.errors.contains(key), "\(ending.errors)")
                    #expect(!ending.errors.contains("0123456789"))
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `a configuration that became a pipe is refused, and nobody waits`() throws {
            let sandbox = try Sandbox()
            let daemon = try DaemonProcess(in: sandbox, providerPort: 9)
            let file = daemon.configurationFile
            try FileManager.default.removeItem(atPath: file)
            try #require(unsafe mkfifo(file, 0o600) == 0)
            daemon.child.send(signal: SIGHUP)
            try daemon.child.waitForNotices("READY=1", count: 2)
            let refused = try daemon.client().get("/v1/quota").json()
            let error = try #require(refused["config_error"]?.string)
            #expect(error.contains("\(file): can't be read (it is a pipe, no file)"), "\(error)")

            try FileManager.default.removeItem(atPath: file)
            try daemon.reload(DaemonSettings(), providerPort: 9)
            let taken = try daemon.client().get("/v1/quota").json()
            #expect(taken["config_error"] != nil && taken["config_error"]?.string == nil)
            #expect(try daemon.stop().exitCode == 0)
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
