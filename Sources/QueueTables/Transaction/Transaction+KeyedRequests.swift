import DeliveryCore
import DeliveryEngine

/// Requests with an Idempotency-Key, and the answers they got.
extension Transaction {
    /// Keeps the answer to a request with a key, and removes some expired ones.
    func remember(_ answer: [UInt8], to request: KeyedRequest, _ id: Campaign.ID) throws {
        // More for each one added, so they can't pile up, and few enough for one transaction.
        try forgetRequests(atMost: 100)
        try connection.run(
            sql.service.keepAnswer,
            .text(request.key.caller),
            .blob(request.key.bytes),
            .blob(request.digest),
            .blob(id.bytes),
            .blob(answer),
            .int(now.timestamp.milliseconds)
        )
    }

    /// Removes expired requests, and says how many.
    @discardableResult
    func forgetRequests(atMost limit: Int) throws -> Int {
        try connection.run(
            sql.service.forgetAnswers,
            .int(lastForgotten(at: now.timestamp)),
            .int(limit)
        )
    }
}

extension Connection {
    func answer(to key: KeyedRequest.Key, now: Timestamp) throws -> KeyedAnswer? {
        try first(
            sql.service.answer,
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

/// Requests kept at or before this time have expired.
private func lastForgotten(at now: Timestamp) -> Int64 {
    now.milliseconds - KeyedAnswer.lifetime.milliseconds
}
