/// How log records are written to standard error.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// `journal` if standard error goes to the journal, otherwise `text`.
    case auto
    /// For people: time, level, message, metadata.
    case text
    /// One JSON object a line.
    case json
    /// `<N>` priorities for systemd's journal, which adds the time itself.
    case journal
}
