extension Dispatcher {
    /// How long no trial is looked for after none was found: a look goes over all that has work.
    private static let trialRest: Duration = .seconds(1)

    /// Puts the trial in the commit that shows at the least cost whether calls get through again.
    ///
    /// One recipient is enough, whatever the policy: nobody else is put in doubt.
    mutating func planTrial(_ now: Now) {
        guard noTrialBefore <= now.instant else { return note(noTrialBefore) }
        look(now)
        var best: (order: (Int, Int, Int, Int), offer: Offer)?
        for place in lines.board.working {
            guard let line = lines[place.id], !line.isHalting else { continue }
            let turns = health.failedTrials?.turns(of: place.id, line.work.settings.onUnknown) ?? 0
            for (rank, offer) in trials(of: line, now: now) {
                // Whoever was refused in a trial already tells less than anybody else would.
                let order = (rank == .worn ? 1 : 0, turns, rank.rawValue, offer.count)
                if let best, best.order <= order { continue }
                best = (order, offer)
            }
        }
        guard let offer = best?.offer else {
            noTrialBefore = now.instant.advanced(by: Self.trialRest)
            return lines.board.working.isEmpty ? () : note(noTrialBefore)
        }
        if case .open(let batch) = offer.content, batch.count > 1 {
            return divide(batch, now: now)
        }
        if let fitting = fitted(offer, now: now) { reserve(fitting, isTrial: true, now: now) }
    }

    /// How much a trial tells, the most first.
    private enum TrialRank: Int {
        /// One recipient in a call that waits puts nobody else in doubt.
        case single
        /// Recipients never addressed tell more than those whose attempts failed.
        case fresh
        case retry
        /// A call that waits and has to be halved first.
        case large
        /// One that was refused in a trial.
        case worn
    }

    /// What a campaign could be tried with within its cap.
    private mutating func trials(of line: Line, now: Now) -> [(rank: TrialRank, offer: Offer)] {
        let work = line.work
        let candidate = FairShares.Candidate(id: work.id, priority: work.settings.priority)
        var trials: [(rank: TrialRank, offer: Offer)] = []
        for batch in line.open where !batch.awaitsCheck && limits.isDue(batch.dueAt, now) {
            let rank: TrialRank = batch.count > 1 ? .large : batch.refusals > 0 ? .worn : .single
            trials.append(
                (
                    rank,
                    Offer(
                        candidate: candidate,
                        content: .open(batch),
                        count: batch.count,
                        isNotice: true
                    )
                )
            )
        }
        if work.freshCount > 0 {
            trials.append(
                (.fresh, Offer(candidate: candidate, content: .fresh, count: 1, isNotice: true))
            )
        }
        if let due = work.retryDueAt, limits.isDue(due, now), work.retryCount > 0 {
            trials.append(
                (
                    .retry,
                    Offer(candidate: candidate, content: .dueRetries, count: 1, isNotice: true)
                )
            )
        }
        return trials.filter { $0.rank == .large || cappedCount($0.offer, now: now) != nil }
    }

    /// Halves a batch that waits; a doubt about it goes with its halves.
    mutating func divide(_ batch: OpenBatch, now: Now) {
        lines[batch.campaign]?.open.removeAll { $0.id == batch.id }
        let record = Write.Record(batch: batch.id, resolution: .divided, releaseAt: now.instant)
        pending.append(.record(record, nil))
    }
}
