extension Dispatcher {
    /// What a campaign would send next.
    struct Offer {
        let candidate: FairShares.Candidate
        let content: Content
        /// The most it would address; for an open batch exactly that.
        var count: Int

        enum Content {
            case open(OpenBatch)
            case dueRetries
            case fresh
        }

        /// A batch that is claimed already can't be cut.
        var isFixed: Bool {
            if case .open = content { true } else { false }
        }
    }

    /// The offer that goes next, cut to the room there is; nil if nothing may go now.
    mutating func nextOffer(_ now: Now) -> Offer? {
        let offers = order.compactMap { offer(of: $0, now: now) }
        guard let turn = shares.next(among: offers.map(\.candidate)),
            let offer = offers.first(where: { $0.candidate == turn })
        else { return nil }
        if let fitting = fitted(offer, now: now) {
            servedOutOfTurn = 0
            return fitting
        }
        return outOfTurn(offers.filter { $0.candidate != turn }, now: now)
    }

    /// A small batch that may pass a large one which waits for room.
    ///
    /// A notice to three people doesn't wait for the window. How many recipients may pass before
    /// the turn is served is bounded, so the large one isn't held up for long.
    private mutating func outOfTurn(_ offers: [Offer], now: Now) -> Offer? {
        let small = offers.filter {
            $0.count <= Self.smallBatch
                && servedOutOfTurn + $0.count <= max(reserve, Self.smallBatch)
        }
        // A copy: looking for the next small one must not move the clocks of the turns.
        var shares = self.shares
        guard let next = shares.next(among: small.map(\.candidate)),
            let offer = small.first(where: { $0.candidate == next }),
            let fitting = fitted(offer, now: now)
        else { return nil }
        servedOutOfTurn += fitting.count
        return fitting
    }

    /// The accounts one call of a campaign may hold at most.
    func batchLimit(of work: CampaignWork) -> Int {
        [
            limits.batchAccounts,
            limits.burst,
            limits.messagesPerMinute,
            work.settings.messagesPerMinute ?? .max,
            work.accountLimit ?? .max,
        ].reduce(.max, min)
    }

    /// What a campaign has to send now, within its own cap; nil if it has no work.
    private mutating func offer(of id: Campaign.ID, now: Now) -> Offer? {
        guard let line = lines[id], line.work.state == .running, !line.isHalting else {
            return nil
        }
        let work = line.work
        let candidate = FairShares.Candidate(id: id, priority: work.settings.priority)
        let limit = batchLimit(of: work)
        var offer: Offer
        if let batch = line.open.first(where: { isDue($0.dueAt, now) }) {
            offer = Offer(candidate: candidate, content: .open(batch), count: batch.count)
        } else if let due = work.retryDueAt, isDue(due, now), work.retryCount > 0 {
            offer = Offer(
                candidate: candidate,
                content: .dueRetries,
                count: min(limit, work.retryCount)
            )
        } else if work.freshCount > 0 {
            offer = Offer(candidate: candidate, content: .fresh, count: min(limit, work.freshCount))
        } else {
            return nil
        }
        guard let count = cappedCount(offer, now: now) else { return nil }
        offer.count = count
        return offer
    }

    /// How much of an offer its campaign's own cap leaves room for; nil if that is too little.
    mutating func cappedCount(_ offer: Offer, now: Now) -> Int? {
        lines[offer.candidate.id]?.ledger.advance(to: now.instant)
        guard let ledger = lines[offer.candidate.id]?.ledger else { return nil }
        return cut(offer, to: ledger, keeping: 0, now: now)
    }

    /// Whether what waits for a time of the wall clock waits no longer.
    ///
    /// Nobody is told to wait longer than the backoff's cap: a time beyond it was written down
    /// before the clock was set back, and may be a year away.
    func isDue(_ time: Timestamp, _ now: Now) -> Bool {
        time <= now.timestamp
            || time > now.timestamp.advanced(by: limits.retry.cap + Self.longestSleep)
    }

    /// An offer cut to the quota's room, nil if it doesn't fit the quota or the pace now.
    mutating func fitted(_ offer: Offer, now: Now) -> Offer? {
        let kept = offer.count <= Self.smallBatch ? 0 : reserve
        guard let count = cut(offer, to: ledger, keeping: kept, now: now) else { return nil }
        let at = bucket.available(count, now: now.instant)
        guard at <= now.instant else {
            note(at)
            return nil
        }
        var offer = offer
        offer.count = count
        return offer
    }

    /// How much of an offer fits a ledger; nil, with the time noted, if too little does.
    private mutating func cut(
        _ offer: Offer,
        to ledger: WindowLedger,
        keeping kept: Int,
        now: Now
    ) -> Int? {
        let room = ledger.room - kept
        if offer.count <= room { return offer.count }
        // A limit was lowered since this batch was claimed: it goes alone.
        if offer.isFixed, offer.count > ledger.limit - kept, ledger.held == 0 { return offer.count }
        let least = offer.isFixed ? offer.count : min(offer.count, Self.leastCut)
        if !offer.isFixed, room >= least { return room }
        note(ledger.available(min(least, ledger.limit - kept) + kept, now: now.instant))
        return nil
    }
}
