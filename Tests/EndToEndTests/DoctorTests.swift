import Foundation
import Glibc
import JSON
import TestSupport
import Testing

extension EndToEndTests {
    /// What could stop an instance is named before it does.
    @Suite struct Doctors {
        private let sandbox: Sandbox
        private let provider: ProviderProcess

        init() throws {
            sandbox = try Sandbox()
            provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            try sandbox.write(ProviderProcess.secretKey + "\n", to: "secret-key")
        }

        /// What a doctor found, and how it ended.
        private struct Visit {
            let exitCode: Int32
            let findings: [Finding]

            struct Finding: Equatable {
                let check: String
                let status: String
                let text: String
            }

            subscript(check: String) -> Finding? { findings.first { $0.check == check } }
            var faults: [String] { findings.filter { $0.status == "fault" }.map(\.check) }
            var checks: [String] { findings.map(\.check) }
        }

        private static let checks = [
            "configuration", "secret_key", "tokens", "store", "unit", "clock", "network",
            "credentials",
        ]

        @discardableResult
        private func configure(
            _ settings: DaemonSettings = DaemonSettings(),
            providerPort: Int? = nil,
            edit: (String) -> String = { $0 }
        ) throws -> String {
            let text = settings.text(
                port: try Socket.freePort(),
                providerPort: providerPort ?? provider.port,
                folder: sandbox.folder
            )
            return try sandbox.write(edit(text), to: "fanoutd.yaml")
        }

        /// Has an instance examined, in both forms, which must say the same and no secret.
        private func examine(_ options: String...) throws -> Visit {
            let command = ["doctor", "--config", sandbox.path("fanoutd.yaml")] + options
            let ending = try sandbox.run(command + ["--json"])
            let isQuiet = ending.errors.isEmpty || options.contains("--to")
            #expect(!ending.wasKilled && isQuiet, "\(ending.errors)")
            let json = try JSON(parsing: Array(ending.output.utf8))
            let findings = (json["checks"]?.elements ?? []).map { finding in
                let remedy = finding["remedy"]?.string.map { "; \($0)" } ?? ""
                return Visit.Finding(
                    check: finding["check"]?.string ?? "",
                    status: finding["status"]?.string ?? "",
                    text: (finding["detail"]?.string ?? "") + remedy
                )
            }
            #expect(json["exit"]?.integer == Int(ending.exitCode))
            let plain = try sandbox.run(command)
            #expect(plain.exitCode == ending.exitCode)
            let marks = ["ok": "✓", "warning": "!", "fault": "✗"]
            let lines = plain.output.split(separator: "\n")
            #expect(
                lines.map { $0.prefix { $0 != ":" } }
                    == findings.map { "\(marks[$0.status] ?? "?") \($0.check)"[...] }
            )
            for output in [ending.output, plain.output, plain.errors] {
                #expect(!output.contains(ProviderProcess.secretKey))
                #expect(!output.lowercased().contains("usersig="))
            }
            return Visit(exitCode: ending.exitCode, findings: findings)
        }

        // MARK: All is well

        @Test func `beside a daemon at work all is well, and the daemon goes on`() throws {
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            try daemon.add((10_000..<10_500).map { "user-\($0)" }, to: id)
            let visit = try examine()
            #expect(visit.exitCode == 0, "\(visit.findings)")
            #expect(visit.checks == Self.checks)
            let store = try #require(visit["store"])
            let holder = "in use by a running daemon (pid \(daemon.child.processID))"
            #expect(store.text.contains(holder), "\(store.text)")
            #expect(try provider.report().calls == 0, "a doctor sends nothing")
            let token = try sandbox.read("token").prefix { $0 != "\n" }
            #expect(!visit.findings.contains { $0.text.contains(token) })

            try daemon.startCampaign(id)
            #expect(try daemon.watch(id) == 0)
            #expect(try daemon.stop().exitCode == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder)
            #expect(!names.contains { $0.contains("doctor") }, "\(names)")
            let after = try examine()
            #expect(after.exitCode == 0 && after["store"]?.text.contains("in use") == false)
        }

