import DeliveryCore
import DeliveryEngine
import JSON

/// The body of `POST /v1/campaigns`, checked in full.
struct CampaignDocument {
    var name: String
    var message: CheckedMessage
    var settings: Campaign.Settings
    var recipients: AccountRun
    var start: Bool

    static let fields = [
        "name", "message", "recipients", "start", "priority", "messages_per_minute", "start_at",
        "expires_at", "on_unknown",
    ]

    /// What the checks need to know beside the document.
    struct Rules {
        let message: any MessageRules
        let configuration: EndpointConfiguration
        let now: Timestamp

        /// How much of a document is kept beside its accounts: the largest message, whose escapes
        /// may take three times the bytes they stand for, and room for all other fields.
        var documentLimit: Int { 3 * configuration.packetSizeLimit() + 16_384 }
    }

    init(_ body: [UInt8], rules: Rules) throws(Problem) {
        var list = AccountList()
        let document = try parseJSON(
            body,
            keeping: rules.documentLimit,
            showing: AccountList.field
        ) { list.add($0) }
        var reader = FieldReader(document, fields: Self.fields)
        let message = Self.message(in: body, &reader, rules)
        name = reader.campaignName("name") ?? ""
        settings = Campaign.Settings(
            priority: reader.choice("priority") ?? rules.configuration.defaultPriority,
            messagesPerMinute: reader.integer(
                "messages_per_minute",
                in: 1...max(1, rules.configuration.messagesPerMinuteLimit())
            ),
            startAt: reader.time("start_at"),
            expiresAt: reader.time("expires_at"),
            onUnknown: reader.choice("on_unknown") ?? rules.configuration.defaultOnUnknown
        )
        reader.checkExpiry(settings.expiresAt, start: settings.startAt, now: rules.now)
        let recipients = list.accounts(&reader)
        start = reader.bool("start") ?? (recipients != nil)
        if start, recipients == nil, reader.isNamed("start") {
            reader.fault("/start", "needs recipients; stream them first, then start the campaign")
        }
        self.recipients = recipients ?? AccountRun()
        try reader.finish()
        guard let message else {
            throw Problem(.internalError, "the message was neither taken nor refused")
        }
        self.message = message
    }

    static func message(
        in body: [UInt8],
        _ reader: inout FieldReader,
        _ rules: Rules
    ) -> CheckedMessage? {
        guard let value = reader.value("message") else {
            if reader.faults.first?.pointer != "" {
                reader.fault("/message", "is missing: the fields of batchsendmsg")
            }
            return nil
        }
        guard value.members != nil else {
            reader.fault("/message", "want an object, not \(value.kindName)")
            return nil
        }
        let limit = rules.configuration.packetSizeLimit()
        switch rules.message.check(Array(body[value.range]), packetLimit: limit) {
        case .success(let message):
            return message
        case .failure(let refusal):
            for fault in refusal.faults {
                reader.fault("/message\(fault.pointer)", fault.detail)
            }
            return nil
        }
    }
}
