import DeliveryCore
import JSON
import TencentIMSimulator
import Testing
import fanoutd

@Suite struct DemoTests {
    @Test func `an audience has accounts of every fate, none twice, all of them valid`() {
        let audience = DemoAudience(count: 3_000)
        let accounts = (0..<3_000).map(audience.account)
        #expect(Set(accounts).count == 3_000)
        #expect(accounts.allSatisfy { Account.fault(in: Array($0.utf8)) == nil })
        let kinds = ["missing-", "flaky-1-91000-", "flaky-2-90992-", "err-90048-", "user-"]
        let counts = kinds.map { kind in accounts.count { $0.hasPrefix(kind) } }
        #expect(counts == [30, 23, 22, 14, 2_911])
        #expect(audience.account(at: 0).hasPrefix("user-"))
        #expect(audience.lines(0..<2) == Array("user-0000000\nuser-0000001\n".utf8))
    }

    @Test func `a large audience has too few missing ones for a batch of their own`() {
        let audience = DemoAudience(count: 1_000_000)
        let missing = (0..<100_000).count { audience.account(at: $0).hasPrefix("missing-") }
        #expect(missing == 40)
    }

    @Test(
        arguments: [
            ("user-1", Recipient.Status.sent, [0], 1), ("missing-1", .failed, [70_107, 90_012], 1),
            ("err-90048-1", .failed, [90_048], 1), ("flaky-2-91000-1", .sent, [0], 3),
        ] as [(String, Recipient.Status, Set<Int>, Int)]
    )
    func `a name says what must become of it`(
        _ account: String,
        _ status: Recipient.Status,
        _ codes: Set<Int>,
        _ attempts: Int
    ) {
        #expect(DemoAudience.expectation(of: account) == (status, codes, attempts))
    }

    private let provider: SimulatorReport = {
        var report = SimulatorReport()
        report.calls = 8
        report.largestBatch = 500
        report.largestPacketBytes = 11_998
        report.busiestMinute = 4
        report.lostAnswers = 1
        report.unanswered = 2
        report.lookedUp = 3
        return report
    }()

    private func makeReport(flakyAttempts: Int = 2) throws -> DemoReport {
        var report = DemoReport()
        let rows = [
            #"{"account":"user-1","status":"sent","code":0,"attempts":1}"#,
            #"{"account":"user-2","status":"sent","code":0,"attempts":1}"#,
            #"{"account":"flaky-1-91000-1","status":"sent","code":0,"attempts":\#(flakyAttempts)}"#,
            #"{"account":"missing-1","status":"failed","code":70107,"info":"no such account","attempts":1}"#,
        ]
        for row in rows { report.add(try JSON(parsing: Array(row.utf8))) }
        return report
    }

    @Test func `a report is a table, totals and a verdict`() throws {
        #expect(
            try makeReport().text(expected: 4, seconds: 14.6, provider: provider) == """
                STATUS   CODE  RECIPIENTS  CALLS EACH  MEANING
                sent        0           3         1.3
                failed  70107           1         1.0  no such account

                4 recipients in 15 s, 8 calls, largest 500 accounts and 11,998 bytes
                busiest 60 s at the provider: 4 of 12,000 recipients
                1 answer was lost: its 2 recipients were looked up in their histories and found
                every recipient ended as it should

                """
        )
        #expect(try makeReport().isRight(expected: 4, provider: provider))
    }

    @Test func `whatever isn't as it should be is named`() throws {
        let report = try makeReport(flakyAttempts: 1)
        var provider = provider
        provider.acceptedTwice = 2
        provider.busiestMinute = 12_001
        provider.lostAnswers = 0
        provider.lookedUp = 1
        let text = report.text(expected: 5, seconds: 1, provider: provider)
        #expect(!report.isRight(expected: 4, provider: self.provider))
        #expect(text.contains("WRONG: flaky-1-91000-1: sent 0 after 1, not sent 0 after 2 or more"))
        #expect(text.contains("WRONG: 4 recipients, not 5"))
        #expect(text.contains("WRONG: the quota was passed"))
        #expect(text.contains("WRONG: 2 were sent twice"))
        #expect(text.contains("WRONG: 0 answers were lost, not 1"))
        #expect(text.contains("WRONG: looked up: 1 of the 2 whose answer was lost"))
        #expect(!text.contains("ended as it should"))
    }

    @Test func `a lost answer of one recipient is told in the singular`() throws {
        var provider = provider
        provider.unanswered = 1
        let text = try makeReport().text(expected: 4, seconds: 1, provider: provider)
        #expect(text.contains("its 1 recipient was looked up in its history and found\n"))
    }

    @Test func `lines are found across pieces`() {
        var splitter = LineSplitter()
        let pieces = ["ab", "c\nd\n\ne", "", "f\n"].map { Array($0.utf8) }
        let lines = pieces.flatMap { splitter.take($0) }
        #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["abc", "d", "", "ef"])
    }
}
