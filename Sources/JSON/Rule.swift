/// What the value of a field may be, and what to say about one that isn't it.
package enum Rule: Sendable {
    case string
    case bool
    case number(ClosedRange<Double>? = nil)
    case integer(ClosedRange<Int>)
    case oneOf([Int])
    case choice([String])
    case object
    /// An array; what it holds, in words, is checked elsewhere.
    case array(of: String)
    /// A string with a rule of its own, which answers what is wrong with the string's bytes.
    case text(@Sendable ([UInt8]) -> String?)
    /// Checked elsewhere, with its parts.
    case anything

    /// What is wrong with a value and what would do; nil if nothing is.
    package func fault(in json: JSON) -> String? {
        switch self {
        case .anything: nil
        case .string: json.stringBytes == nil ? "want a string, not \(json.kindName)" : nil
        case .bool: json.bool == nil ? "want true or false, not \(json.kindName)" : nil
        case .object: json.members == nil ? "want an object, not \(json.kindName)" : nil
        case .array(let parts):
            json.elements == nil ? "want an array of \(parts), not \(json.kindName)" : nil
        case .number(let range): Self.fault(in: json, wanted: range)
        case .integer(let range):
            json.integer.map(range.contains) == true
                ? nil
                : "want a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "not \(Self.shown(json))"
        case .oneOf(let numbers):
            json.integer.map(numbers.contains) == true
                ? nil : "want \(Self.alternatives(numbers)), not \(Self.shown(json))"
        case .choice(let words):
            words.contains { Array($0.utf8) == json.stringBytes }
                ? nil
                : "want one of \(words.map(\.debugDescription).joined(separator: ", ")), "
                    + "not \(Self.shown(json))"
        case .text(let fault): json.stringBytes.map(fault) ?? Rule.string.fault(in: json)
        }
    }

    /// Whether a value is what the rule wants.
    package func admits(_ json: JSON) -> Bool { fault(in: json) == nil }

    private static func fault(in json: JSON, wanted range: ClosedRange<Double>?) -> String? {
        if let number = json.double, range?.contains(number) ?? true { return nil }
        guard let range else { return "want a number, not \(json.kindName)" }
        let (least, most) = (plain(range.lowerBound), plain(range.upperBound))
        return "want a number from \(least) to \(most), not \(shown(json))"
    }

    /// A number without the `.0` that Swift gives whole ones.
    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }

    private static func alternatives(_ numbers: [Int]) -> String {
        let texts = numbers.map { String($0) }
        guard texts.count > 1, let last = texts.last else { return texts.joined() }
        return texts.dropLast().joined(separator: ", ") + " or " + last
    }

    /// A number or a string as it was written, cut where it is long; of others their kind.
    private static func shown(_ json: JSON) -> String {
        switch json.kind {
        case .number(let text): String(text.prefix(40))
        case .string where json.string?.count ?? 0 <= 40: (json.string ?? "").debugDescription
        default: json.kindName
        }
    }
}
