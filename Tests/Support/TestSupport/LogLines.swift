package import Logging
import Synchronization

/// A log that a test reads, each line in the words that it picks; nil leaves one out.
package final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    private let pick: @Sendable (Line) -> String?

    package init(_ pick: @escaping @Sendable (Line) -> String?) { self.pick = pick }

    package struct Line {
        package let level: Logger.Level
        package let message: String
        package let metadata: Logger.Metadata

        /// What there is of some metadata, each as ` name=value` or ` value`.
        package func text(_ names: [String], bare: Bool = false) -> String {
            names.map { name in
                metadata[name].map { bare ? " \($0)" : " \(name)=\($0)" } ?? ""
            }.joined()
        }
    }

    package var all: [String] { lines.withLock { $0 } }

    package var logger: Logger { Logger(label: "test") { _ in Collector(log: self) } }

    private func add(_ line: Line) {
        guard let text = pick(line) else { return }
        lines.withLock { $0.append(text) }
    }

    private struct Collector: LogHandler {
        let log: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(
                level: event.level,
                message: event.message.description,
                metadata: event.metadata ?? [:]
            )
            log.add(line)
        }
    }
}
