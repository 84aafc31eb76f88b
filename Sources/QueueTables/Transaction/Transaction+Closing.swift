import DeliveryCore

/// How the waiting recipients of a canceled or expired campaign end.
extension Transaction {
    /// One more step of ending the waiting recipients of a canceled or expired campaign.
    mutating func close(_ id: Campaign.ID) throws -> Change {
        guard var campaign = try campaign(id) else { return .failure(.notFound) }
        var closed: [Batch.ID] = []
        if let closing = try connection.closing(of: campaign.key) {
            closed = try goOn(closing, &campaign)
            update(campaign)
        }
        return .success(try changed(campaign, closed: closed))
    }

    /// Ends every recipient without a call in flight, all at once or as many as one step may;
    /// answers the batches closed.
    ///
    /// Recipients never addressed change in the counters only: their status follows from their
    /// generation, which is over.
    mutating func terminate(
        _ campaign: inout CampaignRow,
        _ status: Recipient.Status
    ) throws -> [Batch.ID] {
        try connection.run(
            sql.campaign.insertTermination,
            .int(campaign.key),
            .int(campaign.generation),
            .text(status.rawValue),
            .int(now.timestamp.milliseconds)
        )
        let closing = Closing(generation: campaign.generation, cursor: [])
        campaign.move(campaign.fresh, from: .queued, to: status)
        campaign.fresh = 0
        campaign.waiting = 0
        campaign.generation += 1
        guard campaign.endable > 0 else { return [] }
        try connection.run(
            sql.campaign.insertClosing,
            .int(campaign.key),
            .int(closing.generation)
        )
        return try goOn(closing, &campaign)
    }

    /// Ends as many recipients as this transaction may still look at.
    mutating func goOn(_ closing: Closing, _ campaign: inout CampaignRow) throws -> [Batch.ID] {
        let status = try connection.terminations(of: campaign)[closing.generation].status
        let closed = try closeBatches(status, &campaign)
        if rowsLeft > 0 { try closeWaiting(closing, status, &campaign) }
        if campaign.endable == 0 {
            try connection.run(sql.campaign.deleteClosing, .int(campaign.key))
        }
        campaign.finish(at: now.timestamp)
        return closed
    }

    private mutating func closeBatches(
        _ status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) throws -> [Batch.ID] {
        var closed: [Batch.ID] = []
        while rowsLeft > 0 {
            let batches = try connection.all(sql.batch.someWaiting, .int(campaign.key)) {
                try BatchRow($0)
            }
            for var batch in batches where rowsLeft > 0 {
                rowsLeft -= batch.count
                campaign.counts[batch.state == .held ? .queued : .retrying] -= batch.count
                batch.changedAt = now.timestamp
                try terminate(&batch, status, &campaign)
                closed.append(batch.id)
            }
            if batches.isEmpty { break }
        }
        return closed
    }

    /// Ends recipients that wait for a retry of their own: one that may have been accepted becomes
    /// `unknown`; the others change in the counters only.
    private mutating func closeWaiting(
        _ closing: Closing,
        _ status: Recipient.Status,
        _ campaign: inout CampaignRow
    ) throws {
        let range = try range(of: campaign, after: closing.cursor)
        let bounds: [Value] = [
            .int(campaign.key),
            .text(range.after),
            range.upToValue,
            .int(closing.generation),
        ]
        let counts = try connection.all(sql.state.waitingCounts, bounds) { row in
            (status: try decoded(row.text(0)) as Recipient.Status, row.flag(1), row.int(2))
        }
        for (old, maybeAccepted, count) in counts {
            campaign.move(count, from: old, to: maybeAccepted ? .unknown : status)
        }
        try connection.run(
            sql.state.endMaybeAccepted,
            bounds + [.text(Self.maybeAcceptedInfo), .int(now.timestamp.milliseconds)]
        )
        if let last = range.upTo {
            try connection.run(sql.campaign.updateClosing, .text(last), .int(campaign.key))
        } else {
            try connection.run(sql.campaign.deleteClosing, .int(campaign.key))
        }
    }
}
