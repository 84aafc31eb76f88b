import DeliveryCore
import JSON

/// The body of `POST /v1/plan`: a message, and its recipients or how many they are.
struct PlanDocument {
    let plan: SendingPlan

    static let fields = ["message", "recipients", "count", "mean_account_bytes"]

    /// Far over any campaign, and small enough for all that is computed with it.
    static let countLimit = 1_000_000_000

    init(_ body: [UInt8], rules: CampaignDocument.Rules) throws(Problem) {
        var list = AccountList()
        let document = try parseJSON(
            body,
            keeping: rules.documentLimit,
            showing: AccountList.field
        ) { list.add($0) }
        var reader = FieldReader(document, fields: Self.fields)
        let message = CampaignDocument.message(in: body, &reader, rules)
        let recipients = list.accounts(&reader)
        let count = reader.integer("count", in: 1...Self.countLimit)
        let mean = Self.mean(&reader)
        if recipients != nil {
            for field in ["count", "mean_account_bytes"] where reader.isNamed(field) {
                reader.fault("/\(field)", "is counted from recipients; give one or the other")
            }
        } else {
            for field in ["count", "mean_account_bytes"] where reader.value(field)?.isNull ?? true {
                reader.fault("/\(field)", "is missing; give it, or the recipients themselves")
            }
        }
        try reader.finish()
        guard let message else {
            throw Problem(.internalError, "the message was neither taken nor refused")
        }
        let limits = rules.configuration.limits()
        if let recipients {
            let accounts = (0..<recipients.count).map { Account(checked: Array(recipients[$0])) }
            plan = SendingPlan(accounts, packetOverhead: message.packetOverhead, limits: limits)
        } else {
            plan = SendingPlan(
                count: count ?? 1,
                meanAccountBytes: mean ?? 1,
                packetOverhead: message.packetOverhead,
                limits: limits
            )
        }
    }

    private static func mean(_ reader: inout FieldReader) -> Double? {
        let rule = Rule.number(1...Double(Account.byteLimit))
        return reader.value("mean_account_bytes", rule, as: \.double)
    }
}

extension JSONText {
    mutating func plan(_ plan: SendingPlan) {
        beginObject()
        let rows = [
            ("batches", plan.batches), ("largest_batch_accounts", plan.largestBatchAccounts),
            ("largest_packet_bytes", plan.largestPacketBytes), ("seconds", plan.seconds),
        ]
        for (label, figure) in rows {
            name(label)
            number(figure)
        }
        endObject()
    }
}
