import DeliveryCore
import DeliveryEngine
import JSON

/// Gathers what is wrong with a message, field by field.
struct FieldCheck {
    private(set) var faults: [MessageFault] = []

    mutating func fault(_ pointer: String, _ detail: String) {
        faults.append(MessageFault(pointer: pointer, detail: detail))
    }

    /// Checks the members of an object against what its fields may be.
    ///
    /// A field that `fields` doesn't know goes to `unknown`, where there is one, and passes where
    /// there is none.
    mutating func object(
        _ json: JSON,
        at pointer: String,
        fields: [Field],
        required: Set<String> = [],
        unknown: ((String) -> String)? = nil
    ) {
        guard let members = json.members else {
            fault(pointer, "must be an object, not \(json.kindName)")
            return
        }
        for member in members {
            let place = pointer + JSON.pointerPart(member.name)
            if let field = fields.first(where: { $0.name.utf8.elementsEqual(member.name.utf8) }) {
                value(member.value, at: place, rule: field.rule)
            } else if let unknown {
                fault(place, unknown(member.name))
            }
        }
        for name in required.sorted() where json[name] == nil {
            fault(pointer + JSON.pointerPart(name), "is missing")
        }
    }

    mutating func value(_ json: JSON, at pointer: String, rule: Rule) {
        if let detail = rule.complaint(about: json) { fault(pointer, detail) }
    }
}

/// One field of an object by its name.
struct Field {
    let name: String
    let rule: Rule

    init(_ name: String, _ rule: Rule) {
        self.name = name
        self.rule = rule
    }
}

/// What the value of a field may be.
enum Rule {
    case string
    case integer(ClosedRange<Int>)
    case oneOf([Int])
    case number
    case account
    case object
    /// Checked elsewhere, with its parts.
    case anything

    /// A size, width, duration or other count: Tencent's integers of that kind are 32 bits wide.
    static let count: Rule = .integer(0...Int(UInt32.max))

    /// What is wrong with a value and what would do; nil if nothing is.
    func complaint(about json: JSON) -> String? {
        switch self {
        case .string: json.stringBytes == nil ? "must be a string, not \(json.kindName)" : nil
        case .number: json.double == nil ? "must be a number, not \(json.kindName)" : nil
        case .object: json.members == nil ? "must be an object, not \(json.kindName)" : nil
        case .anything: nil
        case .account: Self.accountComplaint(json)
        case .integer(let range):
            Self.integerComplaint(
                json,
                "an integer from \(range.lowerBound) to \(range.upperBound)"
            ) { range.contains($0) }
        case .oneOf(let values):
            Self.integerComplaint(json, Self.alternatives(values)) { values.contains($0) }
        }
    }

    private static func integerComplaint(
        _ json: JSON,
        _ wanted: String,
        _ isAllowed: (Int) -> Bool
    ) -> String? {
        guard case .number(let text) = json.kind else {
            return "must be \(wanted), not \(json.kindName)"
        }
        if let value = json.integer, isAllowed(value) { return nil }
        return "must be \(wanted), not \(text.prefix(40))"
    }

    private static func alternatives(_ values: [Int]) -> String {
        let texts = values.map { String($0) }
        guard texts.count > 1, let last = texts.last else { return texts.joined() }
        return texts.dropLast().joined(separator: ", ") + " or " + last
    }

    private static func accountComplaint(_ json: JSON) -> String? {
        guard let bytes = json.stringBytes else { return "must be a string, not \(json.kindName)" }
        return Account.fault(in: bytes)?.description
    }
}
