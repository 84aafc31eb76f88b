import DeliveryCore

/// How failed and unknown recipients go back into the queue: in steps, since there may be millions
/// of them and every claim would wait.
extension Transaction {
    mutating func retry(
        _ id: Campaign.ID,
        _ filter: RetryFilter,
        after position: RetryPosition?
    ) throws -> Change {
        guard var campaign = try campaign(id) else { return .failure(.notFound) }
        guard campaign.state != .draft else { return .failure(.wrongState(.draft)) }
        let before = position?.requeued ?? 0
        if let position, position.pass != campaign.pass || isPastExpiry(campaign) {
            // It was ended since the step before, and that holds.
            return .success(try changed(campaign, requeued: before))
        }
        guard !isPastExpiry(campaign) else { return .failure(.expired) }
        let start = position?.account ?? Account(checked: [])
        let again = RetryPosition(account: start, pass: campaign.pass, requeued: before)
        if let closing = try connection.closing(of: campaign.key) {
            // What it ended must have its end before anybody is put back.
            let closed = try goOn(closing, &campaign)
            update(campaign)
            return .success(
                try changed(campaign, requeued: before, next: again, closed: closed)
            )
        }
        // Others of the same commit have taken its rows.
        guard rowsLeft > 0 else {
            return .success(try changed(campaign, requeued: before, next: again))
        }
        let stretch = try stretch(of: campaign, after: start.bytes)
        var requeued = 0
        if filter.failed { requeued += try requeue(.failed, filter.codes, stretch, &campaign) }
        if filter.unknown { requeued += try requeue(.unknown, filter.codes, stretch, &campaign) }
        if requeued > 0 {
            campaign.counts.queued += requeued
            campaign.waiting += requeued
            if campaign.state.isFinal {
                campaign.state = .running
                campaign.finishedAt = nil
                campaign.touchedAt = now.timestamp
            }
            update(campaign)
        }
        let next = stretch.last.map { last in
            RetryPosition(
                account: Account(checked: last),
                pass: campaign.pass,
                requeued: before + requeued
            )
        }
        return .success(try changed(campaign, requeued: before + requeued, next: next))
    }

    /// The part of a campaign's exceptions that one step looks at.
    struct Stretch {
        let after: [UInt8]
        /// Nil where it reaches to the end.
        let last: [UInt8]?

        /// Its rows of a status, and of some codes; of parameters 1 to 5.
        ///
        /// It is the same text whatever is asked for: SQLite keeps each statement that was prepared.
        static let condition = """
            campaign = ?1 AND account > ?2 AND account <= ?3 AND state = ?4
                AND (?5 IS NULL OR code IN (SELECT value FROM json_each(?5)))
            """

        /// What comes after every account: a blob sorts behind all text.
        private static let end = Value.blob([0xFF])

        var lastValue: Value { last.map { .text($0) } ?? Self.end }
    }

    /// Codes as one value of a statement; null for any.
    private func listed(_ codes: [Int]) -> Value {
        guard !codes.isEmpty else { return .null }
        return .text("[\(codes.map(String.init).joined(separator: ","))]")
    }

    /// As far as this transaction may look yet.
    mutating func stretch(of campaign: CampaignRow, after: [UInt8]) throws -> Stretch {
        let sql =
            "SELECT account FROM exception WHERE campaign = ? AND account > ? ORDER BY account"
        let query = try connection.query(sql, .int(campaign.key), .text(after))
        defer { query.reset() }
        while rowsLeft > 0, try query.step() {
            rowsLeft -= 1
            if rowsLeft == 0 { return Stretch(after: after, last: query.bytes(0)) }
        }
        return Stretch(after: after, last: nil)
    }

    /// Puts a stretch's recipients of a final status back, all or those of some codes.
    private func requeue(
        _ status: Recipient.Status,
        _ codes: [Int],
        _ stretch: Stretch,
        _ campaign: inout CampaignRow
    ) throws -> Int {
        if status == .failed { try uncountFailures(codes, stretch, campaign) }
        let requeued = try connection.run(
            """
            UPDATE exception SET state = 'queued', pass = ?6, attempts = 0, code = NULL,
                info = NULL, due_at_ms = ?7, updated_at_ms = ?7
            WHERE \(Stretch.condition)
            """,
            .int(campaign.key),
            .text(stretch.after),
            stretch.lastValue,
            .text(status.rawValue),
            listed(codes),
            .int(campaign.pass),
            .int(now.timestamp.milliseconds)
        )
        campaign.counts[status] -= requeued
        return requeued
    }

    /// Takes failures that are no failures any more out of their codes' counters.
    private func uncountFailures(
        _ codes: [Int],
        _ stretch: Stretch,
        _ campaign: CampaignRow
    ) throws {
        var counts: [(code: Int, count: Int)] = []
        let sql = """
            SELECT code, count(*) FROM exception
            WHERE \(Stretch.condition) AND code IS NOT NULL GROUP BY code
            """
        try connection.each(
            sql,
            .int(campaign.key),
            .text(stretch.after),
            stretch.lastValue,
            .text(Recipient.Status.failed.rawValue),
            listed(codes)
        ) { counts.append(($0.int(0), $0.int(1))) }
        for (code, count) in counts {
            try connection.run(
                "UPDATE failure SET count = count - ? WHERE campaign = ? AND code = ?",
                .int(count),
                .int(campaign.key),
                .int(code)
            )
        }
    }
}
