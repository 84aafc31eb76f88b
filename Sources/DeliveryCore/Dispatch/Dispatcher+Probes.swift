extension Dispatcher {
    /// Failed probes since the service was last seen at work, by whom they were made with.
    struct VainProbes: Sendable {
        private var campaigns: [Campaign.ID: Int] = [:]
        private var refused: [Batch.ID: Int] = [:]
        private var hasDoubt = false

        /// A message may be what breaks the call, and accounts may be what is refused: after so many
        /// probes in vain it is somebody else's turn.
        private static let turn = 4
        /// A probe of a campaign that leaves unknown outcomes may cost a recipient, so others are
        /// tried for about an hour before.
        private static let riskTurns = 16

        mutating func add(_ batch: Batch, isRefused: Bool) {
            campaigns[batch.campaign, default: 0] += 1
            if isRefused { refused[batch.id, default: 0] += 1 } else { hasDoubt = true }
        }

        func turns(of campaign: Campaign.ID, _ policy: UnknownPolicy) -> Int {
            let turns = campaigns[campaign, default: 0] / Self.turn
            // Whoever is refused is certainly not accepted: that puts nobody at risk.
            return policy == .leave && hasDoubt ? turns + Self.riskTurns : turns
        }

        func isWorn(_ batch: Batch.ID) -> Bool { refused[batch, default: 0] > 1 }
    }

    /// The largest call a probe should be: where an unknown outcome would be final, just one account.
    private func probeLimit(of id: Campaign.ID) -> Int {
        lines[id]?.work.settings.onUnknown == .leave ? 1 : Self.smallBatch
    }

    /// Puts in the commit what shows at the least cost whether the provider is back.
    mutating func planProbe(_ now: Now) {
        var best: (turns: Int, rank: Int, offer: Offer)?
        look(now)
        // All that have work: there is one probe at a time, and seconds to a minute between two.
        for place in lines.board.working {
            let id = place.id
            guard let line = lines[id], !line.isHalting else { continue }
            let turns = vainProbes.turns(of: id, line.work.settings.onUnknown)
            for (rank, offer) in probes(of: line, now: now) {
                if let best, (best.turns, best.rank, best.offer.count) <= (turns, rank, offer.count)
                {
                    continue
                }
                best = (turns, rank, offer)
            }
        }
        guard let offer = best?.offer else { return }
        if case .open(let batch) = offer.content, !batch.maybeAccepted,
            batch.count > probeLimit(of: batch.campaign)
        {
            return divide(batch, now: now)
        }
        if let fitting = fitted(offer, now: now) { reserve(fitting, isProbe: true, now: now) }
    }

    /// What a campaign could be probed with within its cap, and how good that is: less is better.
    ///
    /// A small call that waits puts nobody else in doubt. Recipients never addressed tell more than
    /// those whose attempts failed, who may well fail again; and a large call that waits, halved,
    /// tells more than accounts that were asked with in vain again and again.
    private mutating func probes(of line: Line, now: Now) -> [(rank: Int, offer: Offer)] {
        let work = line.work
        let limit = min(probeLimit(of: work.id), batchLimit(of: work))
        let candidate = FairShares.Candidate(id: work.id, priority: work.settings.priority)
        var probes: [(rank: Int, offer: Offer)] = []
        for batch in line.open where limits.isDue(batch.dueAt, now) {
            let rank = batch.count > limit ? 3 : vainProbes.isWorn(batch.id) ? 4 : 0
            let offer = Offer(candidate: candidate, content: .open(batch), count: batch.count)
            probes.append((rank, offer))
        }
        if work.freshCount > 0 {
            let count = min(limit, work.freshCount)
            probes.append((1, Offer(candidate: candidate, content: .fresh, count: count)))
        }
        if let due = work.retryDueAt, limits.isDue(due, now), work.retryCount > 0 {
            let count = min(limit, work.retryCount)
            probes.append((2, Offer(candidate: candidate, content: .dueRetries, count: count)))
        }
        return probes.filter { cappedCount($0.offer, now: now) != nil }
    }

    /// Halves a batch that is certainly not accepted.
    ///
    /// Where it is all there is to probe with, nobody would know about the whole of it afterwards.
    mutating func divide(_ batch: OpenBatch, now: Now) {
        lines[batch.campaign]?.open.removeAll { $0.id == batch.id }
        let record = Write.Record(batch: batch.id, resolution: .divided, releaseAt: now.instant)
        pending.append(.record(record, nil))
    }
}
