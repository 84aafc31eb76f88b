extension JSON {
    /// Why some bytes are no JSON document, and where.
    package struct SyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
        /// The byte at which it went wrong, from 0.
        package let offset: Int
        package let problem: String
        /// The document's member that makes it larger than whoever parses it keeps.
        ///
        /// It is nil where size isn't what is wrong, and empty where the document is no object.
        package var oversizedMember: String?

        package var description: String { "\(problem) at byte \(offset)" }
    }

    /// How deep arrays and objects may nest: deeper ones are an attack on the stack.
    package static let depthLimit = 64

    /// Parses a whole document by RFC 8259, strictly: UTF-8 only, no duplicate names, nothing
    /// behind the value but white space.
    ///
    /// A value of two bytes (`0,`) takes forty in memory, so whoever reads a stranger's text says
    /// how much of it may be kept: white space aside, at most `limit` bytes. The parser stops at
    /// the value that goes beyond.
    ///
    /// Of one array among the document's members nothing is kept where it is named: `element` is
    /// shown its elements one by one, and in the document it is empty. So a list of a million
    /// accounts costs the memory of its text and no more. The limit holds for the document without
    /// that array, and for each of the elements.
    package init(
        parsing bytes: [UInt8],
        keeping limit: Int = .max,
        showing name: String? = nil,
        to element: @escaping (JSON) -> Void = { _ in }
    ) throws(SyntaxError) {
        var parser = Parser(bytes: bytes, limit: limit)
        parser.shown = name.map { (Array($0.utf8), element) }
        self = try parser.document()
    }
}

private struct Parser {
    let bytes: [UInt8]
    var position = 0
    var depth = 0
    /// How much of the text one value shown, or the document beside those, may have.
    let limit: Int
    /// How much more of it may be kept.
    var room: Int
    /// The member of the document that is being read.
    var member: [UInt8] = []
    /// The member of the document whose elements are shown instead of kept, and to whom.
    var shown: (name: [UInt8], element: (JSON) -> Void)?

