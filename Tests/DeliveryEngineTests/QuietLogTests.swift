import DeliveryCore
import DeliveryEngine
import Logging
import TestSupport
import Testing

/// What is written of lines that come again and again.
struct QuietLogTests {
    private let time = VirtualTime()
    private let lines = LogLines { line in
        line.message + line.text(["outcome", "campaign", "recipients", "times"])
    }

    private var log: QuietLog { QuietLog(lines.logger, time: time) }

    private func makeRefusal(
        _ code: Int = 90_057,
        campaign: String = "a",
        recipients: Int = 500
    ) -> LogLine {
        LogLine(
            .warning,
            "refused",
            ["outcome": "\(code)", "campaign": "\(campaign)"],
            kind: "\(code)",
            recipients: recipients
        )
    }

    @Test func `ten minutes of twelve thousand refused calls a minute are eleven lines`() {
        let log = log
        for _ in 0..<120_000 {
            log.log(makeRefusal())
            time.pass(.milliseconds(5))
        }
        let summary = "refused outcome=90057 campaign=a recipients=\(12_000 * 500) times=12000"
        #expect(lines.all.count == 10)
        #expect(lines.all.first == "refused outcome=90057 campaign=a recipients=500")
        #expect(lines.all.last == summary)
        log.flush()
        #expect(lines.all.count == 11)
    }

    @Test func `each kind is written at once, and what waits in the order of the latest`() {
        let log = log
        for code in [1, 2, 1, 2, 2, 1] {
            log.log(makeRefusal(code, recipients: 3))
            time.pass(.seconds(1))
        }
        #expect(
            lines.all == [
                "refused outcome=1 campaign=a recipients=3",
                "refused outcome=2 campaign=a recipients=3",
            ]
        )
        time.pass(.seconds(53))
        log.turn()
        #expect(lines.all.count == 2)
        time.pass(.seconds(1))
        log.turn()
        #expect(
            lines.all.suffix(2) == [
                "refused outcome=2 campaign=a recipients=6 times=2",
                "refused outcome=1 campaign=a recipients=6 times=2",
            ]
        )
        time.pass(.seconds(600))
        log.turn()
        #expect(lines.all.count == 4)
    }

    @Test func `one that comes again after the minute is news`() {
        let log = log
        for _ in 0..<3 {
            log.log(makeRefusal())
            time.pass(.seconds(60))
        }
        #expect(
            lines.all
                == Array(repeating: "refused outcome=90057 campaign=a recipients=500", count: 3)
        )
    }

    @Test func `a summary of several campaigns names none`() {
        let log = log
        for campaign in ["a", "a", "b", "b"] { log.log(makeRefusal(campaign: campaign)) }
        log.flush()
        #expect(lines.all.last == "refused outcome=90057 recipients=1500 times=3")
    }

    @Test func `lines without a kind are all written`() {
        let log = log
        for _ in 0..<50 { log.log(LogLine(.info, "Campaign completed")) }
        #expect(lines.all.count == 50)
    }

    @Test func `ever new kinds neither fill the memory nor the log`() {
        let log = log
        for code in 0..<10_000 { log.log(makeRefusal(code)) }
        #expect(lines.all.count == 101)
        log.flush()
        #expect(lines.all.count == 102)
        // A minute later there is room for new ones again.
        time.pass(.seconds(61))
        log.log(makeRefusal(20_000))
        log.log(makeRefusal(20_001))
        #expect(lines.all.count == 104)
    }

    @Test func `what is settled isn't said later`() {
        let log = log
        for _ in 0..<5 { log.log(makeRefusal()) }
        log.settle("refused")
        log.flush()
        #expect(lines.all.count == 1)
    }

    @Test func `a refused call is a line that names no account`() async throws {
        let queue = FakeQueue()
        let watch = Watch()
        let log = LogLines { line in
            guard line.message == "A call was not accepted" else { return nil }
            return "\(line.level) \(line.metadata.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })"
        }
        let service = DeliveryService(
            queue: queue,
            provider: RefusingProvider(),
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: time,
            observer: watch,
            logger: log.logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            await watch.reports.first { if case .call = $0 { true } else { false } }
            group.cancelAll()
            try await group.waitForAll()
        }
        let outcome = "outcome=refused with 90048 no such thing"
        let first = #"warning ["campaign=\#(FakeQueue.id)", "\#(outcome)", "recipients=3"]"#
        #expect(log.all == [first])
    }
}

/// Refuses every call for all its recipients.
private struct RefusingProvider: Provider {
    func send(_ batch: Batch) async -> Outcome {
        .refused(.recipients, code: 90_048, text: "no such thing")
    }

    func check(_ accounts: [Account]) async -> CheckOutcome {
        .answered(missing: [], unclear: [])
    }

    func lookUp(_ lookUp: LookUp) async -> LookUpOutcome {
        .answered(HistoryPage(found: nil, next: nil))
    }

    func recall(_ recall: Recall) async -> RecallOutcome { .answered(.missing(code: 1)) }

    func renewCredentials() async {}
}
