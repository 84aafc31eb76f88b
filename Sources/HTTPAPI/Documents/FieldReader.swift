import DeliveryCore
import JSON

/// Reads the fields of one JSON object and gathers every fault with its pointer.
///
/// A client with three mistakes hears of all three at once.
struct FieldReader {
    private let object: JSON
    private(set) var faults: [Problem.Fault] = []
    private var faultCount = 0

    /// How many faults a refusal lists: nobody reads more, and a short body may hold thousands.
    private static let listedFaults = 50

    /// Reads an object that may have these fields and no others.
    init(_ document: JSON, fields: [String]) {
        object = document
        guard let members = document.members else {
            fault("", "want an object, not \(document.kindName)")
            return
        }
        for member in members where !fields.contains(member.name) {
            fault(
                JSON.pointerPart(member.name),
                "there is no such field; there are: \(fields.joined(separator: ", "))"
            )
        }
    }

    mutating func fault(_ pointer: String, _ detail: String) {
        faultCount += 1
        guard faultCount <= Self.listedFaults else { return }
        faults.append(.init(pointer: pointer, detail: detail))
    }

    /// A field's value; nil if it is left out.
    func value(_ name: String) -> JSON? { object[name] }

    func isNamed(_ name: String) -> Bool { object[name] != nil }

    /// A value that is there and not null.
    private func given(_ name: String) -> JSON? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let value = given(name) else { return nil }
        if value.bool == nil { fault("/\(name)", "want true or false, not \(value.kindName)") }
        return value.bool
    }

    mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Value.Type = Value.self
    ) -> Value? where Value.RawValue == String {
        guard let value = given(name) else { return nil }
        let choice = value.string.flatMap(Value.init)
        if choice == nil {
            let known = Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            fault("/\(name)", "want one of \(known)")
        }
        return choice
    }

    /// A campaign's name: at most 200 bytes, no control characters.
    mutating func campaignName(_ name: String) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            fault("/\(name)", "want a string, not \(value.kindName)")
            return nil
        }
        guard text.utf8.count <= 200 else {
            fault("/\(name)", "want at most 200 bytes, not \(text.utf8.count)")
            return nil
        }
        let isControl = { (scalar: Unicode.Scalar) in
            scalar.properties.generalCategory == .control
        }
        guard !text.unicodeScalars.contains(where: isControl) else {
            fault("/\(name)", "a name holds no control characters")
            return nil
        }
        return text
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = given(name) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            fault("/\(name)", "want a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func time(_ name: String) -> Timestamp? {
        guard let value = given(name) else { return nil }
        guard let time = value.string.flatMap({ Timestamp(rfc3339: $0) }) else {
            fault("/\(name)", "want an RFC 3339 time, such as 2026-11-11T09:30:00+08:00, or null")
            return nil
        }
        return time
    }

    /// Checks that an expiry lies ahead and behind the start.
    mutating func checkExpiry(_ expiry: Timestamp?, start: Timestamp?, now: Timestamp) {
        guard let expiry else { return }
        if expiry <= now {
            fault("/expires_at", "must lie ahead; now is \(now.rfc3339)")
        } else if let start, expiry <= start {
            fault("/expires_at", "must lie after start_at")
        }
    }

    /// Fails with all faults if there are any.
    func finish() throws(Problem) {
        guard !faults.isEmpty else { return }
        let count = faultCount == 1 ? "one field is" : "\(faultCount) fields are"
        let listed = faultCount > faults.count ? ", of which the first are listed" : ""
        throw Problem(.invalid, "\(count) invalid\(listed); nothing was done", faults: faults)
    }
}

/// Parses a body of which at most so many bytes may be kept; the failure names the byte, or the
/// field that is too long.
///
/// The elements of the array `name` among the document's members are shown instead of kept.
func parseJSON(
    _ bytes: [UInt8],
    keeping limit: Int,
    showing name: String? = nil,
    to element: @escaping (JSON) -> Void = { _ in }
) throws(Problem) -> JSON {
    do {
        guard let name else { return try JSON(parsing: bytes, keeping: limit) }
        return try JSON(parsing: bytes, keeping: limit, showing: name, to: element)
    } catch {
        guard let member = error.oversizedMember else {
            throw Problem(.notJSON, "\(error.problem), at byte \(error.offset) from 0")
        }
        let pointer = member.isEmpty ? "" : JSON.pointerPart(member)
        let others = name.map { " beside \($0)" } ?? ""
        let detail = "is too long: all fields\(others) may have \(limit) bytes together"
        throw Problem(
            .invalid,
            "one field is invalid; nothing was done",
            faults: [Problem.Fault(pointer: pointer, detail: detail)]
        )
    }
}