        @Test func `before the first start all is well, and nothing is made`() throws {
            try configure()
            let before = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder)
            let visit = try examine()
            #expect(visit.exitCode == 0, "\(visit.findings)")
            #expect(visit["tokens"]?.text.hasPrefix("the first start makes ") == true)
            #expect(visit["store"]?.text.hasPrefix("the first start makes ") == true)
            let after = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder)
            #expect(Set(after) == Set(before))
        }

        // MARK: Planted troubles

        @Test func `an unknown key, and nothing is tried with such a configuration`() throws {
            try configure { $0.replacing("maxInFlight:", with: "maxInflights:") }
            let visit = try examine()
            #expect(visit.exitCode == 78)
            #expect(visit.checks == ["configuration"])
            let text = try #require(visit["configuration"]?.text)
            #expect(text.contains("limits.maxInflights: unknown key"), "\(text)")
            #expect(text.contains("did you mean limits.maxInFlight?"), "\(text)")
        }

        @Test func `a secret key that is missing, and the network is looked at all the same`()
            throws
        {
            try configure()
            try FileManager.default.removeItem(atPath: sandbox.path("secret-key"))
            let visit = try examine()
            #expect(visit.exitCode == 78)
            #expect(visit.faults == ["secret_key"])
            #expect(visit.checks == Self.checks.dropLast())
            let text = try #require(visit["secret_key"]?.text)
            #expect(text.contains("can't be read (No such file or directory)"), "\(text)")
        }

        @Test func `a secret key that every user reads is a warning with its cure`() throws {
            try configure()
            let key = sandbox.path("secret-key")
            try #require(unsafe chmod(key, 0o644) == 0)
            let visit = try examine()
            #expect(visit.exitCode == 1)
            #expect(visit["secret_key"]?.status == "warning")
            #expect(visit["secret_key"]?.text.hasSuffix("; run: chmod o= \(key)") == true)
        }

        @Test func `a token that others read`() throws {
            try configure()
            let token = try sandbox.write("0123456789abcdefghij", to: "token")
            try #require(unsafe chmod(token, 0o640) == 0)
            let visit = try examine()
            #expect(visit.exitCode == 78)
            #expect(visit.faults == ["tokens"])
            #expect(visit["tokens"]?.text.hasSuffix("; run: chmod 600 \(token)") == true)
            #expect(visit["tokens"]?.text.contains("0123456789") == false)
        }

        @Test func `further tokens that every user reads`() throws {
            try configure { $0.replacing("http:\n", with: "http:\n  tokensFile: tokens\n") }
            let tokens = try sandbox.write("ops read 0123456789abcdefghij", to: "tokens")
            try #require(unsafe chmod(tokens, 0o644) == 0)
            let visit = try examine()
            #expect(visit.exitCode == 78)
            #expect(visit.faults == ["tokens"])
            #expect(visit["tokens"]?.text.hasSuffix("; run: chmod o= \(tokens)") == true)
        }

        @Test func `a store that is none, and the provider is asked all the same`() throws {
            try configure()
            let text = String(repeating: "not a database\n", count: 400)
            let store = try sandbox.write(text, to: "fanoutd.sqlite")
            let visit = try examine()
            #expect(visit.exitCode == 75)
            #expect(visit.faults == ["store"])
            #expect(visit.checks == Self.checks)
            #expect(visit["store"]?.text.contains("it is no SQLite database") == true)
            #expect(try String(contentsOfFile: store, encoding: .utf8) == text)
        }

        @Test func `a store of a newer version`() throws {
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            #expect(try daemon.stop().exitCode == 0)
            // The header's field of the version, as a later program would write it.
            let file = try FileHandle(forUpdating: URL(filePath: sandbox.path("fanoutd.sqlite")))
            try file.seek(toOffset: 60)
            try file.write(contentsOf: Data([0, 0, 0, 99]))
            try file.close()
            let visit = try examine()
            #expect(visit.exitCode == 75)
            #expect(visit["store"]?.text.contains("has version 99") == true)
            #expect(visit["store"]?.text.hasSuffix("or a newer one") == true)
        }

        @Test func `too little room`() throws {
            try configure(DaemonSettings(minFreeBytes: 1_099_511_627_776))
            let visit = try examine()
            #expect(visit.exitCode == 75)
            #expect(visit.faults == ["store"])
            #expect(visit["store"]?.text.contains("which is under 1099511627776") == true)
            #expect(visit["store"]?.text.hasSuffix("; free some room there") == true)
        }

        @Test func `a folder for the store that isn't there`() throws {
            try configure(DaemonSettings(storeFolder: sandbox.path("nowhere")))
            let visit = try examine()
            #expect(visit.exitCode == 75)
            #expect(visit.faults == ["store"])
            #expect(visit["store"]?.text.contains("No such file or directory") == true)
        }

        @Test func `an endpoint that refuses connections, and no call is tried`() throws {
            try configure(providerPort: try Socket.freePort())
            let visit = try examine()
            #expect(visit.exitCode == 69)
            #expect(visit.faults == ["network"])
            #expect(visit.checks == Self.checks.filter { $0 != "clock" && $0 != "credentials" })
            let text = try #require(visit["network"]?.text)
            #expect(text.contains("TCP fails (connection refused)"), "\(text)")
        }

        @Test func `a backup that can't be reached is a warning, and one in need is asked`() throws
        {
            let dead = try Socket.freePort()
            try configure {
                $0.replacing("limits:", with: "  backupEndpoint: http://127.0.0.1:\(dead)\nlimits:")
            }
            let visit = try examine()
            #expect(visit.exitCode == 1)
            #expect(visit["backup_endpoint"]?.status == "warning")

            try configure(providerPort: dead) {
                $0.replacing(
                    "limits:",
                    with: "  backupEndpoint: http://127.0.0.1:\(provider.port)\nlimits:"
                )
            }
            let second = try examine()
            #expect(second.exitCode == 69)
            #expect(second.faults == ["network"])
            #expect(second["backup_endpoint"]?.status == "ok")
            #expect(second["credentials"]?.status == "ok")
        }

        @Test(arguments: [(-3_600, 78, "fault"), (90, 1, "warning"), (30, 0, "ok")])
        func `a clock that isn't the provider's`(
            offset: Int,
            exitCode: Int32,
            status: String
        ) throws {
            try configure()
            try provider.set(faults: #"{"clock_off_s": \#(offset)}"#)
            let visit = try examine()
            #expect(visit.exitCode == exitCode, "\(visit.findings)")
            #expect(visit["clock"]?.status == status)
            let words = offset < 0 ? "ahead of that of" : "behind that of"
            #expect(visit["clock"]?.text.contains(words) == true, "\(visit.findings)")
        }

        @Test func `a secret key of another app`() throws {
            try configure()
            try sandbox.write("another-key-0123456789", to: "secret-key")
            let visit = try examine()
            #expect(visit.exitCode == 77)
            #expect(visit.faults == ["credentials"])
            let text = try #require(visit["credentials"]?.text)
            #expect(text.contains("70009"), "\(text)")
            #expect(text.hasSuffix("into tencent.secretKeyFile"), "\(text)")
            #expect(!text.contains("another-key"))
        }

        @Test func `an administrator that doesn't exist`() throws {
            let provider = try ProviderProcess(
                in: sandbox,
                options: ["--administrator", "missing-admin"]
            )
            try configure(providerPort: provider.port) {
                $0.replacing("limits:", with: "  administrator: missing-admin\nlimits:")
            }
            let visit = try examine()
            #expect(visit.exitCode == 77)
            #expect(visit.faults == ["credentials"])
            #expect(visit["credentials"]?.text.contains("no account 'missing-admin'") == true)
        }

        @Test func `several troubles are all named, and the first decides the exit`() throws {
            try configure(DaemonSettings(minFreeBytes: 1_099_511_627_776))
            try sandbox.write("another-key-0123456789", to: "secret-key")
            try provider.set(faults: #"{"clock_off_s": 3600}"#)
            let visit = try examine()
            #expect(visit.faults == ["store", "clock", "credentials"])
            #expect(visit.exitCode == 75)
        }

        // MARK: TLS

        /// A provider behind TLS that takes no call, for an app of another data centre.
        private static let secureProvider = """
            import http.server, ssl, sys
            class Provider(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_error(403)
                def do_POST(self):
                    body = b'{"ActionStatus":"FAIL","ErrorCode":60026,"ErrorInfo":""}'
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                def log_message(self, *_):
                    pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            server.socket = context.wrap_socket(server.socket, server_side=True)
            print(server.server_port, flush=True)
            server.serve_forever()
            """

        @Test func `a certificate that isn't trusted, until its root is given`() throws {
            let certificate = try sandbox.write(LoopbackCertificate.certificate, to: "root.pem")
            let key = try sandbox.write(LoopbackCertificate.key, to: "key.pem")
            let server = try sandbox.start(
                ["python3", "-c", Self.secureProvider, certificate, key],
                of: "/usr/bin/env",
                name: "a provider behind TLS"
            )
            let endpoint = "https://localhost:\(try server.firstLine())"
            func edit(_ text: String) -> String {
                text.replacing(#/endpoint: .*/#, with: "endpoint: \(endpoint)")
            }
            try configure(edit: edit)
            let untrusted = try examine()
            #expect(untrusted.exitCode == 69)
            let text = try #require(untrusted["network"]?.text)
            #expect(text.contains("TLS fails (its certificate isn't trusted)"), "\(text)")
            #expect(untrusted["credentials"] == nil)

            try configure { edit($0).replacing("limits:", with: "  caFile: root.pem\nlimits:") }
            let trusted = try examine()
            #expect(trusted["network"]?.text.contains(", TLS ") == true, "\(trusted.findings)")
            #expect(trusted["clock"]?.status == "ok")
            #expect(trusted.exitCode == 77)
            let remedy = "give the domain of the app's data centre in tencent.endpoint"
            #expect(trusted["credentials"]?.text.hasSuffix(remedy) == true)
        }

        // MARK: A message

        private func startDaemon() throws -> DaemonProcess {
            try DaemonProcess(in: sandbox, providerPort: provider.port)
        }

        @Test func `a message goes through the daemon, and its history shows it`() throws {
            let daemon = try startDaemon()
            try provider.set(faults: #"{"history_delay_s": 1}"#)
            let visit = try examine("--to", "bonnie")
            #expect(visit.exitCode == 0, "\(visit.findings)")
            #expect(visit.checks == Self.checks + ["delivery"])
            let words =
                #/the message to 'bonnie' was sent, its history shows it after .*, with the/#
            let text = try #require(visit["delivery"]?.text)
            #expect(text.prefixMatch(of: words) != nil, "\(text)")
            #expect(text.contains(#/call's MsgKey \d+_\d+_\d+$/#), "\(text)")
            // One for each form of the report.
            let report = try provider.report()
            #expect(report.accepted == 2 && report.calls == 2 && report.largestBatch == 1)
            let list = try daemon.client().get("/v1/campaigns").json()
            for campaign in try #require(list["items"]?.elements) {
                #expect(campaign["name"]?.string == "Test by fanoutd doctor")
                #expect(campaign["priority"]?.string == "high")
                #expect(campaign["on_unknown"]?.string == "leave")
                #expect(campaign["state"]?.string == "completed")
            }
        }

        @Test func `a history that never shows it is told as a warning`() throws {
            _ = try startDaemon()
            try provider.set(faults: #"{"history_wiped": 1}"#)
            let visit = try examine("--to", "bonnie")
            #expect(visit.exitCode == 1)
            let text = try #require(visit["delivery"]?.text)
            #expect(text.contains("its history doesn't show it within 5."), "\(text)")
        }

        @Test func `an account that doesn't exist is a warning`() throws {
            _ = try startDaemon()
            let visit = try examine("--to", "missing-7")
            #expect(visit.exitCode == 1)
            let text = try #require(visit["delivery"]?.text)
            #expect(text.contains("ended as failed: 90012 the accounts don't exist"), "\(text)")
        }

        @Test func `while all sending is paused nothing is sent, nor left behind`() throws {
            let daemon = try startDaemon()
            #expect(try daemon.command("pause", "--all").exitCode == 0)
            let visit = try examine("--to", "bonnie")
            #expect(visit.exitCode == 1)
            let text = try #require(visit["delivery"]?.text)
            #expect(text.hasPrefix("the daemon sent nothing: all sending is paused"), "\(text)")
            #expect(try daemon.client().get("/v1/campaigns").json()["items"]?.elements?.count == 0)
        }

        @Test(arguments: [true, false])
        func `without a daemon nothing is sent`(hasToken: Bool) throws {
            try configure()
            if hasToken { try sandbox.write("0123456789abcdefghij", to: "token") }
            let visit = try examine("--to", "bonnie")
            #expect(visit.exitCode == 1)
            #expect(visit["delivery"]?.status == "warning")
            #expect(visit["delivery"]?.text.hasPrefix("nothing was sent, no daemon") == true)
            #expect(try provider.report().calls == 0)
        }

        @Test(arguments: ["", "a\tb", String(repeating: "x", count: 33)])
        func `what is no account is a wrong use`(account: String) throws {
            try configure()
            let command = ["doctor", "--config", sandbox.path("fanoutd.yaml")]
            let ending = try sandbox.run(command + ["--to", account])
            #expect(ending.exitCode == 64)
            #expect(ending.output.isEmpty && ending.errors.contains("--to: an account "))
        }
    }
}
