import DeliveryCore
import JSON

/// Reads the fields of one JSON object and gathers every fault with its pointer.
struct FieldReader {
    private let object: JSON
    private var check = FieldCheck(listing: 50)

    /// Reads an object that may have these fields and no others.
    init(_ document: JSON, fields: [String]) {
        object = document
        check.object(document, at: "", fields: fields.map { .init($0, .anything) }) { _ in
            "there is no such field; there are: \(fields.joined(separator: ", "))"
        }
    }

    var faults: [FieldCheck.Fault] { check.faults }

    mutating func fault(_ pointer: String, _ detail: String) {
        check.fault(pointer, detail)
    }

    /// A field's value; nil if it is left out.
    func value(_ name: String) -> JSON? { object[name] }

    func isNamed(_ name: String) -> Bool { object[name] != nil }

    /// What a rule's value is read as; nil if it is left out, null or not what the rule wants.
    mutating func value<Value>(
        _ name: String,
        _ rule: Rule,
        as read: (JSON) -> Value?
    ) -> Value? {
        guard let value = object[name], !value.isNull, check.value(value, at: "/\(name)", rule)
        else { return nil }
        return read(value)
    }

    mutating func bool(_ name: String) -> Bool? { value(name, .bool, as: \.bool) }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        value(name, .integer(range), as: \.integer)
    }

    mutating func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Value.Type = Value.self
    ) -> Value? {
        value(name, .choice(Value.allCases.map(\.rawValue))) { $0.string.flatMap(Value.init) }
    }

    mutating func time(_ name: String) -> Timestamp? {
        let wanted = "want an RFC 3339 time, such as 2026-11-11T09:30:00+08:00, or null"
        let read: @Sendable (String) -> Timestamp? = { Timestamp(rfc3339: $0) }
        let rule = Rule.text { read(String(decoding: $0, as: UTF8.self)) == nil ? wanted : nil }
        return value(name, rule) { $0.string.flatMap(read) }
    }

    /// A campaign's name: at most 200 bytes, no control characters; null is none.
    mutating func campaignName(_ name: String) -> String? {
        let rule = Self.line("a name")
        guard let value = object[name], check.value(value, at: "/\(name)", rule) else {
            return nil
        }
        return value.string
    }

    /// Why an account must not be addressed: bounded as a campaign's name; null is none.
    mutating func reason(_ name: String) -> String? {
        value(name, Self.line("a reason"), as: \.string)
    }

    /// A short text of one line; `noun` is what it is called.
    private static func line(_ noun: String) -> Rule {
        .text { bytes in
            guard bytes.count <= 200 else { return "want at most 200 bytes, not \(bytes.count)" }
            let hasControls = String(decoding: bytes, as: UTF8.self).unicodeScalars.contains {
                $0.properties.generalCategory == .control
            }
            return hasControls ? "\(noun) holds no control characters" : nil
        }
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
        guard check.count > 0 else { return }
        let count = check.count == 1 ? "one field is" : "\(check.count) fields are"
        let listed = check.count > faults.count ? ", of which the first are listed" : ""
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
        return try JSON(parsing: bytes, keeping: limit, showing: name, to: element)
    } catch {
        guard let member = error.oversizedMember else {
            throw Problem(.notJSON, "\(error.problem), at byte \(error.offset) from 0")
        }
        let pointer = member.isEmpty ? "" : JSON.pointerPart(member)
        let others = name.map { " beside \($0)" } ?? ""
        let detail = "is too long: all fields\(others) may have \(limit) bytes together"
        throw .invalid(pointer, detail)
    }
}
