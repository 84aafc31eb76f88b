import DeliveryCore
import DeliveryEngine
import JSON

/// A document that holds a message and its recipients, parsed once: the accounts are taken in as
/// they come, and the message's check goes by what was parsed.
struct MessageDocument {
    var reader: FieldReader
    private let body: [UInt8]
    private let list: AccountList
    private var message: CheckedMessage?

    /// What the checks need to know beside the document.
    struct Rules {
        let message: any MessageRules
        let configuration: EndpointConfiguration
        let now: Timestamp

        /// How much of a document is kept beside its accounts: the largest message, whose escapes
        /// may take three times the bytes they stand for, and room for all other fields.
        var documentLimit: Int { 3 * configuration.limits().packetBytes + 16_384 }
    }

    /// Parses a document that may have these fields, and checks its message.
    init(_ body: [UInt8], fields: [String], rules: Rules) throws(Problem) {
        var list = AccountList(rules.message.accounts)
        let document = try parseJSON(
            body,
            keeping: rules.documentLimit,
            showing: AccountList.field
        ) { list.add($0) }
        self.body = body
        self.list = list
        reader = FieldReader(document, fields: fields)
        message = checkMessage(rules)
    }

    private mutating func checkMessage(_ rules: Rules) -> CheckedMessage? {
        guard let value = reader.value("message") else {
            if reader.faults.first?.pointer != "" {
                reader.fault("/message", "is missing: \(rules.message.content)")
            }
            return nil
        }
        guard value.members != nil else {
            reader.fault("/message", "want an object, not \(value.kindName)")
            return nil
        }
        let limit = rules.configuration.limits().packetBytes
        switch rules.message.check(value, in: body, packetLimit: limit) {
        case .success(let message):
            return message
        case .failure(let refusal):
            for fault in refusal.faults {
                reader.fault("/message\(fault.pointer)", fault.detail)
            }
            return nil
        }
    }

    /// Whether recipients' histories show the message; one with faults is refused for those alone.
    func leavesHistory(_ rules: Rules) -> Bool {
        message.map { rules.message.leavesHistory($0) } ?? true
    }

    /// All accounts; nil if the document leaves them to a stream.
    mutating func recipients() -> AccountRun? { list.accounts(&reader) }

    /// The message, once all fields are read; fails with all faults if there are any.
    func finish() throws(Problem) -> CheckedMessage {
        try reader.finish()
        guard let message else {
            throw Problem(.internalError, "the message was neither taken nor refused")
        }
        return message
    }
}
