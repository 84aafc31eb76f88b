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
        let stretch = try stretch(of: campaign, after: position?.account.bytes ?? [])
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
    private struct Stretch {
        let after: [UInt8]
        /// Nil where it reaches to the end.
        let last: [UInt8]?

        /// Its rows of a status, and of some codes; of parameters 1 to 4.
        func condition(_ codes: [Int]) -> String {
            let end = last == nil ? "" : "AND account <= ?2"
            let list = codes.map(String.init).joined(separator: ",")
            let ofCodes = codes.isEmpty ? "" : "AND code IN (\(list))"
            return "campaign = ?1 AND account > ?3 \(end) AND state = ?4 \(ofCodes)"
        }
    }

    private func stretch(of campaign: CampaignRow, after: [UInt8]) throws -> Stretch {
        let sql = """
            SELECT account FROM exception WHERE campaign = ? AND account > ?
            ORDER BY account LIMIT 1 OFFSET ?
            """
        let place = Value.int(rowsPerStep - 1)
        let last = try connection.first(sql, .int(campaign.key), .text(after), place) {
            $0.bytes(0)
        }
        return Stretch(after: after, last: last)
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
            UPDATE exception SET state = 'queued', pass = ?5, attempts = 0, code = NULL,
                info = NULL, due_at_ms = ?6, updated_at_ms = ?6
            WHERE \(stretch.condition(codes))
            """,
            .int(campaign.key),
            .text(stretch.last ?? []),
            .text(stretch.after),
            .text(status.rawValue),
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
            WHERE \(stretch.condition(codes)) AND code IS NOT NULL GROUP BY code
            """
        try connection.each(
            sql,
            .int(campaign.key),
            .text(stretch.last ?? []),
            .text(stretch.after),
            .text(Recipient.Status.failed.rawValue)
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
