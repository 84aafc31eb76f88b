import DeliveryCore
import DeliveryEngine

extension Schema {
    /// What requests with an `Idempotency-Key` were answered.
    ///
    /// It holds the answer itself, not the campaign: a repetition hears what the first one heard,
    /// though the campaign may have run, or be gone, since.
    static let keyedRequests = """
        CREATE TABLE keyed_request (
            caller TEXT NOT NULL,
            key BLOB NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            uuid BLOB NOT NULL CHECK (length(uuid) = 16),
            answer BLOB NOT NULL,
            created_at_ms INTEGER NOT NULL,
            PRIMARY KEY (caller, key)
        ) STRICT;
        CREATE INDEX keyed_request_age ON keyed_request (created_at_ms);
        """
}

extension Transaction {
    /// Keeps the answer to a request with a key, and forgets some of those that are old.
    func remember(_ request: KeyedRequest, _ campaign: Campaign) throws {
        // Several for each one added, so they can't pile up, and few enough for one transaction.
        try forgetRequests(atMost: 100)
        // The same key may be there still, too old to count.
        try connection.run(
            "INSERT OR REPLACE INTO keyed_request VALUES (?, ?, ?, ?, ?, ?)",
            .text(request.key.caller),
            .blob(request.key.bytes),
            .blob(request.digest),
            .blob(campaign.id.bytes),
            .blob(request.answer(campaign)),
            .int(now.timestamp.milliseconds)
        )
    }

    /// Removes requests that count no more, and says how many.
    @discardableResult
    func forgetRequests(atMost limit: Int) throws -> Int {
        try connection.run(
            """
            DELETE FROM keyed_request WHERE rowid IN
                (SELECT rowid FROM keyed_request WHERE created_at_ms <= ? LIMIT ?)
            """,
            .int(lastForgotten(at: now.timestamp)),
            .int(limit)
        )
    }
}

extension Connection {
    func answer(to key: KeyedRequest.Key, now: Timestamp) throws -> KeyedAnswer? {
        try first(
            """
            SELECT uuid, digest, answer FROM keyed_request
            WHERE caller = ? AND key = ? AND created_at_ms > ?
            """,
            .text(key.caller),
            .blob(key.bytes),
            .int(lastForgotten(at: now))
        ) { row in
            KeyedAnswer(
                campaign: try Campaign.ID(stored: row.bytes(0)),
                digest: row.bytes(1),
                body: row.bytes(2)
            )
        }
    }
}

/// The time up to which requests count no more.
private func lastForgotten(at now: Timestamp) -> Int64 {
    now.milliseconds - KeyedAnswer.lifetime.milliseconds
}
