import Codecs
package import DeliveryCore
import JSON
package import Logging

/// One log record on its way to a line of text.
package struct LogRecord: Sendable {
    package var timestamp: Timestamp
    package var level: Logger.Level
    package var label: String
    package var message: String
    package var metadata: Logger.Metadata

    package init(
        timestamp: Timestamp,
        level: Logger.Level,
        label: String,
        message: String,
        metadata: Logger.Metadata = [:]
    ) {
        self.timestamp = timestamp
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
    }

    /// The record as one line with its newline; `auto` is as `text`.
    package func line(as format: LogFormat) -> String {
        switch format {
        case .auto, .text:
            "\(time) \(level.rawValue.uppercased()) \(body)\n"
        case .journal:
            "<\(level.priority)>\(body)\n"
        case .json:
            json + "\n"
        }
    }

    private var time: String { RFC3339.text(milliseconds: timestamp.milliseconds) }

    /// Message and metadata; the metadata sorted by name, so that lines of a kind look alike.
    private var body: String {
        let pairs = metadata.sorted { $0.key < $1.key }.map { name, value in
            " \(Self.onOneLine(name))=\(Self.quotedIfNeeded("\(value)"))"
        }
        return Self.onOneLine(message) + pairs.joined()
    }

    private var json: String {
        JSONText { text in
            text.object {
                $0.field("time", time)
                $0.field("level", level.rawValue)
                $0.field("logger", label)
                $0.field("message", message)
                // Metadata has an object of its own: no name of it can hide one of the record's.
                $0.object("metadata") {
                    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
                        $0.field(named: name) { $0.string("\(value)") }
                    }
                }
            }
        }.string
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        let needsQuotes =
            value.isEmpty
            || value.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0.value < 0x20 }
        guard needsQuotes else { return value }
        var bytes: [UInt8] = []
        JSONText.appendString(value.utf8, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Text of a request may hold line breaks: they must not make a second record.
    private static func onOneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 }) else { return text }
        return String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
    }
}

extension Logger.Level {
    /// The priority of syslog and the journal (`sd-daemon(3)`).
    package var priority: Int {
        switch self {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
