package import ArgumentParser
import JSON

/// The settings of a campaign on the command line.
package struct CampaignOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A name, for people.", valueName: "text"))
    package var name: String?

    @Option(help: "Its share of the quota: high, normal or low (16 : 4 : 1).")
    package var priority: String?

    @Option(help: ArgumentHelp("A cap of its own, in recipients a minute.", valueName: "number"))
    package var messagesPerMinute: Int?

    @Option(help: ArgumentHelp("When to begin, RFC 3339.", valueName: "time"))
    package var startAt: String?

    @Option(help: ArgumentHelp("When to give up on the rest, RFC 3339.", valueName: "time"))
    package var expiresAt: String?

    @Option(
        help: "After a call of unknown outcome: resend (at least once) or leave (at most once)."
    )
    package var onUnknown: String?

    package init() {}

    /// The body of `POST /v1/campaigns` for a draft.
    ///
    /// The values are not checked here: the daemon does that, and names each fault.
    package func body(message: [UInt8]) -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        let fields = [
            ("name", name), ("priority", priority), ("start_at", startAt),
            ("expires_at", expiresAt), ("on_unknown", onUnknown),
        ]
        for (field, value) in fields {
            guard let value else { continue }
            text.name(field)
            text.string(value)
        }
        if let messagesPerMinute {
            text.name("messages_per_minute")
            text.number(messagesPerMinute)
        }
        text.name("start")
        text.bool(false)
        text.name("message")
        text.raw(message)
        text.endObject()
        return text.bytes
    }
}
