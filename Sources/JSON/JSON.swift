/// A JSON document as it was written: order, number spellings and positions are kept.
///
/// Foundation's decoders turn numbers into doubles and forget where a value stood. Here a message
/// must pass through as written and a fault must name its place, so a value keeps the range of its
/// text, numbers stay text until somebody asks, and a member named twice is an error.
package struct JSON: Sendable, Hashable {
    package let kind: Kind
    /// Where the value stands in the text it was parsed from.
    package let range: Range<Int>

    package enum Kind: Sendable, Hashable {
        case null
        case bool(Bool)
        /// The number's own text.
        case number(String)
        /// The unescaped text as UTF-8.
        case string([UInt8])
        case array([JSON])
        /// The members in their order; no name comes twice.
        case object([Member])
    }

    package struct Member: Sendable, Hashable {
        package let name: String
        package let value: JSON
    }
}

extension JSON {
    /// The member of an object by its name, compared byte for byte; nil if there is none.
    package subscript(name: String) -> JSON? {
        members?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The object without some of its members; its range is still that of all.
    package func without(_ names: Set<String>) -> JSON {
        guard let members else { return self }
        return JSON(kind: .object(members.filter { !names.contains($0.name) }), range: range)
    }

    package var members: [Member]? {
        if case .object(let members) = kind { members } else { nil }
    }

    package var elements: [JSON]? {
        if case .array(let elements) = kind { elements } else { nil }
    }

    /// The bytes of a string value.
    package var stringBytes: [UInt8]? {
        if case .string(let bytes) = kind { bytes } else { nil }
    }

    package var string: String? {
        stringBytes.map { String(decoding: $0, as: UTF8.self) }
    }

    package var bool: Bool? {
        if case .bool(let value) = kind { value } else { nil }
    }

    /// A number written as an integer that fits; `1.0` and `1e3` are none.
    package var integer: Int? {
        if case .number(let text) = kind { Int(text) } else { nil }
    }

    package var double: Double? {
        if case .number(let text) = kind { Double(text) } else { nil }
    }

    package var isNull: Bool { kind == .null }

    /// What the value is, for messages: `a string`, `an object` and so on.
    package var kindName: String {
        switch kind {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// A name as one part of a JSON pointer (RFC 6901), with its leading slash.
    package static func pointerPart(_ name: String) -> String {
        var part = "/"
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": part += "~0"
            case "/": part += "~1"
            default: part.unicodeScalars.append(scalar)
            }
        }
        return part
    }
}
