import Client
import JSON
import Platform
import Testing

/// Campaigns with jobs, as the commands show and end them.
@Suite struct `A campaign's jobs` {
    private static let times =
        #""started_at":"2026-11-11T00:00:00.000Z","finished_at":null,"eta":null"#

    private static func job(
        _ state: String,
        reason: String = "null",
        total: Int = 1_000,
        _ results: String
    ) -> String {
        let done = results.matches(of: #/\d+/#).compactMap { Int($0.0) }.reduce(0, +)
        return #"{"state":"\#(state)","reason":\#(reason),"total":\#(total),"done":\#(done),"#
            + #"\#(results),\#(times)}"#
    }

    private func campaign(
        name: String = "n",
        state: String = "draft",
        counts: String = #""total":1000,"queued":1000"#,
        _ jobs: [String: String] = [:]
    ) throws -> CampaignView {
        let members = ["check", "verify", "recall"].map { "\"\($0)\":\(jobs[$0] ?? "null")" }
        let json = #"""
            {"id":"0190","name":"\#(name)","state":"\#(state)","priority":"normal",
             "created_at":"2026-11-11T00:00:00.000Z","counts":{\#(counts)},
             \#(members.joined(separator: ","))}
            """#
        return CampaignView(try JSON(parsing: Array(json.utf8)))
    }

    private static let recalling = job("running", #""recalled":338,"missing":1,"failed":1"#)

    @Test func `are shown with their results`() throws {
        let view = try campaign(
            state: "completed",
            counts: #""total":1000,"sent":1000"#,
            [
                "recall": Self.recalling,
                "check": Self.job("completed", #""present":1000,"missing":0,"unclear":0"#),
            ]
        )
        #expect(
            view.text.hasSuffix(
                """
                  sent        1,000
                check         completed, 1,000 of 1,000
                  present     1,000
                recall        running, 340 of 1,000
                  recalled    338
                  missing     1
                  failed      1

                """
            )
        )
        let progress = try #require(view.goingJob?.progress)
        #expect(progress.line == "34%  340 of 1,000  recall  recalled 338  missing 1  failed 1")
        #expect(view.progress.note == "completed  recall 34%  sent 1,000")
    }

    @Test func `say what they wait for`() throws {
        let reason = #"{"code":null,"text":"all sending is paused"}"#
        let verify = Self.job("waiting", reason: reason, #""found":10,"absent":0,"unclear":0"#)
        let job = try #require(try campaign(["verify": verify]).goingJob)
        #expect(job.progress.note == "verify  waiting: all sending is paused  found 10")
        #expect(job.brief == "verify waits at 1%")
    }

    @Test func `have a column of their own while one goes on`() throws {
        func table(_ jobs: [String]) throws -> String {
            let items = jobs.map { #"{"id":"0190","state":"draft","recall":\#($0)}"# }
            var list = CampaignList()
            let page = #"{"items":[\#(items.joined(separator: ","))],"next_cursor":null}"#
            try list.add(Array(page.utf8))
            return list.table.text
        }
        let done = Self.job("completed", #""recalled":1000,"missing":0,"failed":0"#)
        #expect(try !table(["null", done]).contains("JOB"))
        let both = try table([Self.recalling, "null"])
        #expect(both.contains("JOB") && both.contains("recall 34%"))
        #expect(both.split(separator: "\n").count == 3)
    }

    @Test func `keep a watch from its end`() throws {
        // What ends a watch of the campaign is its state; the job is followed before that.
        let view = try campaign(
            state: "completed",
            counts: #""total":5,"sent":5"#,
            ["recall": Self.recalling]
        )
        #expect(view.ending == .everyoneSent && view.goingJob != nil)
    }

    @Test(
        arguments: [
            (JobView.Kind.check, #""present":5,"missing":0,"unclear":0"#, nil),
            (
                .check, #""present":4,"missing":1,"unclear":0"#,
                "fanoutd export 0190 --status failed"
            ),
            (
                .check, #""present":4,"missing":0,"unclear":1"#,
                "fanoutd export 0190 --status failed"
            ),
            (.verify, #""found":5,"absent":0,"unclear":0"#, nil),
            (.verify, #""found":4,"absent":1,"unclear":0"#, "fanoutd export 0190 --status unknown"),
            (.verify, #""found":4,"absent":0,"unclear":1"#, "fanoutd export 0190 --status unknown"),
            (.recall, #""recalled":5,"missing":0,"failed":0"#, nil),
            (
                .recall, #""recalled":4,"missing":1,"failed":0"#,
                "fanoutd export 0190 --recall missing --recall failed"
            ),
            (
                .recall, #""recalled":4,"missing":0,"failed":1"#,
                "fanoutd export 0190 --recall missing --recall failed"
            ),
        ] as [(JobView.Kind, String, String?)]
    )
    func `end well only if everybody is as one wishes`(
        kind: JobView.Kind,
        results: String,
        command: String?
    ) throws {
        let text = Self.job("completed", total: 5, results)
        let job = try #require(try campaign([kind.rawValue: text]).job(kind))
        guard let command else { return try job.conclude("0190") }
        let failure = #expect(throws: CommandFailure.self) { try job.conclude("0190") }
        #expect(failure?.code == .incomplete)
        #expect(failure?.message.hasSuffix("\nSee who: \(command)") == true)
    }

    @Test(arguments: [
        ("stopped", "null", "660 are left: fanoutd recall 0190"),
        (
            "halted", #"{"code":90008,"text":"no such sender"}"#,
            "It is halted: 90008 no such sender\n"
                + "Mend the cause and go on with: fanoutd recall 0190"
        ),
    ])
    func `end badly where somebody is left`(
        state: String,
        reason: String,
        end: String
    ) throws {
        let text = Self.job(state, reason: reason, #""recalled":340,"missing":0,"failed":0"#)
        let job = try #require(try campaign(["recall": text]).job(.recall))
        let failure = #expect(throws: CommandFailure.self) { try job.conclude("0190") }
        #expect(failure?.code == .incomplete)
        #expect(failure?.message == "recall \(state): recalled 340\n\(end)")
    }

    @Test func `go on without a command that is broken off`() {
        let text = Interruption.text(.job(.verify, "0190"), nil)
        #expect(text.hasPrefix("the verification of 0190 goes on without this command"))
        #expect(text.contains("fanoutd watch 0190") && text.contains("fanoutd verify 0190 --stop"))
        let checking = Interruption.text(.checking("0190"), nil)
        #expect(checking.hasPrefix("the draft 0190 stays and isn't started; its check goes on"))
        #expect(checking.contains("fanoutd start 0190"))
    }

    @Test(
        arguments: [
            (4_982, nil, "takes 4,982 messages back at 100 a second", "about 50 s;"),
            (4_982, 20, "takes 4,982 messages back at 20 a second: ", "about 4:10;"),
            (1, 1, "takes 1 message back at 1 a second: ", "about 1 s;"),
        ] as [(Int, Int?, String, String)]
    )
    func `are announced in numbers before a message is taken back`(
        sent: Int,
        rate: Int?,
        start: String,
        time: String
    ) throws {
        let counts = #""total":\#(sent + 8),"sent":\#(sent),"failed":8"#
        let view = try campaign(state: "canceled", counts: counts)
        let text = RecallNotice(view, callsPerSecond: rate).text
        #expect(text.hasPrefix(start) && text.contains(time), "\(text)")
        #expect(text.hasSuffix("what is on a lock screen stays"))
        #expect(text.contains("jobs.recallCallsPerSecond") == (rate == nil))
    }

    @Test func `count only who is left of a recall that was stopped`() throws {
        let stopped = Self.job("stopped", #""recalled":338,"missing":1,"failed":1"#)
        let view = try campaign(
            state: "completed",
            counts: #""total":1000,"sent":1000"#,
            ["recall": stopped]
        )
        #expect(RecallNotice(view, callsPerSecond: 10).text.hasPrefix("takes 660 messages back"))
    }

    @Test(arguments: [
        ("Singles' Day", "Singles' Day", true), ("Singles' Day", "  Singles' Day\t", true),
        ("Singles' Day", "singles' day", false), ("Singles' Day", "", false),
        ("Singles' Day", "0190", false), ("", "0190", true), (" ", "", false), (" ", "0190", true),
        ("Caf\u{E9}", "Cafe\u{301}", false),
    ])
    func `take a message back from whoever knows the campaign's name`(
        name: String,
        answer: String,
        isAgreed: Bool
    ) throws {
        let notice = RecallNotice(try campaign(name: name), callsPerSecond: nil)
        #expect(notice.isAgreed(answer) == isAgreed)
    }

    @Test(arguments: [
        (0, 1_000, 0.0, true), (1, 1_000, 0.0, false), (1, 1_000, 0.1, true),
        (2, 1_000, 0.1, false), (7, 100, 7.0, true), (8, 100, 7.0, false), (5, 5, 100.0, true),
        (0, 0, 0.0, true), (1, 3, 33.3, false), (1, 3, 33.4, true),
    ])
    func `stop a submit if too many are missing`(
        missing: Int,
        total: Int,
        limit: Double,
        passes: Bool
    ) throws {
        let view = try campaign(
            counts: #""total":\#(total),"queued":\#(total - missing),"failed":\#(missing)"#,
            ["check": Self.job("completed", #""present":9,"missing":0,"unclear":0"#)]
        )
        let job = try #require(view.job(.check))
        guard !passes else { return try DraftCheck.judge(job, of: view, limit: limit) }
        let failure = #expect(throws: CommandFailure.self) {
            try DraftCheck.judge(job, of: view, limit: limit)
        }
        #expect(failure?.code == .incomplete)
        #expect(failure?.message.contains("The draft 0190 stays") == true)
        #expect(failure?.message.contains("fanoutd start 0190") == true)
    }

    @Test func `say by how much too many are missing`() throws {
        func message(_ missing: Int, of total: Int) throws -> String? {
            let view = try campaign(
                counts: #""total":\#(total),"failed":\#(missing)"#,
                ["check": Self.job("completed", #""present":1,"missing":1,"unclear":0"#)]
            )
            let job = try #require(view.job(.check))
            let failure = #expect(throws: CommandFailure.self) {
                try DraftCheck.judge(job, of: view, limit: 0)
            }
            return failure?.message
        }
        let start = "don't exist"
        #expect(try message(150, of: 5_000)?.hasPrefix("150 of 5,000 \(start) (3 %)") == true)
        #expect(try message(7, of: 10_000)?.hasPrefix("7 of 10,000 \(start) (0.07 %)") == true)
        #expect(try message(1, of: 9_000_000)?.contains("(0.01 %)") == true)
    }

    @Test(arguments: ["stopped", "halted"])
    func `stop a submit if its check has no end`(state: String) throws {
        let reason = state == "halted" ? #"{"code":70402,"text":"bad parameter"}"# : "null"
        let view = try campaign([
            "check": Self.job(state, reason: reason, #""present":9,"missing":0,"unclear":0"#)
        ])
        let job = try #require(view.job(.check))
        let failure = #expect(throws: CommandFailure.self) {
            try DraftCheck.judge(job, of: view, limit: 100)
        }
        #expect(failure?.code == .incomplete)
        #expect(failure?.message.contains("the check is \(state)") == true)
        #expect(failure?.message.contains("fanoutd check 0190") == true)
    }
}
