import DeliveryCore

/// The ledger: calls that count against the quota, also after a crash.
extension Transaction {
    /// Turns the entries of an earlier process into entries of this boot, and drops those that
    /// count no more.
    ///
    /// An entry must be turned only once, or a crash loop would prolong it each time.
    func adoptLedger(lastInstantOfBoot last: Instant?) throws {
        for (key, entry) in try connection.ledger(lastInstantOfBoot: last) {
            if let hold = entry.hold(at: now.instant) {
                // Also an earlier instant than before: it is on another boot's clock.
                try connection.run(sql.ledger.adopt, .int(key), .int(hold.until.nanoseconds))
            } else {
                try connection.run(sql.ledger.delete, .int(key))
            }
        }
    }

    /// Holds as much as any window may, for a minute and a call's time.
    ///
    /// A restored backup doesn't know what was sent after it was made.
    mutating func holdWindow() throws {
        _ = try hold(Self.largestWindow, of: .nobody, timeout: .seconds(10))
    }

    /// The largest limit that can be configured.
    private static let largestWindow = 10_000_000

    /// Writes down a call that is about to go out.
    mutating func hold(_ count: Int, of id: Campaign.ID, timeout: Duration) throws -> Int64 {
        memory.lastCall += 1
        let key = memory.lastCall
        try connection.run(
            sql.ledger.insert,
            .int(key),
            .blob(id.bytes),
            .int(count),
            .int(timeout.milliseconds)
        )
        return key
    }

    /// Says until when a call counts; never earlier than was said before.
    func release(_ key: Int64, at instant: Instant) throws {
        try connection.run(sql.ledger.release, .int(key), .int(instant.nanoseconds))
    }
}

extension Campaign.ID {
    /// Of a hold that is no campaign's.
    fileprivate static let nobody = Campaign.ID(high: 0, low: 0)
}

extension Connection {
    func ledger(lastInstantOfBoot last: Instant?) throws -> [(key: Int64, entry: LedgerEntry)] {
        try all(sql.ledger.all) { row in
            let uuid = row.bytes(1)
            let entry = LedgerEntry(
                // The call counts against the quota whichever campaign's it was.
                campaign: uuid.count == 16 ? try Campaign.ID(stored: uuid) : .nobody,
                count: row.int(2),
                timeout: .milliseconds(row.int64(3)),
                releaseAt: row.optionalInt64(4).map { Instant(nanoseconds: $0) },
                lastInstantOfBoot: last
            )
            return (row.int64(0), entry)
        }
    }
}
