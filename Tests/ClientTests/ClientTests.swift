import Client
import Glibc
import JSON
import NIOCore
import Platform
import TestSupport
import Testing

@Suite struct ClientTests {
    @Test(arguments: ["127.0.0.1:8480", "unix:relative", "http://a/b", ""])
    func `what is no address is refused`(_ text: String) {
        #expect(DaemonAddress(text) == nil)
    }

    @Test func `ids are percent-encoded`() {
        #expect(DaemonClient.path("a/b?", "/start") == "/v1/campaigns/a%2Fb%3F/start")
    }

    @Test func `what keeps all sending is told with its reason`() throws {
        func hindrance(_ text: String) throws -> String? {
            QuotaView.hindrance(in: try JSON(parsing: Array(text.utf8)))
        }
        #expect(try hindrance(#"{"state":"running","reason":null}"#) == nil)
        #expect(try hindrance(#"{"state":"paused","reason":null}"#) == "all sending is paused")
        let halted = #"{"state":"halted","reason":{"code":70003,"text":"bad UserSig"}}"#
        #expect(try hindrance(halted) == "all sending is halted (70003 bad UserSig)")
    }

    @Test(
        arguments: [
            (
                #"{"state":"running","moving":true,"last_call_at":"T1","causes":[]}"#,
                "The campaign is running, and calls go out; the last one went out at T1.\n"
                    + "Nothing bounds the pace.\n"
            ),
            (
                #"{"state":"completed","moving":false,"last_call_at":null,"causes":[]}"#,
                "The campaign is completed, and no call goes out; none has since the daemon's start.\n"
                    + "Nothing is in the way.\n"
            ),
            (
                #"{"state":"running","moving":false,"last_call_at":null,"causes":["#
                    + #"{"cause":"window_full","text":"the window holds 12000 of 12000","#
                    + #""until":"T2","remedy":null},"#
                    + #"{"cause":"paused","text":"An operator paused it.","until":null,"#
                    + #""remedy":"resume it"}]}"#,
                "The campaign is running, and no call goes out; none has since the daemon's start.\n"
                    + "What is in the way:\n"
                    + "  The window holds 12000 of 12000, until T2.\n"
                    + "  An operator paused it.\n    Resume it.\n"
            ),
        ]
    )
    func `an explanation is sentences`(_ json: String, _ text: String) throws {
        let view = ExplanationView(try JSON(parsing: Array(json.utf8)), of: "the campaign")
        #expect(view.text == text)
    }