    init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
        room = limit
    }

    mutating func document() throws(JSON.SyntaxError) -> JSON {
        skipSpace()
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw fault("something follows the document") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ problem: String) -> JSON.SyntaxError {
        JSON.SyntaxError(offset: position, problem: problem)
    }

    /// Counts what is kept of the text.
    private mutating func keep(_ count: Int) throws(JSON.SyntaxError) {
        room -= count
        guard room < 0 else { return }
        var fault = fault("there is more than \(limit) bytes")
        fault.oversizedMember = String(decoding: member, as: UTF8.self)
        throw fault
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func value() throws(JSON.SyntaxError) -> JSON {
        let start = position
        let kind: JSON.Kind
        switch next {
        case UInt8(ascii: "{"): kind = .object(try nested(Self.members))
        case UInt8(ascii: "["): kind = .array(try nested(Self.elements))
        case UInt8(ascii: "\""): kind = .string(try string())
        case UInt8(ascii: "t"): kind = try word("true", .bool(true))
        case UInt8(ascii: "f"): kind = try word("false", .bool(false))
        case UInt8(ascii: "n"): kind = try word("null", .null)
        case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?:
            kind = .number(try number())
        case nil: throw fault("the document ends where a value should begin")
        default: throw fault("no value begins like this")
        }
        return JSON(kind: kind, range: start..<position)
    }

    private mutating func word(
        _ word: StaticString,
        _ kind: JSON.Kind
    ) throws(JSON.SyntaxError) -> JSON.Kind {
        let expected = Array(word.description.utf8)
        guard bytes[position...].starts(with: expected) else {
            throw fault("no value begins like this")
        }
        position += expected.count
        try keep(expected.count)
        return kind
    }

    private mutating func nested<Content>(
        _ content: (inout Parser) throws(JSON.SyntaxError) -> Content
    ) throws(JSON.SyntaxError) -> Content {
        guard depth < JSON.depthLimit else {
            throw fault("arrays and objects nest deeper than \(JSON.depthLimit)")
        }
        depth += 1
        position += 1
        try keep(2)
        let content = try content(&self)
        depth -= 1
        return content
    }

    private static func elements(_ parser: inout Parser) throws(JSON.SyntaxError) -> [JSON] {
        var elements: [JSON] = []
        try parser.eachPart(until: UInt8(ascii: "]")) { parser throws(JSON.SyntaxError) in
            elements.append(try parser.value())
            try parser.keep(1)
        }
        return elements
    }

    /// Reads what stands between commas behind an opening bracket that was read.
    private mutating func eachPart(
        until closing: UInt8,
        _ read: (inout Parser) throws(JSON.SyntaxError) -> Void
    ) throws(JSON.SyntaxError) {
        skipSpace()
        if take(closing) { return }
        while true {
            skipSpace()
            try read(&self)
            skipSpace()
            if take(closing) { return }
            guard take(UInt8(ascii: ",")) else {
                let part =
                    closing == UInt8(ascii: "]") ? ("an array", "bracket") : ("an object", "brace")
                throw fault("\(part.0) wants a comma or a closing \(part.1) here")
            }
        }
    }

    /// A member's value, whose elements may be for somebody else.
    private mutating func value(of name: [UInt8]) throws(JSON.SyntaxError) -> JSON {
        guard depth == 1, let shown, shown.name == name, next == UInt8(ascii: "[") else {
            return try value()
        }
        let start = position
        let rest = room
        try nested { parser throws(JSON.SyntaxError) in
            try parser.eachPart(until: UInt8(ascii: "]")) { parser throws(JSON.SyntaxError) in
                parser.room = parser.limit
                shown.element(try parser.value())
            }
        }
        room = rest
        return JSON(kind: .array([]), range: start..<position)
    }

    private static func members(_ parser: inout Parser) throws(JSON.SyntaxError) -> [JSON.Member] {
        var members: [JSON.Member] = []
        var names: Set<[UInt8]> = []
        try parser.eachPart(until: UInt8(ascii: "}")) { parser throws(JSON.SyntaxError) in
            guard parser.next == UInt8(ascii: "\"") else {
                throw parser.fault("an object wants a member's name here")
            }
            let start = parser.position
            let name = try parser.string()
            try parser.keep(2)
            if parser.depth == 1 { parser.member = name }
            guard names.insert(name).inserted else {
                throw JSON.SyntaxError(offset: start, problem: "a member is named twice")
            }
            parser.skipSpace()
            guard parser.take(UInt8(ascii: ":")) else {
                throw parser.fault("a colon is missing behind a member's name")
            }
            parser.skipSpace()
            let value = try parser.value(of: name)
            members.append(.init(name: String(decoding: name, as: UTF8.self), value: value))
        }
        return members
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func number() throws(JSON.SyntaxError) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        try keep(position - start)
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSON.SyntaxError) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        guard position > start else { throw fault("a number wants a digit here") }
    }

    private mutating func string() throws(JSON.SyntaxError) -> [UInt8] {
        let start = position
        position += 1
        try keep(2)
        var text: [UInt8] = []
        var plainStart = position
        var isASCII = true
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                try keep(position - plainStart)
                text.append(contentsOf: bytes[plainStart..<position])
                position += 1
                guard isASCII || String(validating: text, as: UTF8.self) != nil else {
                    throw JSON.SyntaxError(offset: start, problem: "a string is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                try keep(position - plainStart)
                text.append(contentsOf: bytes[plainStart..<position])
                let escapeStart = position
                position += 1
                try escape(into: &text)
                plainStart = position
                try keep(plainStart - escapeStart)
            case 0..<0x20:
                throw fault("a control character in a string must be escaped")
            default:
                if byte >= 0x80 { isASCII = false }
                position += 1
            }
        }
        throw fault("a string doesn't end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSON.SyntaxError) {
        guard let byte = next else { throw fault("a string doesn't end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape()
            text.append(contentsOf: Array(String(scalar).utf8))
        default: throw fault("no such escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(JSON.SyntaxError) -> Unicode.Scalar {
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u"))
        else { throw fault("half of a surrogate pair") }
        let second = try fourDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("half of a surrogate pair") }
        return scalar
    }

    private mutating func fourDigits() throws(JSON.SyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch next {
            case let byte? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
                digit = byte - UInt8(ascii: "0")
            case let byte? where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20):
                digit = (byte | 0x20) - UInt8(ascii: "a") + 10
            default: throw fault("an escape wants four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
