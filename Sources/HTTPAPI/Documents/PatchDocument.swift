package import DeliveryCore
import JSON

/// How much is kept of a document that holds a few short values.
let shortDocument = 16_384

extension CampaignPatch {
    static let fields = [
        "name", "priority", "messages_per_minute", "expires_at", "start_at", "send_between",
    ]

    /// Reads a JSON merge patch (RFC 7396) of a campaign; null takes a name, a cap, a time or the hours
    /// away.
    init(
        document body: [UInt8],
        of campaign: Campaign,
        configuration: EndpointConfiguration,
        now: Timestamp
    ) throws(Problem) {
        self.init()
        let document = try parseJSON(body, keeping: shortDocument)
        var reader = FieldReader(document, fields: Self.fields)
        // A campaign without a name has the empty one.
        name = reader.value("name")?.isNull == true ? "" : reader.campaignName("name")
        priority = reader.choice("priority")
        if reader.value("priority")?.isNull == true {
            reader.fault("/priority", "can't be null; it is always one of the classes")
        }
        if reader.isNamed("messages_per_minute") {
            let limit = max(1, configuration.limits().messagesPerMinute)
            messagesPerMinute = .some(reader.integer("messages_per_minute", in: 1...limit))
        }
        if reader.isNamed("expires_at") { expiresAt = .some(reader.time("expires_at")) }
        if reader.isNamed("start_at") { startAt = .some(reader.time("start_at")) }
        if reader.isNamed("send_between") {
            let present = campaign.settings.sendBetween
            let hours = reader.sendingHours("send_between", onto: present, configuration.zones)
            sendBetween = .some(hours)
        }
        reader.checkExpiry(expiresAt ?? nil, start: startAt ?? nil, now: now)
        if reader.faults.isEmpty { checkOpening(of: campaign, &reader, configuration, now) }
        try reader.finish()
    }

    /// Checks that what it changes leaves the campaign sending hours before its expiry.
    private func checkOpening(
        of campaign: Campaign,
        _ reader: inout FieldReader,
        _ configuration: EndpointConfiguration,
        _ now: Timestamp
    ) {
        let isConcerned = expiresAt != nil || sendBetween != nil || startAt != nil
        guard isConcerned, !campaign.state.isFinal else { return }
        var settings = campaign.settings
        if let expiresAt { settings.expiresAt = expiresAt }
        if let startAt { settings.startAt = startAt }
        if let sendBetween { settings.sendBetween = sendBetween }
        let field =
            expiresAt != nil ? "expires_at" : sendBetween != nil ? "send_between" : "start_at"
        // What is past is told by its own name.
        guard settings.expiresAt.map({ $0 > now }) ?? true else { return }
        reader.checkOpening(settings, now: now, configuration.zones, at: "/\(field)")
    }
}

extension RetryFilter {
    static let fields = ["status", "codes"]
    private static let statuses: [String?] = ["failed", "unknown", "suppressed"]

    /// Far more codes than a campaign's failures ever have.
    package static let codeLimit = 100

    /// Reads the body of a retry; an empty one means every failed and unknown recipient.
    init(document body: [UInt8]) throws(Problem) {
        self.init()
        guard !body.isEmpty else { return }
        var count = 0
        var codes: [Int?] = []
        let document = try parseJSON(body, keeping: shortDocument, showing: "codes") { code in
            count += 1
            if count <= Self.codeLimit { codes.append(code.integer) }
        }
        var reader = FieldReader(document, fields: Self.fields)
        if let value = reader.value("status"), !value.isNull {
            let names = value.elements?.map(\.string)
            if let names, !names.isEmpty, names.allSatisfy(Self.statuses.contains) {
                failed = names.contains("failed")
                unknown = names.contains("unknown")
                suppressed = names.contains("suppressed")
            } else {
                reader.fault("/status", "want an array of \"failed\", \"unknown\", \"suppressed\"")
            }
        }
        if let value = reader.value("codes"), !value.isNull {
            if count > Self.codeLimit {
                reader.fault("/codes", "want at most \(Self.codeLimit) codes, not \(count)")
            } else if value.elements == nil || count == 0 || codes.contains(nil) {
                reader.fault("/codes", "want an array of whole numbers")
            } else {
                self.codes = codes.compactMap(\.self)
            }
        }
        try reader.finish()
    }
}
