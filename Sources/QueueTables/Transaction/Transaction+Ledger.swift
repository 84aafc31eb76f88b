import DeliveryCore

/// The ledger: calls that count against the quota, also after a crash.
extension Transaction {
    /// Moves the entries of an earlier process to this boot's clock, and removes those that count
    /// no more.
    ///
    /// Only once for each entry: otherwise a crash loop would prolong its hold each time.
    func adoptLedger(lastInstantOfBoot last: Instant?) throws {
        for (key, entry) in try connection.ledger(lastInstantOfBoot: last) {
            if let hold = entry.hold(at: now.instant) {
                // May be an earlier instant than before: that one was on another boot's clock.
                try connection.run(sql.ledger.adopt, .int(key), .int(hold.until.nanoseconds))
            } else {
                try connection.run(sql.ledger.delete, .int(key))
            }
        }
    }

    /// Holds the largest window that can be configured, for a minute and a call's time.
    ///
    /// A restored backup lacks the calls made since it was copied.
    mutating func holdWindow() throws {
        _ = try hold(Self.largestWindow, of: .absent, timeout: .seconds(10))
    }

    /// The largest limit that can be configured.
    private static let largestWindow = 10_000_000

    /// Adds the entry of a call that is about to go out.
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

    /// Sets when a call's recipients are released; never earlier than was set before.
    func release(_ key: Int64, at instant: Instant) throws {
        try connection.run(sql.ledger.release, .int(key), .int(instant.nanoseconds))
    }
}

extension Campaign.ID {
    /// The campaign of a hold that belongs to none.
    fileprivate static let absent = Campaign.ID(high: 0, low: 0)
}

extension Connection {
    func ledger(lastInstantOfBoot last: Instant?) throws -> [(key: Int64, entry: LedgerEntry)] {
        try all(sql.ledger.all) { row in
            let uuid = row.bytes(1)
            let entry = LedgerEntry(
                // The call counts against the quota even if its campaign's id is damaged.
                campaign: uuid.count == 16 ? try Campaign.ID(stored: uuid) : .absent,
                count: row.int(2),
                timeout: .milliseconds(row.int64(3)),
                releaseAt: row.optionalInt64(4).map { Instant(nanoseconds: $0) },
                lastInstantOfBoot: last
            )
            return (row.int64(0), entry)
        }
    }
}
