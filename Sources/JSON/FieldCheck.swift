/// Gathers what is wrong with a document, field by field, each fault with its pointer.
///
/// Whoever has made three mistakes hears of all three at once.
package struct FieldCheck: Sendable {
    /// The first faults, as many as are listed.
    package private(set) var faults: [Fault] = []
    /// All of them.
    package private(set) var count = 0
    private let listed: Int

    /// What is wrong with a document, and where.
    package struct Fault: Sendable, Hashable {
        /// A JSON pointer (RFC 6901) into the document, such as `/MsgBody/0/MsgType`.
        package let pointer: String
        /// What is wrong and what would do.
        package let detail: String

        package init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    /// One field of an object by its name.
    package struct Field: Sendable {
        package let name: String
        package let rule: Rule
        private(set) var isRequired = false

        package init(_ name: String, _ rule: Rule) {
            self.name = name
            self.rule = rule
        }

        /// A field that an object can't do without.
        package static func required(_ name: String, _ rule: Rule) -> Field {
            var field = Field(name, rule)
            field.isRequired = true
            return field
        }
    }

    /// Keeps so many faults; nobody reads more, and a short document may hold thousands.
    package init(listing listed: Int = .max) {
        self.listed = listed
    }

    package mutating func fault(_ pointer: String, _ detail: String) {
        count += 1
        if count <= listed { faults.append(Fault(pointer: pointer, detail: detail)) }
    }

    /// Checks one value; says whether it is what the rule wants.
    @discardableResult
    package mutating func value(_ json: JSON, at pointer: String, _ rule: Rule) -> Bool {
        guard let detail = rule.fault(in: json) else { return true }
        fault(pointer, detail)
        return false
    }

    /// Checks the members of an object against what its fields may be.
    ///
    /// A field that `fields` doesn't know goes to `unknown`, where there is one, and passes where
    /// there is none.
    package mutating func object(
        _ json: JSON,
        at pointer: String,
        fields: [Field],
        unknown: ((String) -> String)? = nil
    ) {
        guard value(json, at: pointer, .object) else { return }
        for member in json.members ?? [] {
            let place = pointer + JSON.pointerPart(member.name)
            if let field = fields.first(where: { $0.name.utf8.elementsEqual(member.name.utf8) }) {
                value(member.value, at: place, field.rule)
            } else if let unknown {
                fault(place, unknown(member.name))
            }
        }
        for field in fields where field.isRequired && json[field.name] == nil {
            fault(pointer + JSON.pointerPart(field.name), "is missing")
        }
    }
}
