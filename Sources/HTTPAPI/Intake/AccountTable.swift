package import DeliveryCore

/// Reads the accounts of one column out of a table in CSV (RFC 4180).
///
/// The first row is a header only if one of its fields is exactly `account`, and that column is
/// read then; otherwise the first column is. A field in quotes may hold anything, line ends too; a
/// quote inside a field without quotes is an ordinary byte. Only the start of one field is kept,
/// so a row may have any length.
package struct AccountTable: AccountReader {
    private let rules: any AccountRules
    /// One byte more than an account may have, so that a CR at its end is seen.
    private let kept: Int
    package var run = AccountRun()
    package private(set) var invalid = InvalidLines()

    /// What the next byte belongs to.
    private enum Place {
        case fieldStart
        case bareField
        case quotedField
        /// Behind a quote in a quoted field: its end, or the first of two that mean one.
        case quoteInQuoted
        /// Behind text that follows a closing quote: the rest of the line means nothing.
        case brokenRow
    }

    private var place = Place.fieldStart
    /// The line that is read and the one on which its row began, from 1.
    private var line = 1
    private var rowLine = 1
    /// The column that holds the accounts, and the one that is read.
    private var accountColumn = 0
    private var column = 0
    /// Whether the row may be the header, and the column that it calls `account`.
    private var mayBeHeader = true
    private var headerColumn: Int?
    private var field = Field()
    private var account: Field?
    private var mayHaveMark = true

    /// The start of a field, and its whole length.
    private struct Field {
        var bytes: [UInt8] = []
        var count = 0
        var isQuoted = false
        /// Whether a CR ended it behind its closing quote.
        var isReturned = false
        private var last: UInt8 = 0

        mutating func append(_ byte: UInt8, keeping limit: Int) {
            if bytes.count < limit { bytes.append(byte) }
            count += 1
            last = byte
        }

        /// Takes away the CR of a line end, which only a field without quotes can hold.
        mutating func dropReturn() {
            guard !isQuoted, last == 0x0D, count > 0 else { return }
            if bytes.count == count { bytes.removeLast() }
            count -= 1
        }

        mutating func clear() {
            bytes.removeAll(keepingCapacity: true)
            count = 0
            isQuoted = false
            isReturned = false
        }
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let headerName = Array("account".utf8)

    package init(rules: any AccountRules) {
        self.rules = rules
        kept = rules.byteLimit + 1
    }

    package mutating func read(_ bytes: UnsafeRawBufferPointer) {
        for index in bytes.indices { unsafe take(bytes[index]) }
    }

    package mutating func finish() {
        let isEmpty = place == .fieldStart && column == 0
        if !isEmpty { endRow() }
    }

    private mutating func take(_ byte: UInt8) {
        switch (place, byte) {
        case (.quotedField, 0x22):
            place = .quoteInQuoted
        case (.quotedField, _):
            if byte == 0x0A { line += 1 }
            field.append(byte, keeping: kept)
        case (_, 0x0A):
            endRow()
        case (.brokenRow, _):
            break
        case (.fieldStart, 0x22):
            field.isQuoted = true
            place = .quotedField
        case (.quoteInQuoted, 0x22) where !field.isReturned:
            field.append(byte, keeping: kept)
            place = .quotedField
        case (.quoteInQuoted, 0x2C) where !field.isReturned:
            endField()
        case (.quoteInQuoted, 0x0D) where !field.isReturned:
            field.isReturned = true
        case (.quoteInQuoted, _):
            place = .brokenRow
        case (.fieldStart, 0x2C), (.bareField, 0x2C):
            endField()
        case (.fieldStart, _), (.bareField, _):
            field.append(byte, keeping: kept)
            place = .bareField
            if rowLine == 1, mayHaveMark, column == 0, field.bytes == Self.mark { skipMark() }
        }
    }

    /// What has come is a byte order mark, and the first field begins behind it.
    private mutating func skipMark() {
        mayHaveMark = false
        field.clear()
        place = .fieldStart
    }

    private mutating func endField() {
        if mayBeHeader, headerColumn == nil, field.bytes == Self.headerName {
            headerColumn = column
        }
        if column == accountColumn { account = field }
        field.clear()
        column += 1
        place = .fieldStart
    }

    private mutating func endRow() {
        let end = place
        field.dropReturn()
        let isBlank = column == 0 && field.count == 0 && !field.isQuoted && end != .brokenRow
        if !isBlank {
            endField()
            endRow(at: end)
        }
        field.clear()
        account = nil
        column = 0
        place = .fieldStart
        line += 1
        rowLine = line
    }

    /// Judges a row that isn't blank; `end` is where its last field was left.
    private mutating func endRow(at end: Place) {
        // A row that can't be read doesn't decide what the columns are.
        guard end != .brokenRow, end != .quotedField else {
            let reason =
                end == .brokenRow
                ? "text follows a closing quote; inside quotes they are doubled"
                : "a quote opens in this row and never closes"
            invalid.add(line: rowLine, reason: reason)
            headerColumn = nil
            return
        }
        mayBeHeader = false
        if let found = headerColumn {
            accountColumn = found
            headerColumn = nil
        } else if let account {
            add(account)
        } else {
            invalid.add(line: rowLine, reason: "the row has no column \(accountColumn + 1)")
        }
    }

    private mutating func add(_ account: Field) {
        let fault =
            account.count > rules.byteLimit
            ? rules.tooLong(byteCount: account.count) : rules.fault(in: account.bytes)
        if let fault {
            invalid.add(line: rowLine, reason: fault)
        } else {
            run.append(account.bytes)
        }
    }
}
