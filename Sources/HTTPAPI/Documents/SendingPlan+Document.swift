import DeliveryCore
import DeliveryEngine
import JSON

extension SendingPlan {
    private static let fields = [
        "message", "recipients", "count", "mean_account_bytes", "send_between",
    ]

    /// Far over any campaign, and small enough for all that is computed with it.
    private static let countLimit = 1_000_000_000

    /// Reads the body of `POST /v1/plan`, a message and its recipients or how many they are, and
    /// plans by it.
    init(document body: [UInt8], rules: MessageDocument.Rules) throws(Problem) {
        var document = try MessageDocument(body, fields: Self.fields, rules: rules)
        let recipients = document.recipients()
        let count = document.reader.integer("count", in: 1...Self.countLimit)
        let mean = document.reader.value(
            "mean_account_bytes",
            Rule.number(1...Double(rules.message.accounts.byteLimit)),
            as: \.double
        )
        for field in ["count", "mean_account_bytes"] {
            if recipients != nil, document.reader.isNamed(field) {
                document.reader.fault(
                    "/\(field)",
                    "is counted from recipients; give one or the other"
                )
            } else if recipients == nil, document.reader.value(field)?.isNull ?? true {
                document.reader.fault(
                    "/\(field)",
                    "is missing; give it, or the recipients themselves"
                )
            }
        }
        let hours = document.reader.sendBetween(rules.configuration)
        let message = try document.finish()
        let limits = rules.configuration.limits()
        if let recipients {
            self.init(
                Array(recipients),
                packetOverhead: message.packetOverhead,
                rules: rules.message.accounts,
                limits: limits
            )
        } else {
            self.init(
                count: count ?? 1,
                meanAccountBytes: mean ?? 1,
                packetOverhead: message.packetOverhead,
                rules: rules.message.accounts,
                limits: limits
            )
        }
        keep(to: hours, SendingCalendar(rules.configuration.zones), from: rules.now)
    }
}
