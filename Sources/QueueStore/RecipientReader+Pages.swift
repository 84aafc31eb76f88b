import DeliveryCore
import DeliveryEngine

extension RecipientReader {
    /// Rows looked at for one page, matching or not: some milliseconds of work.
    private static let scanLimit = 5_000

    /// The matching recipients after an account; at most `limit`.
    ///
    /// Three ordered walks go side by side: recipients, exceptions and range batches. Where sent
    /// recipients don't match, the first one visits only the ranges of batches that aren't closed,
    /// and what lies beyond the cursor.
    func page(matching filter: RecipientFilter, after: [UInt8], limit: Int) throws -> RecipientPage
    {
        let page =
            try filter.includesSent
            ? wholePage(matching: filter, after: after, limit: limit)
            : partialPage(matching: filter, after: after, limit: limit)
        // In a file that is broken the walk may lead back, and whoever follows it would never end.
        if let next = page.next, !next.bytes.isBehind(after) {
            throw StoreError.unreadable("recipients out of order")
        }
        return page
    }

    private func wholePage(
        matching filter: RecipientFilter,
        after: [UInt8],
        limit: Int
    ) throws -> RecipientPage {
        let sql =
            "SELECT account FROM recipient WHERE campaign = ? AND account > ? ORDER BY account"
        let query = try connection.query(sql, .int(campaign.key), .text(after))
        defer { query.reset() }
        var exceptions = try ExceptionWalk(self, after: after)
        defer { exceptions.end() }
        var ranges = try RangeWalk(self, after: after)
        defer { ranges.end() }
        let freshMatch = filter.matches(fresh([]))
        var found: [Recipient] = []
        var last = after
        var scanned = 0
        while try query.step() {
            guard found.count < limit, scanned < Self.scanLimit else {
                return RecipientPage(recipients: found, next: Account(checked: last))
            }
            scanned += 1
            last = query.bytes(0)
            // Beyond the cursor all are alike, and they may be millions.
            if last.isBehind(campaign.cursor), !freshMatch { break }
            let recipient: Recipient
            if let exception = try exceptions.take(last) {
                recipient = exception
            } else if last.isBehind(campaign.cursor) {
                recipient = fresh(last)
            } else {
                recipient = self.recipient(last, in: try ranges.covering(last))
            }
            if filter.matches(recipient) { found.append(recipient) }
        }
        return RecipientPage(recipients: found, next: nil)
    }

    private func partialPage(
        matching filter: RecipientFilter,
        after: [UInt8],
        limit: Int
    ) throws -> RecipientPage {
        let ordinary = try ordinaryRecipients(matching: filter, after: after, limit: limit + 1)
        var exceptions = try ExceptionWalk(self, after: after)
        defer { exceptions.end() }
        var found: [Recipient] = []
        var next = 0
        var scanned = 0
        var last = after
        while let exception = try exceptions.takeNext() {
            while next < ordinary.count, ordinary[next].account < exception.account,
                found.count < limit
            {
                found.append(ordinary[next])
                next += 1
            }
            guard found.count < limit, scanned < Self.scanLimit else {
                let end = max(last, found.last?.account.bytes ?? [], by: { $1.isBehind($0) })
                return RecipientPage(recipients: found, next: Account(checked: end))
            }
            scanned += 1
            last = exception.account.bytes
            if filter.matches(exception) { found.append(exception) }
        }
        let rest = ordinary[next...]
        let room = limit - found.count
        found += rest.prefix(room)
        return RecipientPage(
            recipients: found,
            next: rest.count > room ? found.last?.account : nil
        )
    }

    /// Recipients without an exception, of the ranges and beyond the cursor where all match.
    private func ordinaryRecipients(
        matching filter: RecipientFilter,
        after: [UInt8],
        limit: Int
    ) throws -> [Recipient] {
        var found: [Recipient] = []
        let between = """
            SELECT account FROM recipient
            WHERE campaign = ? AND account > ? AND account BETWEEN ? AND ? ORDER BY account LIMIT ?
            """
        let key = Value.int(campaign.key)
        for batch in try connection.batches(BatchRow.unsettledRanges, of: campaign.key) {
            guard case .range(let first, let last) = batch.members,
                filter.matches(recipient(first, in: batch)), found.count < limit
            else { continue }
            let room = Value.int(limit - found.count)
            try connection.each(between, key, .text(after), .text(first), .text(last), room) {
                found.append(recipient($0.bytes(0), in: batch))
            }
        }
        guard found.count < limit, filter.matches(fresh([])) else { return found }
        let beyond = """
            SELECT account FROM recipient WHERE campaign = ? AND account > ? ORDER BY account LIMIT ?
            """
        let start = after.isBehind(campaign.cursor) ? after : campaign.cursor
        try connection.each(beyond, key, .text(start), .int(limit - found.count)) {
            found.append(fresh($0.bytes(0)))
        }
        return found
    }
}

private func max<T>(_ lhs: T, _ rhs: T, by precedes: (T, T) -> Bool) -> T {
    precedes(lhs, rhs) ? rhs : lhs
}

/// The campaign's exceptions in order.
private struct ExceptionWalk {
    private let reader: RecipientReader
    private let query: Query
    private var upcoming: ExceptionRow?
    /// Members lie side by side with others of their batch.
    private var batches: [Int64: BatchRow] = [:]

    init(_ reader: RecipientReader, after: [UInt8]) throws {
        self.reader = reader
        let key = Value.int(reader.campaign.key)
        query = try reader.connection.query(ExceptionRow.after, key, .text(after))
        try advance()
    }

    private mutating func advance() throws {
        upcoming = try query.step() ? ExceptionRow(query) : nil
    }

    mutating func takeNext() throws -> Recipient? {
        guard let row = upcoming else { return nil }
        try advance()
        guard let key = row.batch else { return reader.recipient(row, batch: nil) }
        let batch = try batches[key] ?? reader.batch(key)
        batches[key] = batch
        return reader.recipient(row, batch: batch)
    }

    /// The next exception if it is this account's.
    mutating func take(_ account: [UInt8]) throws -> Recipient? {
        upcoming?.account == account ? try takeNext() : nil
    }

    func end() { query.reset() }
}

/// The campaign's range batches in order.
private struct RangeWalk {
    private let query: Query
    private var current: BatchRow?

    init(_ reader: RecipientReader, after: [UInt8]) throws {
        let key = Value.int(reader.campaign.key)
        let covering = try reader.connection.first(BatchRow.covering, key, .text(after)) {
            $0.bytes(4)
        }
        query = try reader.connection.query(BatchRow.rangesFrom, key, .text(covering ?? []))
    }

    /// The batch whose range an account lies in; accounts must come in order.
    mutating func covering(_ account: [UInt8]) throws -> BatchRow {
        while true {
            if let current, case .range(_, let last) = current.members, !account.isBehind(last) {
                return current
            }
            guard try query.step() else { throw StoreError.unreadable("account without a batch") }
            current = try BatchRow(query)
        }
    }

    func end() { query.reset() }
}
