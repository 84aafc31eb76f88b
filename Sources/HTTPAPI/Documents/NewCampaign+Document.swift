import DeliveryCore
import DeliveryEngine

extension NewCampaign {
    private static let fields = [
        "name", "message", "recipients", "start", "priority", "messages_per_minute", "start_at",
        "expires_at", "on_unknown", "send_between",
    ]

    private static let noHistory =
        "\"verify\" looks for the message in recipients' histories, and this one is kept in none (it is"
        + " for who is online, or lives for 0 seconds); name \"resend\" or \"leave\""

    /// Reads the body of `POST /v1/campaigns`, checked in full.
    init(
        document body: [UInt8],
        id: Campaign.ID,
        rules: MessageDocument.Rules
    ) throws(Problem) {
        var document = try MessageDocument(body, fields: Self.fields, rules: rules)
        let name = document.reader.campaignName("name") ?? ""
        let settings = Campaign.Settings(
            priority: document.reader.choice("priority") ?? rules.configuration.defaultPriority,
            messagesPerMinute: document.reader.integer(
                "messages_per_minute",
                in: 1...max(1, rules.configuration.limits().messagesPerMinute)
            ),
            startAt: document.reader.time("start_at"),
            expiresAt: document.reader.time("expires_at"),
            onUnknown: document.reader.choice("on_unknown")
                ?? rules.configuration.defaultOnUnknown,
            sendBetween: document.reader.sendBetween(rules.configuration)
        )
        if settings.onUnknown == .verify, !document.leavesHistory(rules) {
            document.reader.fault("/on_unknown", Self.noHistory)
        }
        document.reader.checkExpiry(settings.expiresAt, start: settings.startAt, now: rules.now)
        if document.reader.faults.isEmpty {
            document.reader.checkOpening(settings, now: rules.now, rules.configuration.zones)
        }
        let recipients = document.recipients()
        let start = document.reader.bool("start") ?? (recipients != nil)
        if start, recipients == nil, document.reader.isNamed("start") {
            document.reader.fault(
                "/start",
                "needs recipients; stream them first, then start the campaign"
            )
        }
        self.init(
            id: id,
            name: name,
            message: try document.finish(),
            settings: settings,
            recipients: recipients ?? AccountRun(),
            start: start
        )
    }
}
