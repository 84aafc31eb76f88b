extension Dispatcher {
    /// Takes an offer's recipients from the buckets and ledgers and puts its claim in the commit.
    mutating func reserve(_ offer: Offer, isTrial: Bool, now: Now) {
        let id = offer.candidate.id
        guard let work = lines[id]?.work else {
            preconditionFailure("campaign \(id) makes an offer and isn't known")
        }
        if case .open(let batch) = offer.content, batch.count > batchLimit(of: work) {
            // A limit was lowered since it was claimed, or another batch of the campaign has shown
            // that this size is refused.
            return divide(batch, now: now)
        }
        let reservation = Reservation(
            candidate: offer.candidate,
            count: offer.count,
            isTrial: isTrial
        )
        hold(reservation, now: now)
        switch offer.content {
        case .open(let batch):
            lines[id]?.open.removeAll { $0.id == batch.id }
            let reclaim = Write.Reclaim(
                batch: batch.id,
                byteLimit: limits.packetBytes - work.packetOverhead,
                timeout: limits.callTimeout
            )
            pending.append(.reclaim(reclaim, batch, reservation))
        case .dueRetries:
            // How many are due is known only to the queue: ask once in a commit.
            lines[id]?.work.retryDueAt = nil
            let claim = claim(.dueRetries, offer, work, dueBy: work.retryDueAt)
            pending.append(.claim(claim, reservation))
        case .fresh:
            lines[id]?.work.freshCount -= offer.count
            pending.append(.claim(claim(.fresh, offer, work), reservation))
        }
    }

    private mutating func claim(
        _ source: Write.Claim.Source,
        _ offer: Offer,
        _ work: CampaignWork,
        dueBy: Timestamp? = nil
    ) -> Write.Claim {
        Write.Claim(
            campaign: offer.candidate.id,
            source: source,
            accountLimit: offer.count,
            byteLimit: limits.packetBytes - work.packetOverhead,
            messageRandom: UInt32.random(in: 0...UInt32.max, using: &random),
            timeout: limits.callTimeout,
            dueBy: dueBy
        )
    }

    private mutating func hold(_ reservation: Reservation, now: Now) {
        ledger.hold(reservation.count)
        lines[reservation.candidate.id]?.ledger.hold(reservation.count)
        bucket.take(reservation.count, now: now.instant)
        callBucket.take(1, now: now.instant)
        shares.served(reservation.candidate, count: reservation.count)
    }

    /// Gives back what a claim reserved and didn't use.
    mutating func giveBack(_ count: Int, of reservation: Reservation, now: Now) {
        guard count > 0 else { return }
        ledger.cancel(count)
        lines[reservation.candidate.id]?.ledger.cancel(count)
        bucket.putBack(count)
        shares.served(reservation.candidate, count: -count)
        if count == reservation.count { callBucket.putBack(1) }
    }
}
