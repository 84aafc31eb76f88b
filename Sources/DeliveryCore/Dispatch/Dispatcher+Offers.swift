extension Dispatcher {
    /// What a campaign would send next.
    struct Offer {
        let candidate: FairShares.Candidate
        let content: Content
        /// The most it would address; for an open batch exactly that.
        var count: Int
        /// Whether it is all that its campaign has left, and so little that it may use the part of
        /// the window that is kept for notices.
        var isNotice: Bool

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
        look(now)
        // Those that wait for room under their own cap aren't among the shares.
        note(lines.board.caps.first?.key)
        guard let turn = shares.next() else { return nil }
        if let fitting = fitted(offer(of: turn.id, now: now), now: now) { return fitting }
        return outOfTurn(turn, now: now)
    }

    /// A notice that may pass a large campaign which waits for room.
    ///
    /// A notice to three people doesn't wait for the window. How many recipients may pass is
    /// bounded, so the large one isn't held up for long.
    private mutating func outOfTurn(_ turn: FairShares.Candidate, now: Now) -> Offer? {
        let room = notices.level(now: now.instant)
        guard room > 0 else {
            note(notices.available(1, now: now.instant))
            return nil
        }
        guard let next = shares.next(upTo: min(Self.noticeLimit, room), without: turn) else {
            if room < min(Self.noticeLimit, notices.capacity) {
                note(notices.available(room + 1, now: now.instant))
            }
            return nil
        }
        guard let fitting = fitted(offer(of: next.id, now: now), now: now) else { return nil }
        notices.take(fitting.count, now: now.instant)
        return fitting
    }

    /// The accounts one call of a campaign may hold at most.
    func batchLimit(of work: CampaignWork) -> Int { limits.batchLimit(of: work) }

    /// Brings the index of campaigns up to the present.
    mutating func look(_ now: Now) {
        lines.look(limits, &shares, now: now)
    }

    /// What a campaign that is ready has to send now, within its own cap.
    private mutating func offer(of id: Campaign.ID, now: Now) -> Offer {
        // Room may have grown under its cap since it was found ready.
        guard let line = lines.line(id, at: now.instant),
            var offer = line.offer(limits, now: now),
            case .fits(let count) = line.ledger.fit(
                offer.count,
                isFixed: offer.isFixed,
                keeping: 0,
                now: now.instant
            )
        else { preconditionFailure("campaign \(id) counts as ready and has nothing to send") }
        offer.count = count
        return offer
    }

    /// How much of an offer its campaign's own cap leaves room for; nil if that is too little.
    mutating func cappedCount(_ offer: Offer, now: Now) -> Int? {
        guard let line = lines.line(offer.candidate.id, at: now.instant) else { return nil }
        return cut(offer, to: line.ledger, keeping: 0, now: now)
    }

    /// An offer cut to the quota's room, nil if it doesn't fit the quota or the pace now.
    mutating func fitted(_ offer: Offer, now: Now) -> Offer? {
        let kept = offer.isNotice ? 0 : keptForNotices(now)
        guard let count = cut(offer, to: ledger, keeping: kept, now: now) else {
            // What refills meanwhile would go out at once when there is room, and a minute later
            // all of it would be let go at once again, with nothing let go between.
            if !offer.isNotice {
                let batch = min(offer.count, limits.burst)
                bucket.limit(to: max(batch, limits.messagesPerMinute / 20), now: now.instant)
            }
            return nil
        }
        // A notice may leave the bucket in debt, by no more than the part kept for notices.
        let tokens = offer.isNotice ? count - limits.noticeReserve : count
        let at = bucket.available(tokens, now: now.instant)
        guard at <= now.instant else {
            note(at)
            return nil
        }
        var offer = offer
        offer.count = count
        return offer
    }

    /// What the campaigns leave of the window for notices: the reserve, or twice that while no room
    /// comes back for some seconds, so that a notice that used it up can be followed by another.
    private func keptForNotices(_ now: Now) -> Int {
        let reserve = limits.noticeReserve
        let gap = ledger.nextRelease.map { now.instant.duration(to: $0) } ?? .zero
        guard gap > Self.noticeRefill else { return reserve }
        return max(reserve, min(2 * reserve, limits.messagesPerMinute / 40))
    }

    /// How much of an offer fits a ledger; nil, with the time noted, if too little does.
    private mutating func cut(
        _ offer: Offer,
        to ledger: WindowLedger,
        keeping kept: Int,
        now: Now
    ) -> Int? {
        switch ledger.fit(offer.count, isFixed: offer.isFixed, keeping: kept, now: now.instant) {
        case .fits(let count): return count
        case .waits(let until):
            note(until)
            return nil
        }
    }
}
