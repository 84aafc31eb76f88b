import Glibc
import Testing

extension EndToEndTests {
    /// What the commands say and answer when something is wrong around them.
    @Suite struct CommandFaults {
        /// Runs a shell's line in which `$0` is the program.
        private func shell(
            _ line: String,
            in sandbox: Sandbox,
            environment: [String: String] = [:]
        ) throws -> ChildProcess.Ending {
            try sandbox.start(
                ["-c", line, Sandbox.program],
                of: "/bin/sh",
                name: line,
                environment: environment
            ).waitForEnd()
        }

        @Test func `another server is told as that`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(in: sandbox)
            let list = try sandbox.write("bonnie\n", to: "users.txt")
            for command in [
                ["list"], ["show", "x"], ["quota"], ["export", "x"], ["delete", "x"],
                ["retry", "x"], ["pause", "--all"], ["add", "x", "--to", list],
            ] {
                let ending = try sandbox.run(
                    command + ["--url", "http://127.0.0.1:\(provider.port)"]
                )
                #expect(ending.exitCode == 69, "\(command): \(ending.errors)")
                #expect(ending.errors.contains("no fanoutd at"), "\(command): \(ending.errors)")
                #expect(ending.output.isEmpty)
            }
        }

        @Test func `TLS to a plain port is told without a library's words`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(in: sandbox)
            let list = try sandbox.run(["list", "--url", "https://127.0.0.1:\(provider.port)"])
            #expect(list.exitCode == 69)
            #expect(list.errors.contains("http://"), "\(list.errors)")
            #expect(!list.errors.contains("SSL") && !list.errors.contains("NIO"))
        }

        @Test func `a full disk behind standard output is code 74, and the id isn't lost`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let message = try sandbox.write(Message.text("hello"), to: "message.json")
            let list = try sandbox.write("bonnie\n", to: "users.txt")
            let environment = [
                "FANOUTD_URL": "http://127.0.0.1:\(daemon.port)",
                "FANOUTD_TOKEN_FILE": sandbox.path("token"),
            ]
            let submit = try shell(
                #""$0" submit --message \#(message) --to \#(list) > /dev/full"#,
                in: sandbox,
                environment: environment
            )
            #expect(submit.exitCode == 74, "\(submit.errors)")
            let all = try daemon.command("list", "--all", "--json")
            let said = try #require(submit.errors.firstMatch(of: #/the campaign ([0-9a-f-]{36}) /#))
            #expect(all.output.contains("\"\(said.1)\""))
            for command in [
                "list", "list --json", "show \(said.1)", "export \(said.1)", "quota", "--help",
                "--version", "pause --all", "watch --json \(said.1)",
            ] {
                let ending = try shell(
                    #""$0" \#(command) > /dev/full"#,
                    in: sandbox,
                    environment: environment
                )
                #expect(ending.exitCode == 74, "\(command): \(ending.errors)")
                #expect(ending.errors.contains("No space left on device"), "\(command)")
            }
        }

        @Test func `Ctrl-C in a submit names the draft that stays`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(in: sandbox)
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let message = try sandbox.write(Message.text("hello"), to: "message.json")
            let pipe = sandbox.path("pipe")
            try #require(unsafe mkfifo(pipe, 0o600) == 0)
            // Nobody ends it: the list never comes to its end.
            let writer = unsafe open(pipe, O_RDWR)
            try #require(writer >= 0)
            defer { close(writer) }
            let lines = Array(String(repeating: "bonnie\n", count: 1_000).utf8)
            try #require(unsafe write(writer, lines, lines.count) == lines.count)
            let submit = try sandbox.start(
                ["submit", "--message", message, "--to", pipe],
                name: "submit",
                environment: [
                    "FANOUTD_URL": "http://127.0.0.1:\(daemon.port)",
                    "FANOUTD_TOKEN_FILE": sandbox.path("token"),
                ]
            )
            // Said after a while: the draft is there, and its list is on its way.
            try submit.waitForErrors(" kB")
            submit.send(signal: SIGINT)
            let ending = try submit.waitForEnd()
            #expect(ending.wasKilled && ending.exitCode == SIGINT)
            let drafts = try daemon.command("list", "--state", "draft")
            let id = try #require(ending.errors.firstMatch(of: #/the draft ([0-9a-f-]{36}) stays/#))
            #expect(drafts.output.contains(id.1))
            #expect(ending.errors.contains("fanoutd delete \(id.1)"), "\(ending.errors)")
            let watch = try daemon.command("watch", String(id.1))
            #expect(watch.exitCode == 77)
            #expect(watch.errors.contains("fanoutd start \(id.1)"), "\(watch.errors)")
        }

        @Test func `a watch without a daemon says so and goes on`() throws {
            let sandbox = try Sandbox()
            let url = "http://127.0.0.1:\(try Socket.freePort())"
            let watch = try sandbox.start(["watch", "x", "--url", url], name: "watch")
            try watch.waitForErrors("trying again")
            watch.send(signal: SIGINT)
            #expect(try watch.waitForEnd().wasKilled)
        }

        @Test func `a kept demo ends with its terminal`() throws {
            let sandbox = try Sandbox()
            let demo = try sandbox.start(["demo", "--recipients", "10", "--keep"], name: "demo")
            try demo.waitForOutput("its token: ")
            demo.send(signal: SIGHUP)
            #expect(try demo.waitForEnd().exitCode == 0)
        }

        @Test func `a demo without a place for its store says so`() throws {
            let sandbox = try Sandbox()
            for folder in ["/nonexistent", "/proc"] {
                let demo = try sandbox.run(["demo"], environment: ["TMPDIR": folder])
                #expect(demo.exitCode == 64)
                #expect(demo.errors.contains("TMPDIR") && !demo.errors.contains("NSCocoa"))
            }
        }

        @Test func `a token in a file's place is made into no file and not shown`() throws {
            let sandbox = try Sandbox()
            let token = String(repeating: "0123456789abcdef", count: 4)
            for command in [
                ["list", "--token-file", token], ["backup", token], ["backup", "-"],
                ["submit", "--message", token, "--to", "/dev/null"],
                ["submit", "--message", "/dev/null", "--to", token], ["add", "x", "--to", token],
                ["plan", "--message", token, "--count", "1"], ["check-config", "--config", token],
                ["serve", "--config", token], ["simulator", "--secret-key-file", token],
                ["list", token], ["list", "--limit", token], ["list", "--url", token],
            ] {
                let ending = try shell(
                    #"cd "$HOME" && exec "$0" "# + command.joined(separator: " "),
                    in: sandbox
                )
                #expect([64, 78].contains(ending.exitCode), "\(command): \(ending.errors)")
                #expect(!(ending.errors + ending.output).contains(token), "\(ending.errors)")
            }
            #expect(try shell(#"ls "$HOME""#, in: sandbox).output.isEmpty)
        }

        @Test func `a file whose name isn't UTF-8 is told as that`() throws {
            let sandbox = try Sandbox()
            let message = try sandbox.write(Message.text("hello"), to: "message.json")
            let ending = try shell(
                #"f="$HOME/$(printf 'a\377')"; echo bonnie > "$f"; exec "$0" submit --message "#
                    + message + #" --to "$f""#,
                in: sandbox
            )
            #expect(ending.exitCode == 64)
            #expect(ending.errors.contains("not UTF-8"), "\(ending.errors)")
        }
    }
}
