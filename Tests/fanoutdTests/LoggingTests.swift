import DeliveryCore
import Foundation
import Glibc
import JSON
import Logging
import Platform
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

    /// A pipe with room for so many bytes, and what comes out of it.
    private struct SmallPipe {
        let (out, into): (FileHandle, FileHandle)
        let room: Int
        /// `F_SETPIPE_SZ`, which the C library shows only to GNU sources.
        private static let setPipeSize: CInt = 1_031

        init() {
            let pipe = Pipe()
            (out, into) = (pipe.fileHandleForReading, pipe.fileHandleForWriting)
            room = Int(fcntl(into.fileDescriptor, Self.setPipeSize, 4_096))
        }

        func lines(_ count: Int) -> [String] {
            var bytes: [UInt8] = []
            while bytes.count(where: { $0 == 0x0A }) < count {
                let more = out.availableData
                if more.isEmpty { break }
                bytes += more
            }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a reader that stands still costs lines, is told how many, and holds up nobody`() throws {
        let pipe = SmallPipe()
        let writer = LineWriter(to: pipe.into.fileDescriptor, byteLimit: 20_000) { "lost \($0)\n" }
        let sent = 10_000
        for number in 0..<sent { writer.write("line \(number)\n") }
        #expect(!writer.flush(seconds: 0))

        // Writes this short are whole in a pipe, and so are the reads that take all it holds.
        var (whole, lost, lossLines) = (0, 0, 0)
        while whole + lost < sent {
            let lines = pipe.lines(1)
            try #require(!lines.isEmpty)
            for line in lines {
                if line.hasPrefix("lost ") {
                    lost += try #require(Int(line.dropFirst("lost ".count)))
                    lossLines += 1
                } else {
                    #expect(line.hasPrefix("line "))
                    whole += 1
                }
            }
        }
        #expect(whole + lost == sent)
        #expect(lost > 0)
        #expect(lossLines < 10)

        writer.write("again\n")
        #expect(pipe.lines(1) == ["again"])
        #expect(writer.flush(seconds: 60))
    }

    @Test func `nothing follows the line that ends it`() throws {
        let pipe = SmallPipe()
        let writer = LineWriter(to: pipe.into.fileDescriptor, byteLimit: 1_000) { "lost \($0)\n" }
        writer.write("one\n")
        writer.write("the reason\n", isLast: true)
        writer.write("a task that still ran\n")
        #expect(writer.flush(seconds: 60))
        try pipe.into.close()
        let text = try #require(try pipe.out.readToEnd())
        #expect(String(decoding: text, as: UTF8.self) == "one\nthe reason\n")
    }

    @Test func `a reader that has gone is no end and no wait`() throws {
        StandardStreams.prepare()
        let pipe = SmallPipe()
        try pipe.out.close()
        let writer = LineWriter(to: pipe.into.fileDescriptor, byteLimit: 100) { "lost \($0)\n" }
        for _ in 0..<3 {
            writer.write("line\n")
            #expect(writer.flush(seconds: 60))
        }
    }

    @Test func `a descriptor that somebody else set not to block loses nothing`() throws {
        let pipe = SmallPipe()
        #expect(fcntl(pipe.into.fileDescriptor, F_SETFL, O_NONBLOCK) == 0)
        let writer = LineWriter(to: pipe.into.fileDescriptor, byteLimit: 1 << 20) { "lost \($0)\n" }
        let text = String(repeating: "x", count: 3 * pipe.room)
        writer.write(text + "\n")
        #expect(pipe.lines(1) == [text])
    }

    @Test func `auto is the journal's format only on the journal's own stream`() {
        let auto = LogFormat.auto
        #expect(auto.resolved(journalStream: "8:42", standardError: "8:42") == .journal)
        #expect(auto.resolved(journalStream: "8:42", standardError: "8:43") == .text)
        #expect(auto.resolved(journalStream: nil, standardError: nil) == .text)
        #expect(LogFormat.json.resolved(journalStream: "8:42", standardError: "8:42") == .json)
    }
}
