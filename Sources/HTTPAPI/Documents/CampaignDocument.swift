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

    /// How many bad accounts a refusal lists: enough to see the pattern.
    private static let listedAccountFaults = 20

    static let fields = [
        "name", "message", "recipients", "start", "priority", "messages_per_minute", "start_at",
        "expires_at", "on_unknown",
    ]

    /// What the checks need to know beside the document.
    struct Rules {
        let message: any MessageRules
        let configuration: EndpointConfiguration
        let now: Timestamp
    }

    init(_ body: [UInt8], rules: Rules) throws(Problem) {
        let document = try parseJSON(body)
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
        let recipients = Self.recipients(&reader)
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

    /// The accounts of the document; nil if it leaves them to a stream.
    static func recipients(_ reader: inout FieldReader) -> AccountRun? {
        guard let value = reader.value("recipients") else { return nil }
        var run = AccountRun()
        guard let elements = value.elements else {
            reader.fault("/recipients", "want an array of accounts, not \(value.kindName)")
            return run
        }
        if elements.isEmpty {
            reader.fault("/recipients", "is empty; leave it out to stream recipients later")
        }
        var faultCount = 0
        for (index, element) in elements.enumerated() {
            guard let fault = accountFault(element) else {
                run.append(element.stringBytes ?? [])
                continue
            }
            faultCount += 1
            if faultCount <= listedAccountFaults {
                reader.fault("/recipients/\(index)", fault)
            }
        }
        if faultCount > listedAccountFaults {
            let more = faultCount - listedAccountFaults
            reader.fault("/recipients", "\(more) further accounts are invalid")
        }
        return run
    }

    private static func accountFault(_ element: JSON) -> String? {
        guard let bytes = element.stringBytes else {
            return "want an account as a string, not \(element.kindName)"
        }
        return Account.fault(in: bytes)?.description
    }
}
