import DeliveryCore

/// How failed, unknown and suppressed recipients go back into the queue: in steps, since every claim
/// waits for a transaction and there may be millions.
extension Transaction {
    mutating func retry(
        _ id: Campaign.ID,
        _ filter: RetryFilter,
        after position: RetryPosition?
    ) throws -> Change {
        guard var campaign = try campaign(id) else { return .failure(.notFound) }
        guard campaign.state != .draft else { return .failure(.wrongState(.draft)) }
        if let refusal = try refusalWhileRecalling(campaign) { return .failure(refusal) }
        let before = position?.requeued ?? 0
        if let position,
            position.generation != campaign.generation || campaign.isPastExpiry(at: now.timestamp)
        {
            // The campaign was canceled or expired since the step before, and that stands.
            return .success(try changed(campaign, requeued: before))
        }
        guard !campaign.isPastExpiry(at: now.timestamp) else { return .failure(.expired) }
        let start = position?.account ?? Account(checked: [])
        let again = RetryPosition(account: start, generation: campaign.generation, requeued: before)
        if let closing = try connection.closing(of: campaign.key) {
            // Recipients of the generation before must have ended before any is put back.
            let closed = try goOn(closing, &campaign)
            update(campaign)
            return .success(
                try changed(campaign, requeued: before, next: again, closed: closed)
            )
        }
        // Other mass operations of the same commit have used up its rows.
        guard rowsLeft > 0 else {
            return .success(try changed(campaign, requeued: before, next: again))
        }
        let range = try range(of: campaign, after: start.bytes)
        var requeued = 0
        if filter.failed { requeued += try requeue(.failed, filter.codes, range, &campaign) }
        if filter.unknown { requeued += try requeue(.unknown, filter.codes, range, &campaign) }
        if filter.suppressed {
            requeued += try requeue(.suppressed, filter.codes, range, &campaign)
        }
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
        let next = range.upTo.map { last in
            RetryPosition(
                account: Account(checked: last),
                generation: campaign.generation,
                requeued: before + requeued
            )
        }
        return .success(try changed(campaign, requeued: before + requeued, next: next))
    }

    /// The range of recipients with a state of their own that this transaction may still look at.
    mutating func range(of campaign: CampaignRow, after: [UInt8]) throws -> KeyRange {
        var left = rowsLeft
        var last: [UInt8]?
        try connection.each(
            sql.state.accountsAfter,
            .int(campaign.key),
            .text(after),
            .int(left)
        ) { row in
            left -= 1
            if left == 0 { last = row.bytes(0) }
        }
        rowsLeft = left
        return KeyRange(after: after, upTo: last)
    }

    /// Puts a range's recipients of a final status back, all of them or those with some codes.
    private func requeue(
        _ status: Recipient.Status,
        _ codes: [Int],
        _ range: KeyRange,
        _ campaign: inout CampaignRow
    ) throws -> Int {
        let found: [Value] = [
            .int(campaign.key),
            .text(range.after),
            range.upToValue,
            .text(status.rawValue),
            .list(codes),
        ]
        if status == .failed { try uncountFailures(found, campaign) }
        let changes: [Value] = [.int(campaign.generation), .int(now.timestamp.milliseconds)]
        let requeued = try connection.run(sql.state.requeue, found + changes)
        campaign.counts[status] -= requeued
        return requeued
    }

    /// Subtracts recipients put back from their codes' counters of failures.
    private func uncountFailures(_ found: [Value], _ campaign: CampaignRow) throws {
        let counts = try connection.all(sql.state.codeCounts, found) { ($0.int64(0), $0.int64(1)) }
        for (code, count) in counts {
            try connection.run(
                sql.campaign.takeFailures,
                .int(count),
                .int(campaign.key),
                .int(code)
            )
        }
    }
}
