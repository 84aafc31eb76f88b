/// The progress of a long operation, as one line of text.
package struct Progress: Sendable, Hashable {
    package var done: Int
    /// Nil if it isn't known, as with standard input.
    package var total: Int?
    package var unit: Unit
    /// Units a second; nil before the first measurement.
    package var rate: Double?
    /// A further remark, such as a campaign's state.
    package var note: String

    package enum Unit: Sendable, Hashable {
        case bytes
        case recipients
        case rows
    }

    package init(
        done: Int,
        total: Int?,
        unit: Unit,
        rate: Double? = nil,
        note: String = ""
    ) {
        self.done = done
        self.total = total
        self.unit = unit
        self.rate = rate
        self.note = note
    }

    /// An upload's bytes, of a total if that is known.
    ///
    /// Bytes sent may still be in a buffer: the daemon reads as it has room.
    package init(sent: Int, of size: Int?) {
        let isSent = size.map { $0 > 0 && sent >= $0 } ?? false
        let note = isSent ? "waiting for the daemon to take it in" : ""
        self.init(done: sent, total: size, unit: .bytes, note: note)
    }

    /// A bar narrower than a terminal of so many columns; first the bar shrinks, then the note is
    /// truncated.
    package func bar(columns: Int) -> String {
        let room = max(0, columns - 1)
        let figures = figures.joined(separator: "  ")
        guard let fraction else { return line.cut(toColumns: room) }
        // Two brackets and the blank after them.
        let barRoom = room - 3 - figures.columns
        guard barRoom >= Self.leastBar else { return line.cut(toColumns: room) }
        let wish = note.isEmpty ? 0 : note.columns + 2
        let width = min(30, max(Self.leastBar, barRoom - wish))
        let filled = Int((Double(width) * fraction).rounded(.down))
        let bar =
            String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        let shownNote = note.cut(toColumns: barRoom - width - 2)
        return "[\(bar)] \(figures)" + (shownNote.isEmpty ? "" : "  \(shownNote)")
    }

    /// With fewer columns no movement is visible.
    private static let leastBar = 10

    /// The same without a bar, for a log or a pipe.
    package var line: String {
        (figures + (note.isEmpty ? [] : [note])).joined(separator: "  ")
    }

    private var figures: [String] {
        var parts: [String] = []
        if let fraction { parts.append("\(Int((fraction * 100).rounded(.down)))%") }
        parts.append(amount)
        if let rate { parts.append("\(measure(Int(rate.rounded())))/s") }
        if let remaining { parts.append("ETA \(Self.clock(remaining))") }
        return parts
    }

    /// The expected time left at the present rate; nil if it isn't known.
    package var remaining: Duration? {
        guard let total, let rate, rate > 0, total > done else { return nil }
        return .seconds(Double(total - done) / rate)
    }

    private var fraction: Double? {
        guard let total, total > 0 else { return nil }
        return min(1, max(0, Double(done) / Double(total)))
    }

    private var amount: String {
        guard let total else { return measure(done) }
        return "\(measure(done)) of \(measure(total))"
    }

    private func measure(_ count: Int) -> String {
        switch unit {
        case .recipients, .rows: count.grouped
        case .bytes where count < 1_000_000: "\((count / 1_000).grouped) kB"
        case .bytes: "\((count / 1_000_000).grouped) MB"
        }
    }

    /// `4:05`, or `1:02:03` from an hour on.
    package static func clock(_ duration: Duration) -> String {
        let seconds = Int((duration / .seconds(1)).rounded(.up))
        let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
        let short = "\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        if seconds >= 3_600 { return "\(seconds / 3_600):\(short)" }
        return short.hasPrefix("0") ? String(short.dropFirst()) : short
    }
}

/// Measures a rate over the last seconds, so that it follows changes and still doesn't jump.
package struct RateMeter: Sendable {
    private var samples: [(time: Duration, done: Int)] = []

    /// Long enough to smooth batches that go out seconds apart.
    private static let span = Duration.seconds(15)

    package init() {}

    /// Notes how much is done at a time; answers the rate a second, nil before a second has passed.
    package mutating func note(_ done: Int, at time: Duration) -> Double? {
        samples.append((time, done))
        while samples.count > 2, time - samples[1].time >= Self.span { samples.removeFirst() }
        guard let first = samples.first, time - first.time >= .seconds(1) else { return nil }
        return max(0, Double(done - first.done) / ((time - first.time) / .seconds(1)))
    }
}

/// The progress of an export, by the lines that passed through.
package struct ExportProgress: Sendable {
    private var lines = 0
    private let total: Int?

    package init(total: Int?) {
        self.total = total
    }

    package mutating func count(_ bytes: [UInt8]) {
        lines += bytes.count { $0 == UInt8(ascii: "\n") }
    }

    /// The header's line doesn't count as a recipient.
    package var shown: Progress {
        Progress(done: min(lines, total ?? lines), total: total, unit: .recipients)
    }
}
