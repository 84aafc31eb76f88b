/// Shows progress on standard error: a bar on a terminal, otherwise a line every few seconds.
package struct ProgressDisplay {
    private let isTerminal = StandardError.isTerminal
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now
    private var meter = RateMeter()
    private var shownAt: ContinuousClock.Instant?
    private var hasBar = false

    /// How often a pipe gets a line.
    private static let lineInterval = Duration.seconds(5)
    /// How often a terminal's bar moves, and how often whoever has news need ask.
    package static let barInterval = Duration.milliseconds(250)

    package init() {}

    /// Shows how far it has come, if it is time to.
    package mutating func show(_ progress: Progress) {
        let now = clock.now
        var progress = progress
        progress.rate = meter.note(progress.done, at: start.duration(to: now))
        if isTerminal {
            // Back to the line's start, write, clear what is left of the line before.
            StandardError.write("\r" + progress.bar(columns: StandardError.columns) + "\u{1B}[K")
            hasBar = true
            return
        }
        if let shownAt, shownAt.duration(to: now) < Self.lineInterval { return }
        shownAt = now
        StandardError.writeLine(progress.line)
    }

    /// Takes the bar away, so that other text can follow.
    package mutating func clear() {
        if hasBar { StandardError.write("\r\u{1B}[K") }
        hasBar = false
    }
}
