package import DeliveryCore
package import Webhooks

/// A webhook as the configuration has it.
package struct HookSetting: Sendable, Equatable {
    package var webhook: Webhook
    package var secretFile: String
    /// The events that it names; nil for all.
    package var events: [EventKind]?

    /// The setting as YAML that takes its place in the file, without secrets.
    var text: String {
        var lines = [
            "  - url: \(ConfigurationScalar.quoted(webhook.address.shown))",
            "    secretFile: \(ConfigurationScalar.quoted(secretFile)) # (redacted)",
        ]
        if let events {
            lines.append("    events: [\(events.map(\.rawValue).joined(separator: ", "))]")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
