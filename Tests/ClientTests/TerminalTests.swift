import Client
import Platform
import Testing

@Suite struct TerminalTests {
    @Test func `columns are aligned and lines end without blanks`() {
        var table = TextTable([.text("NAME"), .number("COUNT"), .text("NOTE")])
        table.add(["a", "1,000", "x"])
        table.add(["longer", "7", ""])
        #expect(table.text == "NAME    COUNT  NOTE\na       1,000  x\nlonger      7\n")
    }

    @Test(
        arguments: [
            (0, "0"), (999, "999"), (1_000, "1,000"), (-12_345, "-12,345"),
            (10_000_000, "10,000,000"),
        ]
    )
    func `numbers are grouped`(_ number: Int, _ text: String) {
        #expect(number.grouped == text)
    }

    @Test func `progress is a fraction, an amount, a rate and an ETA`() {
        var progress = Progress(done: 1_500, total: 3_000, unit: .recipients, note: "running")
        #expect(progress.line == "50%  1,500 of 3,000  running")
        progress.rate = 200
        #expect(progress.line == "50%  1,500 of 3,000  200/s  ETA 0:08  running")
        #expect(
            progress.bar(columns: 80)
                == "[###############---------------] 50%  1,500 of 3,000  200/s  ETA 0:08  running"
        )
    }

    @Test func `a bar never wraps`() {
        let progress = Progress(done: 1_500, total: 3_000, unit: .recipients, rate: 200)
        for columns in 20...120 { #expect(progress.bar(columns: columns).count < columns) }
        #expect(progress.bar(columns: 60).contains("["))
    }

    @Test func `a note is cut and the bar stays, whatever the note is written in`() {
        let notes = [
            "running  queued 1,234,567  sending 1,500  sent 1,234,567  failed 12,345",
            "全部发送已停止（账号不存在）请联系管理员处理后再继续发送全部消息谢谢",
            String(repeating: "e\u{301}", count: 200), "👩‍👩‍👧 ok 👍🏽",
        ]
        for note in notes {
            let progress = Progress(
                done: 1_500_000,
                total: 3_000_000,
                unit: .recipients,
                rate: 200,
                note: note
            )
            for columns in 1...200 {
                let bar = progress.bar(columns: columns)
                #expect(bar.columns < max(columns, 2), "\(columns): \(bar)")
                if columns >= 80 { #expect(bar.contains("[#####"), "\(columns): \(bar)") }
            }
            #expect(progress.bar(columns: 400).hasSuffix(note))
        }
    }

    @Test(
        arguments: [
            ("abc", 3), ("用户", 4), ("ｆｕｌｌ", 8), ("e\u{301}", 1), ("한국", 4), ("한", 2),
            ("👍", 2), ("ﾊﾝｶｸ", 4), ("é", 1), ("", 0),
        ]
    )
    func `a text is as wide as a terminal shows it`(_ text: String, _ columns: Int) {
        #expect(text.columns == columns)
    }

    @Test func `columns are aligned whatever they are written in`() {
        var table = TextTable([.text("NAME"), .number("COUNT")])
        table.add(["双十一", "1"])
        table.add(["notice", "20"])
        #expect(table.text == "NAME    COUNT\n双十一      1\nnotice     20\n")
    }

    @Test(arguments: [("xterm", true), ("dumb", false), ("", false), (nil, false)])
    func `a terminal without escape codes gets none`(_ name: String?, _ knows: Bool) {
        #expect(StandardError.knowsEscapes(name) == knows)
    }

    @Test func `without a total there is only an amount`() {
        #expect(
            Progress(done: 12_300_000, total: nil, unit: .bytes, rate: 1_000_000).line
                == "12 MB  1 MB/s"
        )
        #expect(Progress(done: 12_300, total: 0, unit: .bytes).line == "12 kB of 0 kB")
    }

    @Test(
        arguments: [
            (Duration.seconds(5), "0:05"), (.seconds(65), "1:05"), (.seconds(600), "10:00"),
            (.milliseconds(3_661_500), "1:01:02"), (.seconds(36_000), "10:00:00"),
        ]
    )
    func `a remaining time reads like a clock`(_ duration: Duration, _ text: String) {
        #expect(Progress.clock(duration) == text)
    }

    @Test func `a rate follows the last seconds`() {
        var meter = RateMeter()
        #expect(meter.note(0, at: .zero) == nil)
        #expect(meter.note(100, at: .milliseconds(500)) == nil)
        #expect(meter.note(400, at: .seconds(2)) == 200)
        for second in 3...60 { _ = meter.note(400, at: .seconds(second)) }
        #expect(meter.note(400, at: .seconds(61)) == 0)
    }

    @Test func `a log gets a line every few seconds, and seldom while nothing moves`() {
        var rhythm = LineRhythm()
        let due = (0...12).map { rhythm.isDue(makeProgress($0), at: .seconds($0)) }
        #expect(due.indices.filter { due[$0] } == [0, 5, 10])
        var still = LineRhythm(firstLineAfter: .seconds(5))
        let stillDue = (0...130).map { still.isDue(makeProgress(7), at: .seconds($0)) }
        #expect(stillDue.indices.filter { stillDue[$0] } == [5, 65, 125])
        let isPausedDue = still.isDue(makeProgress(7, note: "paused"), at: .seconds(131))
        #expect(isPausedDue)
    }

    private func makeProgress(_ done: Int, note: String = "running") -> Progress {
        Progress(done: done, total: 100, unit: .recipients, note: note)
    }

    @Test func `an export counts lines, and its header isn't one too many`() {
        var progress = ExportProgress(total: 3)
        progress.count(Array("account,status\r\na,sent\r\nb,se".utf8))
        #expect(progress.shown.line == "66%  2 of 3")
        progress.count(Array("nt\r\nc,sent\r\n".utf8))
        #expect(progress.shown.line == "100%  3 of 3")
        var unknown = ExportProgress(total: nil)
        unknown.count(Array("{}\n{}\n".utf8))
        #expect(unknown.shown.line == "2")
    }

    @Test func `an upload that is sent says whom it waits for`() {
        let waiting = "waiting for the daemon to take it in"
        #expect(Progress(sent: 2_000_000, of: 2_000_000).note == waiting)
        #expect(Progress(sent: 1_000_000, of: 2_000_000).note.isEmpty)
        #expect(Progress(sent: 1_000_000, of: nil).note.isEmpty)
    }
}
