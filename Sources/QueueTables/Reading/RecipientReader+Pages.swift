import DeliveryCore
import DeliveryEngine

extension RecipientReader {
    /// Rows read for one page, matching or not: some milliseconds of work.
    static let scanLimit = 5_000

    /// The matching recipients after an account; at most `limit`.
    ///
    /// Three walks in the order of the key go side by side: recipients, states of their own, and
    /// range batches. If sent recipients don't match, the first walk visits only the ranges of open
    /// batches and the recipients beyond the cursor.
    func page(matching filter: RecipientFilter, after: [UInt8], limit: Int) throws -> RecipientPage
    {
        let page =
            if filter.isOfRecallRows {
                try recallPage(matching: filter, after: after, limit: limit)
            } else if filter.includesSent {
                try wholePage(matching: filter, after: after, limit: limit)
            } else {
                try partialPage(matching: filter, after: after, limit: limit)
            }
        // In a damaged store the next position may lie behind this one: a client would never end.
        if let next = page.next, !next.bytes.isBehind(after) {
            throw DamagedRow("recipients out of order")
        }
        return page
    }

    private func wholePage(
        matching filter: RecipientFilter,
        after: [UInt8],
        limit: Int
    ) throws -> RecipientPage {
        var recipients = try RecipientWalk(
            connection,
            of: campaign.key,
            in: KeyRange(after: after),
            expecting: min(limit, Self.scanLimit)
        )
        defer { recipients.end() }
        var states = try StateWalk(self, after: after)
        defer { states.end() }
        var ranges = try RangeWalk(self, after: after)
        defer { ranges.end() }
        var recalls = try RecallWalk(self, after: after)
        defer { recalls.end() }
        let freshMatch = filter.matches(fresh([]))
        var found: [Recipient] = []
        var last = after
        var scanned = 0
        while let account = try recipients.next()?.bytes {
            guard found.count < limit, scanned < Self.scanLimit else {
                return RecipientPage(recipients: found, next: Account(checked: last))
            }
            // Recipients beyond the cursor share one status, and there may be millions; only those
            // with a state of their own differ: a check has failed them.
            if account.isBehind(campaign.cursor), !freshMatch {
                while campaign.absent > 0, let own = try states.takeNext() {
                    guard found.count < limit, scanned < Self.scanLimit else {
                        return RecipientPage(recipients: found, next: Account(checked: last))
                    }
                    scanned += 1
                    last = own.account.bytes
                    if filter.matches(own) { found.append(own) }
                }
                break
            }
            scanned += 1
            last = account
            var recipient: Recipient
            if let own = try states.take(last) {
                recipient = own
            } else if last.isBehind(campaign.cursor) {
                recipient = fresh(last)
            } else {
                recipient = self.recipient(last, in: try ranges.covering(last))
            }
            if let recall = try recalls.take(account) { recipient.take(recall) }
            if filter.matches(recipient) { found.append(recipient) }
        }
        return RecipientPage(recipients: found, next: nil)
    }

    private func recallPage(
        matching filter: RecipientFilter,
        after: [UInt8],
        limit: Int
    ) throws -> RecipientPage {
        var recalls = try RecallWalk(self, after: after)
        defer { recalls.end() }
        var found: [Recipient] = []
        var last = after
        var scanned = 0
        while let row = try recalls.takeNext() {
            guard found.count < limit, scanned < Self.scanLimit else {
                return RecipientPage(recipients: found, next: Account(checked: last))
            }
            scanned += 1
            last = row.account
            guard let recipient = try recipient(Account(checked: last)) else { continue }
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
        var states = try StateWalk(self, after: after)
        defer { states.end() }
        var found: [Recipient] = []
        var next = 0
        var scanned = 0
        var last = after
        while let own = try states.takeNext() {
            while next < ordinary.count, ordinary[next].account < own.account,
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
            last = own.account.bytes
            if filter.matches(own) { found.append(own) }
        }
        let rest = ordinary[next...]
        let room = limit - found.count
        found += rest.prefix(room)
        return RecipientPage(
            recipients: found,
            next: rest.count > room ? found.last?.account : nil
        )
    }

    /// Recipients without a row of their own, where all of them match.
    private func ordinaryRecipients(
        matching filter: RecipientFilter,
        after: [UInt8],
        limit: Int
    ) throws -> [Recipient] {
        var found: [Recipient] = []
        let key = Value.int(campaign.key)
        for batch in try connection.all(sql.batch.unsettledRanges, key, body: { try BatchRow($0) })
        {
            guard case .range(let first, let last) = batch.accounts,
                filter.matches(recipient(first, in: batch)), found.count < limit
            else { continue }
            let range = KeyRange(after: after, from: first, upTo: last)
            found += try ordinaryAccounts(in: range, limit - found.count)
                .map { recipient($0.bytes, in: batch) }
        }
        guard found.count < limit, filter.matches(fresh([])) else { return found }
        let start = after.isBehind(campaign.cursor) ? after : campaign.cursor
        return try found
            + ordinaryAccounts(in: KeyRange(after: start), limit - found.count)
            .map { fresh($0.bytes) }
    }

    private func ordinaryAccounts(in range: KeyRange, _ limit: Int) throws -> [Account] {
        try connection.recipients(
            of: campaign.key,
            in: range,
            areOrdinary: campaign.absent > 0,
            limit: limit
        )
    }
}

func max<T>(_ lhs: T, _ rhs: T, by precedes: (T, T) -> Bool) -> T {
    precedes(lhs, rhs) ? rhs : lhs
}
