package import DeliveryCore
import Glibc
package import Logging
import Synchronization

/// Writes log records to standard error, one line and one `write` for each.
///
/// A reader that stands still is waited for by a thread that does nothing else, see `LineWriter`.
///
/// The least level is shared by all loggers made from one log, so that a reload of the
/// configuration changes it everywhere at once.
package final class StandardErrorLog: Sendable {
    private let format: LogFormat
    private let level: Mutex<Logger.Level>
    private let now: @Sendable () -> Timestamp
    private let writer: LineWriter

    /// What waits for the reader of standard error: some seven thousand lines.
    private static let byteLimit = 1 << 20

    /// How long the end waits for a reader; one that takes nothing for so long will not.
    private static let patience = 1.0

    package init(
        format: LogFormat,
        level: Logger.Level,
        descriptor: CInt = STDERR_FILENO,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.format = format
        self.level = Mutex(level)
        self.now = now
        writer = LineWriter(to: descriptor, byteLimit: Self.byteLimit) { count in
            LogRecord(
                timestamp: now(),
                level: .warning,
                label: "log",
                message: "Log lines were lost: standard error wasn't read",
                metadata: ["lines": "\(count)"]
            ).line(as: format)
        }
    }

    /// Writes why the command ends, in a line that is no record and that no record follows.
    package func end(saying text: String) {
        writer.write(text + "\n", isLast: true)
    }

    /// Waits, for a moment, until what was logged is written; the process may end then.
    package func flush() {
        writer.flush(seconds: Self.patience)
    }

    package func logger(_ label: String) -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, log: self) }
    }

    package func setLevel(_ level: Logger.Level) {
        self.level.withLock { $0 = level }
    }

    fileprivate func admits(_ level: Logger.Level) -> Bool {
        level >= self.level.withLock { $0 }
    }

    fileprivate func write(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
        let line = LogRecord(
            timestamp: now(),
            level: event.level,
            label: label,
            message: event.message.description,
            metadata: metadata
        ).line(as: format)
        writer.write(line)
    }
}

/// One logger's side of a `StandardErrorLog`.
private struct LineLogHandler: LogHandler {
    let label: String
    let log: StandardErrorLog
    var metadata: Logger.Metadata = [:]
    /// The log decides, since its level may change while loggers live.
    var logLevel = Logger.Level.trace
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard log.admits(event.level) else { return }
        var merged = metadata
        merged.merge(metadataProvider?.get() ?? [:]) { _, new in new }
        merged.merge(event.metadata ?? [:]) { _, new in new }
        if let error = event.error { merged["error"] = "\(error)" }
        log.write(event, label: label, metadata: merged)
    }
}

extension LogFormat {
    /// What `auto` stands for here: `journal` if standard error is the stream that systemd named
    /// in JOURNAL_STREAM (device and inode, `systemd.exec(5)`), otherwise `text`.
    package func resolved(journalStream: String?, standardError: String?) -> LogFormat {
        guard self == .auto else { return self }
        guard let journalStream, journalStream == standardError else { return .text }
        return .journal
    }
}
