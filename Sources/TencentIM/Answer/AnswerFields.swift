import JSON

/// The fields of one object of an answer, of which only those that are asked for are judged.
///
/// A stray byte in a text that decides nothing must not make an answer unreadable: then everybody
/// would be sent to again. So the object is cut at its quotes, brackets and commas, and a value is
/// parsed when somebody wants it.
struct AnswerFields {
    /// A field that decides can't be read, or is there twice.
    struct Unreadable: Error {}

    private let members: [(name: [UInt8], value: ArraySlice<UInt8>)]

    /// The fields of an object; nil if the bytes are no whole object.
    ///
    /// A byte order mark is skipped.
    init?(_ bytes: ArraySlice<UInt8>) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var cutter = Cutter(bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes)
        guard let members = cutter.members() else { return nil }
        self.members = members
    }

    /// A field's value; nil if there is none of that name.
    func value(_ name: String) throws(Unreadable) -> JSON? {
        guard let bytes = try bytes(of: name) else { return nil }
        do { return try JSON(parsing: Array(bytes)) } catch { throw Unreadable() }
    }

    /// The objects that an array holds; absent and null are the same as empty.
    func objects(_ name: String) throws(Unreadable) -> [AnswerFields] {
        var objects: [AnswerFields] = []
        for element in try elements(name) ?? [] {
            guard let object = AnswerFields(element) else { throw Unreadable() }
            objects.append(object)
        }
        return objects
    }

    /// The values that an array holds, unread; nil if there is none of that name, or null.
    func elements(_ name: String) throws(Unreadable) -> [ArraySlice<UInt8>]? {
        guard let bytes = try bytes(of: name), !bytes.elementsEqual("null".utf8) else { return nil }
        var cutter = Cutter(bytes)
        guard let elements = cutter.elements() else { throw Unreadable() }
        return elements
    }

    /// A field for people to read, with replacement characters for what is no text.
    func text(_ name: String) -> String {
        guard let bytes = members.first(where: { $0.name.elementsEqual(name.utf8) })?.value,
            bytes.first == UInt8(ascii: "\"")
        else { return "" }
        do { return try JSON(parsing: Array(bytes)).string ?? "" } catch {
            return String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)
        }
    }

    private func bytes(of name: String) throws(Unreadable) -> ArraySlice<UInt8>? {
        let found = members.filter { $0.name.elementsEqual(name.utf8) }
        guard found.count < 2 else { throw Unreadable() }
        return found.first?.value
    }
}

/// Cuts an object or an array into its parts without a look at what they hold.
private struct Cutter {
    let bytes: ArraySlice<UInt8>
    var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    mutating func members() -> [(name: [UInt8], value: ArraySlice<UInt8>)]? {
        var members: [(name: [UInt8], value: ArraySlice<UInt8>)] = []
        let isWhole = list(from: UInt8(ascii: "{"), to: UInt8(ascii: "}")) { cutter in
            let start = cutter.position
            guard cutter.next == UInt8(ascii: "\""), cutter.skipString() else { return false }
            let name = Array(cutter.bytes[start..<cutter.position])
            cutter.skipSpace()
            guard cutter.take(UInt8(ascii: ":")), let value = cutter.value() else { return false }
            members.append((Self.unquoted(name), value))
            return true
        }
        return isWhole ? members : nil
    }

    mutating func elements() -> [ArraySlice<UInt8>]? {
        var elements: [ArraySlice<UInt8>] = []
        let isWhole = list(from: UInt8(ascii: "["), to: UInt8(ascii: "]")) { cutter in
            guard let value = cutter.value() else { return false }
            elements.append(value)
            return true
        }
        return isWhole ? elements : nil
    }

    /// A name that can't be read stays in its quotes, so that it is none that is asked for.
    private static func unquoted(_ name: [UInt8]) -> [UInt8] {
        do { return try JSON(parsing: name).stringBytes ?? name } catch { return name }
    }

    private mutating func list(
        from opening: UInt8,
        to closing: UInt8,
        _ part: (inout Cutter) -> Bool
    ) -> Bool {
        skipSpace()
        guard take(opening) else { return false }
        skipSpace()
        while !take(closing) {
            guard part(&self) else { return false }
            guard take(UInt8(ascii: ",")) else {
                guard take(closing) else { return false }
                break
            }
            skipSpace()
        }
        skipSpace()
        return position == bytes.endIndex
    }

    private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Control characters between the parts are as good as space.
    private mutating func skipSpace() {
        while let next, next <= 0x20 { position += 1 }
    }

    /// The bytes of a value without the space around it; nil if it doesn't end.
    private mutating func value() -> ArraySlice<UInt8>? {
        skipSpace()
        let start = position
        var awaited: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard skipString() else { return nil }
                continue
            case UInt8(ascii: "{"): awaited.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["): awaited.append(UInt8(ascii: "]"))
            case UInt8(ascii: "}") where awaited.isEmpty, UInt8(ascii: "]") where awaited.isEmpty,
                UInt8(ascii: ",") where awaited.isEmpty:
                let end = bytes[start..<position].lastIndex { $0 > 0x20 }
                return end.map { bytes[start...$0] } ?? bytes[start..<start]
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard awaited.removeLast() == byte else { return nil }
            default: break
            }
            position += 1
        }
        return nil
    }

    /// Goes behind a string whose opening quote is next; false if it doesn't end.
    private mutating func skipString() -> Bool {
        position += 1
        while let byte = next {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return true }
        }
        return false
    }
}
