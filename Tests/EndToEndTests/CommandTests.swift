import Glibc
import Testing

extension EndToEndTests {
    @Suite struct Commands {
        @Test func `a campaign's whole life by the client commands`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let message = try sandbox.write(Message.text("hello"), to: "message.json")
            let accounts = ["bonnie", "missing-1", "rong"] + (10_000..<10_300).map { "user-\($0)" }
            let list = accounts.joined(separator: "\n") + "\n"

            let submit = try daemon.command(
                "submit",
                "--message",
                message,
                "--to",
                "-",
                "--name",
                "First notice",
                "--watch",
                input: Array(list.utf8)
            )
            #expect(submit.exitCode == 1, "one of them is missing\n\(submit.errors)")
            let id = submit.output.trimmingPrefix(while: \.isWhitespace).prefix { !$0.isWhitespace }

            let watch = try daemon.command("watch", String(id))
            #expect(watch.exitCode == 1, "\(watch.errors)")
            let show = try daemon.command("show", String(id), "--json")
            #expect(show.exitCode == 0, "\(show.errors)")
            #expect(show.output.contains("\"First notice\""))
            #expect(show.output.contains("\"completed\""))
            let campaigns = try daemon.command("list")
            #expect(campaigns.output.contains(id))
            #expect(campaigns.output.contains("First notice"))
            let failed = try daemon.command("export", String(id), "--status", "failed")
            #expect(failed.output.contains("missing-1,failed,70107,"))
            #expect(!failed.output.contains("bonnie"))
            let all = try daemon.command("export", String(id))
            #expect(all.output.split(separator: "\r\n").count == 1 + accounts.count)
            let quota = try daemon.command("quota", "--json")
            #expect(quota.output.contains("\"window_used\":303"), "\(quota.output)")
            #expect(try provider.report().accepted == accounts.count - 1)
        }

        @Test func `a submit with the key of one that is done shows that one`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let message = try sandbox.write(Message.text("hello"), to: "message.json")
            let list = try sandbox.write("bonnie\nrong\n", to: "users.txt")
            func submit(_ options: [String] = []) throws -> ChildProcess.Ending {
                let base = ["submit", "--message", message, "--to", list]
                return try daemon.command(base + ["--idempotency-key", "k"] + options)
            }
            let first = try submit(["--watch"])
            #expect(first.exitCode == 0, "\(first.errors)")
            let again = try submit(["--watch"])
            #expect(again.exitCode == 0 && again.output == first.output, "\(again.errors)")
            let id = String(first.output.dropLast())
            #expect(again.errors.contains("submitted before as \(id), which is completed"))
            let json = try submit(["--json"])
            #expect(json.output.contains(#""state":"completed""#), "\(json.errors)")
            #expect(try provider.report().accepted == 2)

            let delete = try daemon.command("delete", id, "--json")
            #expect(delete.output == #"{"id":"\#(id)","deleted":true}"# + "\n")
            let gone = try submit()
            #expect(gone.exitCode == 77 && gone.output.isEmpty)
            #expect(gone.errors.contains("\(id), was deleted after it was made"))
            let more = try daemon.command("add", id, "--to", list)
            #expect(more.exitCode == 65 && !more.errors.contains("%"), "\(more.errors)")
        }

        @Test func `a demo that is kept tells its URL and token, and ends at Ctrl-C`() throws {
            let sandbox = try Sandbox()
            let demo = try sandbox.start(["demo", "--recipients", "10", "--keep"], name: "demo")
            try demo.waitForOutput("its page: ")
            demo.send(signal: SIGINT)
            let ending = try demo.waitForEnd()
            #expect(ending.exitCode == 0, "\(ending.errors)")
            #expect(ending.output.contains(#/stays at http://127\.0\.0\.1:\d+ until/#))
            #expect(ending.output.contains(#/its token: [0-9a-f]{64}\n/#))
            let page = ##/its page: http://localhost:\d+/#token=[0-9a-f]{64}\n/##
            #expect(ending.output.contains(page))
            #expect(!ending.errors.contains(#/[0-9a-f]{64}/#))
        }

        @Test func `a demo that is broken off says so, and not that it was right`() throws {
            let sandbox = try Sandbox()
            let demo = try sandbox.start(["demo", "--recipients", "300000"], name: "demo")
            try demo.waitForErrors("campaign ")
            demo.send(signal: SIGINT)
            let ending = try demo.waitForEnd()
            #expect(ending.exitCode == 1)
            #expect(ending.errors.hasSuffix("fanoutd: the demo was broken off\n"))
        }

        @Test func `a simulator whose port is taken says so`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(in: sandbox)
            let listen = "127.0.0.1:\(provider.port)"
            let second = try sandbox.run(["simulator", "--listen", listen])
            #expect(second.exitCode == 75)
            #expect(second.errors.contains("another program listens at \(listen)"))
        }

        @Test func `the demo ends with its table and code 0`() throws {
            let sandbox = try Sandbox()
            let demo = try sandbox.run(["demo", "--recipients", "300"])
            #expect(demo.exitCode == 0, "\(demo.errors)\n\(demo.output)")
            #expect(demo.output.contains("sent"))
            #expect(demo.output.contains("70107"))
            #expect(demo.output.contains(#/1 answer was lost: its \d+ recipients? w/#))
        }

        @Test func `a command without a daemon says where it looked`() throws {
            let sandbox = try Sandbox()
            let url = "http://127.0.0.1:\(try Socket.freePort())"
            let list = try sandbox.run(["list", "--url", url])
            #expect(list.exitCode == 69)
            #expect(list.errors.contains(url))
        }
    }
}
