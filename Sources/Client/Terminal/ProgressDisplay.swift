import Platform

/// Shows progress on standard error: a bar on a terminal, otherwise a line every few seconds.
package struct ProgressDisplay {
    private let isTerminal = StandardError.takesEscapes
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now
    private var meter = RateMeter()
    private var lines: LineRhythm
    private var hasBar = false
    private var barAt: Duration?

    /// How often a terminal's bar moves, and how often a caller with progress need call.
    package static let barInterval = Duration.milliseconds(250)

    /// Anything but a terminal gets its first line after this time.
    package init(firstLineAfter wait: Duration = .zero) {
        lines = LineRhythm(firstLineAfter: wait)
    }

    /// Shows the progress, if it is due.
    package mutating func show(_ progress: Progress) {
        let now = clock.now
        var progress = progress
        let time = start.duration(to: now)
        progress.rate = meter.note(progress.done, at: time)
        if isTerminal {
            if let barAt, time - barAt < Self.barInterval / 2 { return }
            barAt = time
            // To the line's start, write, clear the rest of the previous line.
            StandardError.write("\r" + progress.bar(columns: StandardError.columns) + "\u{1B}[K")
            hasBar = true
            return
        }
        if lines.isDue(progress, at: time) { StandardError.writeLine(progress.line) }
    }

    /// Removes the bar, so that other text can follow.
    package mutating func clear() {
        if hasBar { Self.clearLine() }
        hasBar = false
    }

    /// Clears the terminal's line.
    package static func clearLine() {
        if StandardError.takesEscapes { StandardError.write("\r\u{1B}[K") }
    }
}

/// When a log or a pipe gets a line: every few seconds during progress, rarely without.
package struct LineRhythm: Sendable {
    private var nextAt: Duration
    private var last: (done: Int, note: String, at: Duration)?

    private static let interval = Duration.seconds(5)
    /// Rare enough not to fill a log, often enough to show that the command still runs.
    private static let stillInterval = Duration.seconds(60)

    package init(firstLineAfter wait: Duration = .zero) {
        nextAt = wait
    }

    /// Whether to write a line now.
    package mutating func isDue(_ progress: Progress, at time: Duration) -> Bool {
        guard time >= nextAt else { return false }
        if let last, last.done == progress.done, last.note == progress.note,
            time - last.at < Self.stillInterval
        {
            return false
        }
        nextAt = time + Self.interval
        last = (progress.done, progress.note, time)
        return true
    }
}
