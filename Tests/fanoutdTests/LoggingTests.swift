import DeliveryCore
import JSON
import Logging
import Testing
import fanoutd

@Suite struct LoggingTests {
    private func makeRecord(
        level: Logger.Level = .warning,
        message: String = "Batch refused",
        metadata: Logger.Metadata = ["code": "90001", "batch": "7"]
    ) -> LogRecord {
        LogRecord(
            timestamp: Timestamp(milliseconds: 1_794_355_200_123),
            level: level,
            label: "delivery",
            message: message,
            metadata: metadata
        )
    }

    @Test func `text is time, level, message and sorted metadata`() {
        #expect(
            makeRecord().line(as: .text)
                == "2026-11-11T00:00:00.123Z WARNING Batch refused batch=7 code=90001\n"
        )
    }

    @Test func `the journal gets a priority and no time`() {
        #expect(makeRecord().line(as: .journal) == "<4>Batch refused batch=7 code=90001\n")
        #expect(makeRecord(level: .info).line(as: .journal).hasPrefix("<6>"))
        #expect(makeRecord(level: .trace).line(as: .journal).hasPrefix("<7>"))
    }

    @Test func `json is one object a line`() throws {
        let line = makeRecord(message: "a \"b\"\nc").line(as: .json)
        #expect(line.count(where: \.isNewline) == 1)
        #expect(
            line
                == #"{"time":"2026-11-11T00:00:00.123Z","level":"warning","logger":"delivery","#
                + #""message":"a \"b\"\nc","metadata":{"batch":"7","code":"90001"}}"# + "\n"
        )
    }

    @Test func `a line break in a message or a value makes no second record`() {
        let record = makeRecord(message: "a\n<0>b", metadata: ["x": "1\n2", "y": "a b", "z": ""])
        #expect(record.line(as: .journal) == "<4>a <0>b x=\"1\\n2\" y=\"a b\" z=\"\"\n")
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)]
    )
    func `a timestamp is written in UTC`(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test func `auto is the journal's format only on the journal's own stream`() {
        let auto = LogFormat.auto
        #expect(auto.resolved(journalStream: "8:42", standardError: "8:42") == .journal)
        #expect(auto.resolved(journalStream: "8:42", standardError: "8:43") == .text)
        #expect(auto.resolved(journalStream: nil, standardError: nil) == .text)
        #expect(LogFormat.json.resolved(journalStream: "8:42", standardError: "8:42") == .json)
    }
}
