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
                let until = Value.int(hold.until.nanoseconds)
                try connection.run(
                    "UPDATE ledger SET release_ns = ? WHERE id = ?",
                    until,
                    .int(key)
                )
            } else {
                try connection.run("DELETE FROM ledger WHERE id = ?", .int(key))
            }
        }
    }

    /// Holds as much as any window may, for a minute and a call's time.
    ///
    /// A restored backup doesn't know what was sent after it was made.
    func holdWindow() throws {
        try connection.run(
            "INSERT INTO ledger (uuid, count, timeout_ms) VALUES (zeroblob(16), ?, 10000)",
            .int(Self.largestWindow)
        )
    }

    /// The largest limit that can be configured.
    private static let largestWindow = 10_000_000

    /// Writes down a call that is about to go out.
    func hold(_ count: Int, of id: Campaign.ID, timeout: Duration) throws -> Int64 {
        try connection.run(
            "DELETE FROM ledger INDEXED BY ledger_release WHERE release_ns <= ?",
            .int(now.instant.nanoseconds)
        )
        try connection.run(
            "INSERT INTO ledger (uuid, count, timeout_ms) VALUES (?, ?, ?)",
            .blob(id.bytes),
            .int(count),
            .int(timeout.milliseconds)
        )
        return connection.lastInsertedKey
    }

    /// Says until when a call counts; never earlier than was said before.
    func release(_ key: Int64, at instant: Instant) throws {
        try connection.run(
            "UPDATE ledger SET release_ns = max(?2, ifnull(release_ns, ?2)) WHERE id = ?1",
            .int(key),
            .int(instant.nanoseconds)
        )
    }
}

extension Campaign.ID {
    /// Of a hold that is no campaign's.
    fileprivate static let nobody = Campaign.ID(high: 0, low: 0)
}

extension Connection {
    func ledger(lastInstantOfBoot last: Instant?) throws -> [(key: Int64, entry: LedgerEntry)] {
        var entries: [(key: Int64, entry: LedgerEntry)] = []
        try each("SELECT id, uuid, count, timeout_ms, release_ns FROM ledger ORDER BY id") { row in
            let uuid = row.bytes(1)
            let entry = LedgerEntry(
                // It counts against the quota whoever's it was.
                campaign: uuid.count == 16 ? try Campaign.ID(stored: uuid) : .nobody,
                count: row.int(2),
                timeout: .milliseconds(row.int64(3)),
                releaseAt: row.optionalInt64(4).map { Instant(nanoseconds: $0) },
                lastInstantOfBoot: last
            )
            entries.append((row.int64(0), entry))
        }
        return entries
    }
}
