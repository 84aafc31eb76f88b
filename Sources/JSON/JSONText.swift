/// Writes compact JSON, in the order it is told.
///
/// Text is UTF-8 and only what must be escaped is. Objects and arrays are closures, so that
/// whatever is opened is closed; the writer puts the commas. What is written millions of times is
/// inlined: a closure costs nothing there, and a field's name is a constant.
package struct JSONText: Sendable {
    @usableFromInline var buffer: [UInt8] = []
    @usableFromInline var needsComma = false

    @inlinable package init() {}

    /// Writes one document.
    @inlinable
    package init(_ write: (inout JSONText) -> Void) {
        write(&self)
    }

    /// The bytes of a document that is one object.
    @inlinable
    package static func document(_ members: (inout JSONText) -> Void) -> [UInt8] {
        JSONText { $0.object(members) }.bytes
    }

    @inlinable package var bytes: [UInt8] { buffer }
    package var string: String { String(decoding: buffer, as: UTF8.self) }

    /// Ends a line of a stream of documents.
    @inlinable
    package mutating func endLine() {
        buffer.append(0x0A)
        needsComma = false
    }

    @inlinable
    mutating func comma() {
        if needsComma { buffer.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

// MARK: - Objects and arrays

extension JSONText {
    @inlinable
    package mutating func object(_ members: (inout JSONText) -> Void) {
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    @inlinable
    package mutating func array(_ elements: (inout JSONText) -> Void) {
        open(UInt8(ascii: "["))
        elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// An array of one element for each item.
    @inlinable
    package mutating func array<Items: Sequence>(
        of items: Items,
        _ element: (inout JSONText, Items.Element) -> Void
    ) {
        array { text in
            for item in items { element(&text, item) }
        }
    }

    @inlinable
    mutating func open(_ bracket: UInt8) {
        comma()
        buffer.append(bracket)
        needsComma = false
    }

    @inlinable
    mutating func close(_ bracket: UInt8) {
        buffer.append(bracket)
        needsComma = true
    }
}

// MARK: - Members of an object

extension JSONText {
    /// A member whose value is what `value` writes.
    @inlinable
    package mutating func field(_ name: StaticString, _ value: (inout JSONText) -> Void) {
        begin(name)
        value(&self)
    }

    @inlinable
    package mutating func field(_ name: StaticString, _ value: String?) {
        begin(name)
        if let value { string(value) } else { null() }
    }

    @inlinable
    package mutating func field(_ name: StaticString, _ value: Int?) {
        begin(name)
        if let value { number(value) } else { null() }
    }

    @inlinable
    package mutating func field(_ name: StaticString, _ value: Bool) {
        begin(name)
        bool(value)
    }

    /// A member whose value is a string of UTF-8 bytes.
    @inlinable
    package mutating func field(_ name: StaticString, utf8: [UInt8]) {
        begin(name)
        string(utf8)
    }

    /// A member whose value is JSON already.
    @inlinable
    package mutating func field(_ name: StaticString, json: some Collection<UInt8>) {
        begin(name)
        raw(json)
    }

    @inlinable
    package mutating func object(_ name: StaticString, _ members: (inout JSONText) -> Void) {
        begin(name)
        object(members)
    }

    @inlinable
    package mutating func array<Items: Sequence>(
        _ name: StaticString,
        of items: Items,
        _ element: (inout JSONText, Items.Element) -> Void
    ) {
        begin(name)
        array(of: items, element)
    }

    /// A member whose value is an array of one object for each item.
    @inlinable
    package mutating func objects<Items: Sequence>(
        _ name: StaticString,
        of items: Items,
        _ members: (inout JSONText, Items.Element) -> Void
    ) {
        array(name, of: items) { text, item in text.object { members(&$0, item) } }
    }

    /// A constant name, which must need no escapes.
    @inlinable
    mutating func begin(_ name: StaticString) {
        comma()
        buffer.append(UInt8(ascii: "\""))
        unsafe buffer.append(
            contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        )
        buffer.append(UInt8(ascii: "\""))
        buffer.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A member whose name isn't a constant.
    @inlinable
    package mutating func field(named name: String, _ value: (inout JSONText) -> Void) {
        string(name)
        buffer.append(UInt8(ascii: ":"))
        needsComma = false
        value(&self)
    }
}

// MARK: - Values

extension JSONText {
    @inlinable package mutating func null() { raw("null".utf8) }
    @inlinable package mutating func bool(_ value: Bool) { raw((value ? "true" : "false").utf8) }
    @inlinable
    package mutating func number(_ value: some BinaryInteger) { raw(String(value).utf8) }

    /// A number, or null for nil.
    package mutating func number(_ value: (some BinaryInteger)?) {
        if let value { number(value) } else { null() }
    }

    package mutating func string(_ text: String) {
        comma()
        Self.appendString(text.utf8, to: &buffer)
    }

    /// A string of UTF-8 bytes.
    package mutating func string(_ utf8: [UInt8]) {
        comma()
        Self.appendString(utf8, to: &buffer)
    }

    /// A value that is JSON already.
    @inlinable
    package mutating func raw(_ json: some Sequence<UInt8>) {
        comma()
        buffer.append(contentsOf: json)
    }

    /// Appends a string of UTF-8 bytes with its quotes.
    package static func appendString(
        _ utf8: some Collection<UInt8>,
        to bytes: inout [UInt8]
    ) {
        bytes.append(UInt8(ascii: "\""))
        if utf8.allSatisfy(isPlain) {
            bytes.append(contentsOf: utf8)
        } else {
            for byte in utf8 { appendEscaped(byte, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0x0A: bytes += Array("\\n".utf8)
        case 0x0D: bytes += Array("\\r".utf8)
        case 0x09: bytes += Array("\\t".utf8)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
        default: bytes.append(byte)
        }
    }
}
