package import DeliveryCore
import Glibc
import JSON

/// Cuts a stream of bytes into lines and gathers the accounts they name.
///
/// The stream may be cut anywhere: what is left of a line waits in `rest`, which is bounded, so a
/// line of two gigabytes costs no memory. Whole lines are read where they lie; the ordinary
/// account, in ASCII, costs one search for the line's end, one look at its bytes and one copy.
package struct AccountLines: AccountReader {
    /// What a line holds.
    package enum Form: Sendable {
        /// The account's own bytes.
        case text
        /// A JSON string, or an object with the member `account`.
        case ndjson
    }

    private let form: Form
    private let rules: any AccountRules
    /// Of the rules, at hand for every line.
    private let byteLimit: Int
    package var run = AccountRun()
    package private(set) var invalid = InvalidLines()

    /// The start of a line whose end hasn't come.
    private var rest: [UInt8] = []
    /// Bytes of that line that didn't fit `rest`.
    private var skipped = 0
    private var lineNumber = 0

    /// The longest line that is looked at: an account of 255 bytes takes at most 1,530 in escapes,
    /// and an exported row with all its members stays below this.
    static let lineLimit = 4_096

    package init(form: Form, rules: any AccountRules) {
        self.form = form
        self.rules = rules
        byteLimit = rules.byteLimit
    }

    package mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        var position = 0
        while position < bytes.count {
            let length = bytes.count - position
            guard let found = unsafe memchr(base + position, 0x0A, length) else {
                unsafe keep(UnsafeRawBufferPointer(start: base + position, count: length))
                return
            }
            let end = unsafe UnsafeRawPointer(found) - base
            let piece = unsafe UnsafeRawBufferPointer(start: base + position, count: end - position)
            if rest.isEmpty, skipped == 0 {
                if piece.count > Self.lineLimit {
                    refuse(length: piece.count)
                } else {
                    unsafe endLine(piece)
                }
            } else {
                unsafe keep(piece)
                endKeptLine()
            }
            position = end + 1
        }
    }

    package mutating func finish() {
        if !rest.isEmpty || skipped > 0 { endKeptLine() }
    }

    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        let room = Self.lineLimit - rest.count
        let kept = min(room, piece.count)
        unsafe rest.append(contentsOf: piece.prefix(kept))
        skipped += piece.count - kept
    }

    private mutating func endKeptLine() {
        if skipped > 0 {
            refuse(length: rest.count + skipped)
        } else {
            let line = rest
            unsafe line.withUnsafeBytes { unsafe endLine($0) }
        }
        rest.removeAll(keepingCapacity: true)
        skipped = 0
    }

    /// Counts a line that is too long to be looked at.
    private mutating func refuse(length: Int) {
        lineNumber += 1
        let reason =
            switch form {
            case .text: rules.tooLong(byteCount: length)
            case .ndjson: "a line has at most \(Self.lineLimit) bytes, this one has \(length)"
            }
        invalid.add(line: lineNumber, reason: reason)
    }

    /// Reads one whole line, without its LF.
    private mutating func endLine(_ whole: UnsafeRawBufferPointer) {
        lineNumber += 1
        var line = unsafe whole
        if lineNumber == 1, unsafe line.starts(with: [0xEF, 0xBB, 0xBF]) {
            unsafe line = UnsafeRawBufferPointer(rebasing: line.dropFirst(3))
        }
        if unsafe line.last == 0x0D {
            unsafe line = UnsafeRawBufferPointer(rebasing: line.dropLast())
        }
        if unsafe line.isEmpty { return }
        switch form {
        case .text: unsafe endTextLine(line)
        case .ndjson: unsafe endJSONLine(line)
        }
    }

    private mutating func endTextLine(_ line: UnsafeRawBufferPointer) {
        if unsafe line.count <= byteLimit && isPlainASCII(line) {
            unsafe run.append(unsafe: line)
        } else {
            unsafe add(checking: line)
        }
    }

    private mutating func endJSONLine(_ line: UnsafeRawBufferPointer) {
        // The ordinary row is a string without escapes; everything else goes through the parser.
        if line.count > 2, line.count <= byteLimit + 2,
            unsafe line[0] == 0x22, unsafe line[line.count - 1] == 0x22
        {
            let inner = unsafe UnsafeRawBufferPointer(rebasing: line[1..<(line.count - 1)])
            if unsafe isPlainASCII(inner), unsafe !inner.contains(0x22),
                unsafe !inner.contains(0x5C)
            {
                unsafe run.append(unsafe: inner)
                return
            }
        }
        unsafe addParsed(Array(line))
    }

    private mutating func addParsed(_ line: [UInt8]) {
        let document: JSON
        do {
            document = try JSON(parsing: line)
        } catch {
            invalid.add(line: lineNumber, reason: "not JSON: \(error)")
            return
        }
        let value = document.members == nil ? document : document["account"]
        guard let account = value?.stringBytes else {
            invalid.add(
                line: lineNumber,
                reason: "want a string or {\"account\": \"…\"}, not \(document.kindName)"
                    + (document.members == nil ? "" : " without such a member")
            )
            return
        }
        unsafe account.withUnsafeBytes { unsafe add(checking: $0) }
    }

    private mutating func add(checking account: UnsafeRawBufferPointer) {
        if let fault = unsafe rules.fault(in: account) {
            invalid.add(line: lineNumber, reason: fault)
        } else {
            unsafe run.append(unsafe: account)
        }
    }
}

/// Whether all bytes are printable ASCII, so that nothing else needs to be looked at.
@inline(__always)
private func isPlainASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index + 8 <= bytes.count {
        // Eight at a time: the highest bit of one shows that it, or a lower one, isn't printable.
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let isBelow = word &- 0x2020_2020_2020_2020
        let isAbove = word &+ 0x0101_0101_0101_0101
        if (word | isBelow | isAbove) & 0x8080_8080_8080_8080 != 0 { return false }
        index += 8
    }
    while index < bytes.count {
        let byte = unsafe bytes[index]
        if byte < 0x20 || byte >= 0x7F { return false }
        index += 1
    }
    return true
}
