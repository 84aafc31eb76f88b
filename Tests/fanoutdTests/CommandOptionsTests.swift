import ArgumentParser
import Client
import Platform
import TestSupport
import Testing
import fanoutd

@Suite struct CommandOptionsTests {
    @Test func `a draft's body holds what was given and the message as it is written`() throws {
        let options = try CampaignOptions.parse([
            "--name", "a \"b\"", "--priority", "high", "--messages-per-minute", "600",
            "--on-unknown", "leave",
        ])
        let message = #"{"MsgBody": [ ], "big": 12345678901234567890}"#
        #expect(
            String(decoding: options.body(message: Array(message.utf8)), as: UTF8.self)
                == #"{"name":"a \"b\"","priority":"high","on_unknown":"leave","#
                + #""messages_per_minute":600,"start":false,"message":\#(message)}"#
        )
    }

    @Test(arguments: [
        (
            "09:00-21:00 Asia/Shanghai",
            #"{"from":"09:00","to":"21:00","time_zone":"Asia/Shanghai"}"#
        ),
        (
            "22:00-06:00 UTC sat-mon,thu",
            #"{"from":"22:00","to":"06:00","time_zone":"UTC","days":["sat","sun","mon","thu"]}"#
        ),
        (
            "9-21 Nowhere wed,someday",
            #"{"from":"9","to":"21","time_zone":"Nowhere","days":["wed","someday"]}"#
        ),
        ("any", "null"),
    ])
    func `sending hours are passed on as they are`(text: String, json: String) throws {
        let options = try CampaignOptions.parse(["--send-between", text])
        #expect(
            String(decoding: options.body(message: Array("{}".utf8)), as: UTF8.self)
                == #"{"send_between":\#(json),"start":false,"message":{}}"#
        )
        _ = try Fanoutd.parseAsRoot([
            "plan", "--message", "m", "--count", "5", "--send-between", text,
        ])
    }

    @Test(arguments: ["", "09:00", "09:00-21:00", "09:00 UTC", "a-b-c UTC", "a-b UTC mon tue"])
    func `sending hours of another form are refused`(text: String) {
        #expect(throws: (any Error).self) {
            _ = try CampaignOptions.parse(["--send-between", text])
        }
    }

    @Test func `a plan is for a file or a number`() throws {
        _ = try Fanoutd.parseAsRoot(["plan", "--message", "m", "--count", "5"])
        _ = try Fanoutd.parseAsRoot(["plan", "--message", "m", "--to", "f"])
        for wrong in [[], ["--count", "5", "--to", "f"]] {
            #expect(throws: (any Error).self) {
                _ = try Fanoutd.parseAsRoot(["plan", "--message", "m"] + wrong)
            }
        }
    }

    @Test(arguments: [
        ["check", "0190"], ["verify", "0190", "--json"], ["recall", "0190", "--yes"],
        ["check", "0190", "--stop"], ["recall", "0190", "--calls-per-second", "20", "--detach"],
        ["submit", "--message", "m", "--to", "f", "--check"],
        ["submit", "--message", "m", "--to", "f", "--check", "--max-missing", "0.5"],
        ["export", "0190", "--recall", "missing", "--recall", "failed"],
    ])
    func `jobs are asked for`(line: [String]) throws {
        _ = try Fanoutd.parseAsRoot(line)
    }

    @Test(arguments: [
        ["check"], ["check", "0190", "--stop", "--detach"], ["verify", "0190", "--yes"],
        ["recall", "0190", "--stop", "--yes"],
        ["recall", "0190", "--stop", "--calls-per-second", "1"],
        ["recall", "0190", "--calls-per-second", "x"],
        ["submit", "--message", "m", "--to", "f", "--max-missing", "5"],
        ["submit", "--message", "m", "--to", "f", "--check", "--max-missing", "100.1"],
        ["submit", "--message", "m", "--to", "f", "--check", "--max-missing", "-1"],
        ["submit", "--message", "m", "--to", "f", "--check", "--max-missing", "nan"],
    ])
    func `jobs are not asked for in words that make no sense`(line: [String]) throws {
        #expect(throws: (any Error).self) { _ = try Fanoutd.parseAsRoot(line) }
    }

    @Test(arguments: [
        ["suppress", "bonnie"], ["suppress", "bonnie", "rong", "--reason", "by law", "--json"],
        ["suppress", "--from", "f", "--format", "csv"], ["suppress", "--", "-x"],
        ["unsuppress", "bonnie", "rong"], ["suppressions"], ["suppressions", "bonnie", "--json"],
        ["suppressions", "--format", "ndjson"], ["retry", "0190", "--status", "suppressed"],
        ["export", "0190", "--status", "suppressed"],
    ])
    func `accounts are suppressed, and shown`(line: [String]) throws {
        _ = try Fanoutd.parseAsRoot(line)
    }

    @Test(arguments: [
        (["suppress"], "give accounts"), (["suppress", "a", "--from", "f"], "give accounts"),
        (["suppress", "--from", "f", "--reason", "r"], "--reason goes with accounts"),
        (["suppress", "a", "--format", "csv"], "--format goes with --from"),
        (["suppress", "a", ""], "this one is empty"), (["unsuppress"], "Missing"),
        (["unsuppress", ""], "this one is empty"), (["suppressions", ""], "this one is empty"),
        (["suppressions", "a", "--format", "csv"], "the whole list"),
    ])
    func `suppressions are not asked for in words that make no sense`(
        line: [String],
        words: String
    ) throws {
        let fault = #expect(throws: (any Error).self) { _ = try Fanoutd.parseAsRoot(line) }
        let text = fault.map { Fanoutd.message(for: $0) } ?? ""
        #expect(text.contains(words), "\(text)")
    }

    @Test func `a plan reads each form as a submit does`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let forms: [(String, String)] = [
            ("a.txt", "\u{FEFF}bonnie\r\n\nrong\nbonnie\n"),
            ("b.CSV", "\u{FEFF}name,account\r\nB,bonnie\r\nR,\"rong\"\r\n"),
            ("c.ndjson", "\u{FEFF}\"bonnie\"\n{\"account\": \"rong\"}\n"),
        ]
        for (name, text) in forms {
            for (name, bytes) in [
                (name, Array(text.utf8)), (name + ".gz", gzip(Array(text.utf8))),
            ] {
                let file = try RecipientFile(path: folder.write(name, bytes: bytes), format: nil)
                let (accounts, invalid) = try await ListAccounts.read(file, limit: 1_000)
                #expect(accounts == [Array("bonnie".utf8), Array("rong".utf8)], "\(name)")
                #expect(invalid == 0)
            }
        }
        let large = try RecipientFile(
            path: folder.write("large", String(repeating: "bonnie\n", count: 200)),
            format: nil
        )
        await #expect(throws: CommandFailure.self) {
            _ = try await ListAccounts.read(large, limit: 1_000)
        }
    }
}