    @Test func `failures are shown with their words`() throws {
        let json =
            #"{"id":"x","failures":[{"code":70107,"count":1203,"text":"no such account","#
            + #""may_pass":false},{"code":70169,"count":2,"text":"timed out","may_pass":true},"#
            + #"{"code":1,"count":3,"text":null,"may_pass":false}]}"#
        let text = CampaignView(try JSON(parsing: Array(json.utf8))).text
        #expect(
            text.hasSuffix(
                "  code 70107  1,203  no such account\n"
                    + "  code 70169  2  timed out (may pass: retry)\n  code 1      3\n"
            )
        )
    }

    @Test func `an empty variable counts as not set`() throws {
        let environment = ["FANOUTD_TOKEN_FILE": "", "FANOUTD_TOKEN": ""]
        let token = try ClientToken.find(file: nil, environment: environment, standardFile: "/no")
        #expect(token == nil)
    }

    @Test func `who isn't known learns where the token is looked for`() {
        let failure = Refusal(status: 401, body: Array(#"{"title":"A token is wanted"}"#.utf8))
            .failure()
        #expect(failure.message.contains("--token-file, FANOUTD_TOKEN_FILE or FANOUTD_TOKEN"))
    }

    @Test func `a problem shows its pointers`() {
        let body = #"""
            {"title":"Invalid fields","status":422,"detail":"2 fields are invalid",
             "errors":[{"pointer":"/message/MsgBody/0/MsgType","detail":"no such type"},
                       {"pointer":"","detail":"unknown field x"}]}
            """#
        let failure = Refusal(status: 422, body: Array(body.utf8)).failure()
        #expect(failure.code == .badData)
        #expect(
            failure.message
                == "Invalid fields: 2 fields are invalid\n"
                + "  /message/MsgBody/0/MsgType: no such type\n  /: unknown field x"
        )
        let conflict = #"{"title":"Wrong state","state":"running"}"#
        #expect(
            Refusal(status: 409, body: Array(conflict.utf8)).failure()
                == CommandFailure(.refused, "Wrong state (state running)")
        )
        #expect(
            Refusal(status: 502, body: Array("<html>".utf8)).failure()
                == CommandFailure(.tryAgain, "the daemon answered with status 502")
        )
        #expect(
            Refusal(status: 500, body: Array(#"{"title":""}"#.utf8)).description
                == "the daemon answered with status 500"
        )
    }

    @Test(
        arguments: [
            (400, CommandFailure.Code.badData), (404, .badData), (413, .badData), (422, .badData),
            (401, .refused), (403, .refused), (409, .refused), (408, .tryAgain), (503, .tryAgain),
            (507, .tryAgain),
        ]
    )
    func `a status has an exit code`(_ status: Int, _ code: CommandFailure.Code) {
        #expect(Refusal(status: status, body: []).exitCode == code)
    }

    @Test(
        arguments: [
            ("users.txt", "text/plain", false), ("users.csv", "text/csv", false),
            ("users.ndjson", "application/x-ndjson", false),
            ("users.jsonl", "application/x-ndjson", false), ("users", "text/plain", false),
        ]
    )
    func `a file's name tells its format`(
        _ name: String,
        _ type: String,
        _ isCompressed: Bool
    ) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = try RecipientFile(path: folder.write(name, "bonnie\n"), format: nil)
        #expect(file.format.contentType == type)
        #expect(file.isCompressed == isCompressed)
        #expect(file.size == 7)
        #expect(file.headers.contains { $0 == ("Content-Encoding", "gzip") } == isCompressed)
    }

    @Test func `a missing file or a folder is bad data before anything is made`() throws {
        for path in ["/nonexistent", "/"] {
            let failure = #expect(throws: CommandFailure.self) {
                try RecipientFile(path: path, format: nil)
            }
            #expect(failure?.code == .badData)
        }
        #expect(try RecipientFile(path: "-", format: .csv).size == nil)
    }

    @Test func `a file comes in pieces and is counted`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let text = String(repeating: "0123456789abcde\n", count: 20_000)
        let file = try RecipientFile(path: folder.write("users.txt", text), format: nil)
        let counter = ByteCounter()
        var bytes: [UInt8] = []
        var pieces = 0
        for try await piece in file.chunks(counting: counter) {
            bytes += piece.readableBytesView
            pieces += 1
        }
        #expect(bytes == Array(text.utf8))
        #expect(counter.count == text.utf8.count)
        #expect(pieces > 1)
    }

    @Test func `a message file must hold an object`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for text in ["", "[]", "{", "3"] {
            let path = try folder.write("message.json", text)
            let failure = #expect(throws: CommandFailure.self) { try MessageFile.read(path) }
            #expect(failure?.code == .badData)
        }
    }

    @Test func `an intake is told with its examples`() throws {
        let json = #"""
            {"accepted": 1200, "duplicates": 3, "invalid": 4, "total": 1200,
             "invalid_examples": [{"line": 7, "reason": "it is empty"}]}
            """#
        #expect(
            IntakeView(try JSON(parsing: Array(json.utf8))).text
                == "1,200 accepted, 3 duplicates dropped, 4 invalid lines left out; 1,200 in all\n"
                + "  line 7: it is empty\n  and 3 more"
        )
        let one = #"{"accepted": 4, "duplicates": 1, "invalid": 1, "total": 4}"#
        #expect(
            IntakeView(try JSON(parsing: Array(one.utf8))).text
                == "4 accepted, 1 duplicate dropped, 1 invalid line left out; 4 in all"
        )
        let list = #"{"accepted": 4, "duplicates": 0, "invalid": 0, "total": 1004}"#
        #expect(
            IntakeView(try JSON(parsing: Array(list.utf8))).text(all: "on the list")
                == "4 accepted; 1,004 on the list"
        )
    }

    private func makeCampaign(
        state: String = "running",
        counts: String = #""total":10,"queued":4,"sending":0,"sent":5,"failed":1"#,
        reason: String = "null"
    ) throws -> CampaignView {
        let json = #"""
            {"id":"0190","name":"n","state":"\#(state)","reason":\#(reason),"priority":"normal",
             "created_at":"2026-11-11T00:00:00.000Z","start_at":null,"counts":{\#(counts)},
             "resent":0,"failures":[{"code":70107,"count":1}],"messages_last_minute":1500}
            """#
        return CampaignView(try JSON(parsing: Array(json.utf8)))
    }

    @Test func `counts of any size can be added up`() throws {
        let json =
            #"{"counts":{"total":9223372036854775807,"sent":9223372036854775807,"failed":9}}"#
        let view = CampaignView(try JSON(parsing: Array(json.utf8)))
        #expect(view.finalCount == (1 << 53) + 9)
    }

    @Test func `a campaign is shown with what isn't zero`() throws {
        #expect(
            try makeCampaign().text == """
                id            0190
                name          n
                state         running
                priority      normal
                created       2026-11-11T00:00:00.000Z
                last minute   1,500
                recipients    10
                  queued      4
                  sent        5
                  failed      1
                  code 70107  1

                """
        )
        #expect(
            try makeCampaign().progress.line == "60%  6 of 10  running  queued 4  sent 5  failed 1"
        )
    }

    @Test func `a watch ends by the state and by who was sent`() throws {
        #expect(try makeCampaign().ending == nil)
        #expect(try makeCampaign(state: "paused").ending == nil)
        #expect(try makeCampaign(state: "canceled").ending == .notEveryone)
        let flying = #""total":5,"sending":2,"canceled":3"#
        #expect(try makeCampaign(state: "canceled", counts: flying).ending == nil)
        let lookedUp = #""total":5,"retrying":2,"canceled":3"#
        #expect(try makeCampaign(state: "canceled", counts: lookedUp).ending == nil)
        #expect(
            try makeCampaign(state: "completed", counts: #""total":5,"sent":5"#).ending
                == .everyoneSent
        )
        #expect(
            try makeCampaign(state: "completed", counts: #""total":5,"sent":4,"unknown":1"#).ending
                == .notEveryone
        )
        let suppressed = #""total":5,"sent":4,"suppressed":1"#
        #expect(
            try makeCampaign(state: "completed", counts: suppressed).ending == .everyoneSent
        )
        let failed = #""total":5,"sent":3,"failed":1,"suppressed":1"#
        #expect(try makeCampaign(state: "completed", counts: failed).ending == .notEveryone)
        #expect(
            try makeCampaign(state: "halted", reason: #"{"code":90001,"text":"bad"}"#).ending
                == .halted("90001 bad")
        )
    }

    @Test(arguments: [
        (#""total":1200,"sent":1200,"suppressed":0"#, "completed: 1,200 sent"),
        (#""total":1200,"sent":200,"suppressed":1000"#, "completed: 200 sent, 1,000 suppressed"),
        (#""total":5,"suppressed":5"#, "completed: 0 sent, 5 suppressed"),
    ])
    func `a success says who was sent and who wasn't meant to be`(
        counts: String,
        line: String
    ) throws {
        let campaign = try makeCampaign(state: "completed", counts: counts)
        #expect(CampaignWatch.success(campaign) == line)
        try CampaignWatch.conclude(campaign)
        #expect(campaign.finalCount == campaign.total)
    }

    @Test func `who is suppressed has a column where there are some`() throws {
        var list = CampaignList()
        try list.add(Array(#"{"items":[{"id":"a","counts":{"total":3,"sent":3}}]}"#.utf8))
        #expect(!list.table.text.contains("SUPPRESSED"))
        let second = #"{"items":[{"id":"b","counts":{"total":3,"sent":1,"suppressed":2}}]}"#
        try list.add(Array(second.utf8))
        let table = list.table
        let index = try #require(table.columns.firstIndex { $0.title == "SUPPRESSED" })
        #expect(table.rows.map { $0[index] } == ["0", "2"])
    }

    @Test func `an entry of the suppression list is shown with what it has`() throws {
        let entry =
            #"{"account":"bonnie","reason":"by law","created_at":"2026-11-11T00:00:00.000Z"}"#
        #expect(
            SuppressionView(try JSON(parsing: Array(entry.utf8))).text == """
                account       bonnie
                reason        by law
                since         2026-11-11T00:00:00.000Z

                """
        )
        let bare = #"{"account":"bonnie","reason":null,"created_at":"2026-11-11T00:00:00.000Z"}"#
        #expect(!SuppressionView(try JSON(parsing: Array(bare.utf8))).text.contains("reason"))
    }

    @Test(arguments: [
        ("a/b 天", nil, "a%2Fb%20%E5%A4%A9", "{}"),
        ("bonnie", "say \"no\"", "bonnie", #"{"reason":"say \"no\""}"#),
        ("e\u{301}", "", "e%CC%81", #"{"reason":""}"#),
    ])
    func `an account is suppressed by its bytes`(
        account: String,
        reason: String?,
        path: String,
        body: String
    ) throws {
        let request = DaemonClient.Request.suppress(account, reason: reason)
        #expect(request.path == "/v1/suppressions/\(path)" && request.method == "PUT")
        guard case .json(let bytes) = request.body else {
            Issue.record("it has no document")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == body)
        #expect(DaemonClient.Request.unsuppress(account).path == request.path)
        #expect(DaemonClient.Request.suppression(of: account).path == request.path)
    }

    @Test func `who wasn't reached is listed by the statuses that there are`() throws {
        let counts = #""total":11,"sent":5,"failed":1,"unknown":0,"canceled":3,"suppressed":2"#
        #expect(
            try makeCampaign(counts: counts).exportOfMissed
                == "fanoutd export 0190 --status failed --status canceled"
        )
    }

    @Test func `a watch of a draft ends and says that it must be started`() throws {
        let draft = try makeCampaign(state: "draft", counts: #""total":10,"queued":10"#)
        #expect(draft.ending == .unstarted)
        let failure = #expect(throws: CommandFailure.self) { try CampaignWatch.conclude(draft) }
        #expect(failure?.code == .refused)
        #expect(failure?.message.contains("fanoutd start 0190") == true)
    }

    @Test func `a daemon that doesn't answer is told at once, and once`() {
        var patience = WatchPatience()
        let gone = CommandFailure(.unreachable, "http://x doesn't answer")
        #expect(patience.answered() == nil)
        #expect(
            patience.missed(gone) == .say("http://x doesn't answer\n  trying again for a minute")
        )
        let later = (1..<WatchPatience.lookLimit).map { _ in patience.missed(gone) }
        #expect(later.dropLast().allSatisfy { $0 == .wait })
        #expect(later.last == .giveUp)
        var other = WatchPatience()
        _ = other.missed(gone)
        #expect(other.answered() == "the daemon answers again")
        #expect(other.answered() == nil)
        #expect(other.missed(CommandFailure(.badData, "Not found")) == .giveUp)
    }

    @Test func `who breaks a submit off learns what stays`() throws {
        let draft = try makeCampaign(state: "draft", counts: #""total":1200,"queued":1200"#)
        let text = Interruption.text(.draft("0190"), draft)
        #expect(text.hasPrefix("the draft 0190 stays with 1,200 recipients and isn't started"))
        #expect(text.contains("fanoutd start 0190") && text.contains("fanoutd delete 0190"))
        #expect(Interruption.text(.draft("0190"), nil).contains("fanoutd delete 0190"))
        let running = Interruption.text(.draft("0190"), try makeCampaign())
        #expect(running.contains("running") && running.contains("fanoutd cancel 0190"))
        #expect(Interruption.text(.started("0190"), nil).contains("fanoutd watch 0190"))
        #expect(Interruption.text(.creating, nil).contains("fanoutd list --state draft"))
    }

    @Test func `pages of campaigns become one`() throws {
        var list = CampaignList()
        try list.add(Array(#"{"items":[{"id":"a"} , {"id":"b"}],"next_cursor":"c1"}"#.utf8))
        #expect(list.nextCursor == "c1")
        try list.add(Array(#"{"items":[{"id":"c","x":1.50}],"next_cursor":null}"#.utf8))
        #expect(list.nextCursor == nil)
        #expect(list.campaigns.map(\.id) == ["a", "b", "c"])
        #expect(
            String(decoding: list.json, as: UTF8.self)
                == #"{"items":[{"id":"a"},{"id":"b"},{"id":"c","x":1.50}],"next_cursor":null}"#
                + "\n"
        )
    }

    @Test(
        arguments: [
            (IOError(errnoCode: ECONNREFUSED, reason: "connect"), 69, "is the daemon running"),
            (IOError(errnoCode: EACCES, reason: "connect"), 77, "http.socketGroup"),
            (IOError(errnoCode: ENOENT, reason: "connect"), 69, "no such socket"),
            (
                ForeignError("handshakeFailed(NIOSSL.BoringSSLError.sslError([Error: 268435703]"),
                69, "not TLS"
            ),
            (ForeignError("BoringSSLError CERTIFICATE_VERIFY_FAILED"), 69, "isn't trusted"),
            (ForeignError("NIOWhatever.internals(3)"), 69, "is the daemon running"),
        ] as [(any Error & Sendable, Int32, String)]
    )
    func `no library's words reach a user`(
        _ error: any Error & Sendable,
        _ code: Int32,
        _ words: String
    ) throws {
        let address = try #require(DaemonAddress("https://127.0.0.1:8480"))
        let failure = TransportFault(error).failure(at: address)
        #expect(failure.code.rawValue == code)
        #expect(failure.message.contains(words), "\(failure.message)")
        #expect(!failure.message.contains("SSL") && !failure.message.contains("NIO"))
    }

    /// An error whose type says nothing, as those of libraries below a library.
    struct ForeignError: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    @Test func `a plan is shown`() throws {
        let json = #"""
            {"batches":2041,"largest_batch_accounts":490,"largest_packet_bytes":11993,
             "seconds":5023}
            """#
        #expect(
            PlanView(try JSON(parsing: Array(json.utf8))).text == """
                calls         2,041
                accounts      490 in the largest
                packet        11,993 bytes at most
                time          5,023 s until the last call

                """
        )
    }

    @Test(
        arguments: [
            (
                #"{"role":"leader","leader":"http://a","epoch":7,"synchronous":true}"#, "12000",
                "0",
                "node          leads, epoch 7, a second server keeps each commit"
            ),
            (
                #"{"role":"leader","leader":null,"epoch":7,"synchronous":false}"#, "12000", "0",
                "node          leads, epoch 7, only one server keeps the commits"
            ),
            (
                #"{"role":"standby","leader":"http://a","epoch":7,"synchronous":null}"#, "12000",
                "null", "node          stands by, http://a leads, epoch 7"
            ),
            (
                #"{"role":"standby","leader":null,"epoch":null,"synchronous":null}"#, "12000",
                "null",
                "node          stands by, no leader is known"
            ),
            ("null", "12000", "0", "state         running"),
        ]
    )
    func `a node's part is shown with the quota, and a window that it doesn't know isn't`(
        _ cluster: String,
        _ limit: String,
        _ used: String,
        _ line: String
    ) throws {
        let json =
            #"{"messages_per_minute":\#(limit),"window_used":\#(used),"state":"running","#
            + #""cluster":\#(cluster)}"#
        let text = QuotaView(try JSON(parsing: Array(json.utf8))).text
        #expect(text.split(separator: "\n").contains { $0 == line }, "\(text)")
        #expect(text.contains("window") == (used != "null"))
    }

    @Test func `the quota is shown`() throws {
        let json = #"""
            {"messages_per_minute":12000,"window_used":1500,"calls_per_second":200,
             "state":"halted","reason":{"code":70003,"text":"no signature"},"in_flight":2}
            """#
        #expect(
            QuotaView(try JSON(parsing: Array(json.utf8))).text == """
                state         halted
                reason        70003 no signature
                window        1,500 of 12,000 recipients a minute
                calls         at most 200 a second
                in flight     2

                """
        )
    }
}
