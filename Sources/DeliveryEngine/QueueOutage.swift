import DeliveryCore
import Logging

/// Decides which failures of one outage of the queue are worth a line in the log.
///
/// A queue that can't be written is tried each second, for hours if need be. The first failure is
/// logged, then each with another text, otherwise one a minute with the count of those since; and
/// the end.
struct QueueOutage: Sendable {
    private var current: Current?

    private struct Current: Sendable {
        var text: String
        var loggedAt: Instant
        /// Failures that the log hasn't been told of.
        var unsaid = 0
        var count = 1
    }

    /// What to log.
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: Logger.Metadata
    }

    private static let interval: Duration = .seconds(60)

    /// A commit failed; nil if that has been said often enough.
    mutating func failed(_ text: String, now: Instant) -> Line? {
        guard var current else {
            self.current = Current(text: text, loggedAt: now)
            return Self.failure(text, [:])
        }
        current.unsaid += 1
        current.count += 1
        defer { self.current = current }
        guard text != current.text || current.loggedAt.duration(to: now) >= Self.interval else {
            return nil
        }
        defer { (current.text, current.loggedAt, current.unsaid) = (text, now, 0) }
        return Self.failure(text, ["failures": "\(current.unsaid)"])
    }

    /// A commit succeeded; nil if none had failed before it.
    mutating func ended() -> Line? {
        guard let current else { return nil }
        self.current = nil
        return Line(
            level: .notice,
            message: "The queue can be written again",
            metadata: ["failures": "\(current.count)"]
        )
    }

    private static func failure(_ text: String, _ more: Logger.Metadata) -> Line {
        Line(
            level: .error,
            message: "The queue could not be written: nothing is sent until it can",
            metadata: ["error": "\(text)"].merging(more) { $1 }
        )
    }
}
