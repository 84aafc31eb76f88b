import DeliveryCore
package import Logging
import Synchronization

/// A log that combines repeated lines.
///
/// In an outage thousands of calls a minute are refused for one reason. The first such line is
/// written at once; of those alike that follow within a minute the last is written, with their
/// number. Lines that wait are written together, so the log ends with the latest state.
package final class QuietLog: Sendable {
    private let logger: Logger
    private let time: any TimeSource
    private let state = Mutex(State())

    private struct State: Sendable {
        var entries: [String: Entry] = [:]
        var count = 0
        /// When the earliest waiting line is due.
        var dueAt: Instant?
    }

    /// The state of one kind of line.
    fileprivate struct Entry: Sendable {
        var line: LogLine
        var writtenAt: Instant
        var unsaid = 0
        /// Recipients of the waiting lines.
        var recipients = 0
        /// The latest line's number among all lines.
        var order: Int
    }

    /// How often a kind of line is written.
    package static let interval: Duration = .seconds(60)
    /// More kinds than the provider has codes; beyond them a line's kind is its message alone.
    private static let kindLimit = 100

    package init(_ logger: Logger, time: any TimeSource) {
        self.logger = logger
        self.time = time
    }

    /// Writes a line, or delays it if one of its kind was written within the minute.
    package func log(_ line: LogLine) {
        let now = time.now().instant
        write(
            state.withLock { state in
                let due = Self.takeDue(from: &state, now: now)
                return Self.admits(line, to: &state, now: now) ? due + [line] : due
            }
        )
    }

    /// Writes the lines that are due; cheap enough for every turn of a loop.
    package func turn() {
        guard state.withLock({ $0.dueAt != nil }) else { return }
        let now = time.now().instant
        write(state.withLock { Self.takeDue(from: &$0, now: now) })
    }

    /// Writes all waiting lines, before the log ends.
    package func flush() {
        let now = time.now().instant
        write(state.withLock { Self.takeAll(from: &$0, now: now) })
    }

    /// Drops waiting lines of a message after another line has replaced them.
    package func settle(_ message: String) {
        state.withLock { state in
            for (kind, entry) in state.entries where entry.line.message == message {
                state.entries[kind]?.unsaid = 0
            }
        }
    }

    private func write(_ lines: [LogLine]) {
        for line in lines {
            logger.log(level: line.level, "\(line.message)", metadata: line.metadata)
        }
    }

    // MARK: Under the lock

    private static func admits(_ line: LogLine, to state: inout State, now: Instant) -> Bool {
        guard let kind = Self.kind(of: line, in: &state, now: now) else { return true }
        state.count += 1
        guard var entry = state.entries[kind], entry.writtenAt.duration(to: now) < interval else {
            state.entries[kind] = Entry(line: line, writtenAt: now, order: state.count)
            return true
        }
        if entry.unsaid == 0 { entry.recipients = 0 }
        let isOfOne = entry.unsaid == 0 || entry.line.campaign == line.campaign
        entry.line = isOfOne ? line : line.withoutCampaign
        entry.unsaid += 1
        entry.recipients += line.recipients ?? 0
        entry.order = state.count
        state.entries[kind] = entry
        let due = entry.writtenAt.advanced(by: interval)
        state.dueAt = min(state.dueAt ?? due, due)
        return false
    }

    /// Nil for a line that is always written.
    private static func kind(of line: LogLine, in state: inout State, now: Instant) -> String? {
        guard let detail = line.kind else { return nil }
        let kind = "\(line.message) \(detail)"
        guard state.entries[kind] == nil, state.entries.count >= kindLimit else { return kind }
        state.entries = state.entries.filter {
            $0.value.unsaid > 0 || $0.value.writtenAt.duration(to: now) < interval
        }
        return state.entries.count < kindLimit ? kind : line.message
    }

    private static func takeDue(from state: inout State, now: Instant) -> [LogLine] {
        guard let dueAt = state.dueAt, dueAt <= now else { return [] }
        return takeAll(from: &state, now: now)
    }

    private static func takeAll(from state: inout State, now: Instant) -> [LogLine] {
        let waiting = state.entries.filter { $0.value.unsaid > 0 }
            .sorted { $0.value.order < $1.value.order }
        // A kind that wasn't repeated within the interval is written at once next time.
        state.entries = state.entries.filter { $0.value.writtenAt.duration(to: now) < interval }
        for (kind, entry) in waiting {
            var written = entry
            (written.writtenAt, written.unsaid, written.recipients) = (now, 0, 0)
            state.entries[kind] = written
        }
        state.dueAt = nil
        return waiting.map { $0.value.summary }
    }
}

extension QuietLog.Entry {
    /// The latest line with the totals of all that waited.
    fileprivate var summary: LogLine {
        var line = line
        line.metadata["times"] = "\(unsaid)"
        if line.recipients != nil { line.metadata["recipients"] = "\(recipients)" }
        return line
    }
}

/// A line for the log, and the kind that makes another one its repetition.
package struct LogLine: Sendable {
    package var level: Logger.Level
    package var message: String
    package var metadata: Logger.Metadata
    /// Lines with the same message and kind are alike; nil for a line that is always written.
    package var kind: String?
    /// The number of recipients it is about, summed over repetitions.
    package var recipients: Int?

    package init(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata = [:],
        kind: String? = nil,
        recipients: Int? = nil
    ) {
        self.level = level
        self.message = message
        self.metadata = metadata
        self.kind = kind
        self.recipients = recipients
        if let recipients { self.metadata["recipients"] = "\(recipients)" }
    }

    fileprivate var campaign: String? { metadata["campaign"].map { "\($0)" } }

    /// For a summary of several campaigns' lines.
    fileprivate var withoutCampaign: LogLine {
        var line = self
        line.metadata["campaign"] = nil
        return line
    }
}
