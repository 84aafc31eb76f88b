import DeliveryCore
import JSON

/// The accounts of a document's `recipients`, taken in as they are parsed.
struct AccountList {
    private let rules: any AccountRules
    private var run = AccountRun()
    private var count = 0
    /// A refusal lists so many bad accounts: enough to see the pattern.
    private var check = FieldCheck(listing: 20)

    static let field = "recipients"

    init(_ rules: any AccountRules) {
        self.rules = rules
    }

    mutating func add(_ element: JSON) {
        defer { count += 1 }
        if let fault = fault(in: element) {
            check.fault("/\(Self.field)/\(count)", fault)
        } else {
            run.append(element.stringBytes ?? [])
        }
    }

    private func fault(in element: JSON) -> String? {
        guard let bytes = element.stringBytes else {
            return "want an account as a string, not \(element.kindName)"
        }
        return rules.fault(in: bytes)
    }

    /// All accounts once the document is read; nil if it leaves them to a stream.
    func accounts(_ reader: inout FieldReader) -> AccountRun? {
        guard let value = reader.value(Self.field) else { return nil }
        let place = "/\(Self.field)"
        if value.elements == nil {
            reader.fault(place, "want an array of accounts, not \(value.kindName)")
        } else if count == 0 {
            reader.fault(place, "is empty; leave it out to stream recipients later")
        }
        for fault in check.faults { reader.fault(fault.pointer, fault.detail) }
        if check.count > check.faults.count {
            let rest = check.count - check.faults.count
            reader.fault(place, "\(rest) further accounts are invalid")
        }
        return run
    }
}
