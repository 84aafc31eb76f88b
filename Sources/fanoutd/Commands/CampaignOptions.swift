import ArgumentParser
import JSON

/// The settings of a campaign on the command line.
package struct CampaignOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A name, for people.", valueName: "text"))
    var name: String?

    @Option(help: "Its share of the quota: high, normal or low (16 : 4 : 1).")
    var priority: String?

    @Option(help: ArgumentHelp("A cap of its own, in recipients a minute.", valueName: "number"))
    var messagesPerMinute: Int?

    @Option(help: ArgumentHelp("When to begin, RFC 3339.", valueName: "time"))
    var startAt: String?

    @Option(help: ArgumentHelp("When to give up on the rest, RFC 3339.", valueName: "time"))
    var expiresAt: String?

    @Option(
        help: """
            After a call of unknown outcome: verify (looks who got it up), resend (at least once) or \
            leave (at most once).
            """
    )
    var onUnknown: String?

    @Option(help: SendingHoursArgument.help, transform: SendingHoursArgument.init(parsing:))
    var sendBetween: SendingHoursArgument?

    package init() {}

    /// The body of `POST /v1/campaigns` for a draft.
    ///
    /// The values are not checked here: the daemon checks them and names each fault.
    package func body(message: [UInt8]) -> [UInt8] {
        let fields = [
            ("name", name), ("priority", priority), ("start_at", startAt),
            ("expires_at", expiresAt), ("on_unknown", onUnknown),
        ]
        return JSONText.document {
            for (name, value) in fields {
                if let value { $0.field(named: name) { $0.string(value) } }
            }
            if let messagesPerMinute { $0.field("messages_per_minute", messagesPerMinute) }
            if let sendBetween { $0.field("send_between") { sendBetween.write(to: &$0) } }
            $0.field("start") { $0.bool(false) }
            $0.field("message", json: message)
        }
    }
}
