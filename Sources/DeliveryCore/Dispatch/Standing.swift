/// What planning needs to know of a campaign, as it is until something happens to the campaign or
/// one of these times comes.
struct Standing: Sendable, Equatable {
    /// The order of creation.
    var order: Int64 = 0
    var expiresAt: Timestamp?
    /// When it begins, if it is scheduled.
    var startsAt: Timestamp?
    /// When the next of its retries and open batches falls due that isn't yet.
    var dueAt: Timestamp?
    /// When the next of those that count as due though they lie too far ahead is waited for again.
    var strayUntil: Timestamp?
    /// When its own cap has room for what it would send.
    var roomAt: Instant?
    /// What it has to send now, within its own cap.
    var ready: Ready?
    /// What it wants of the quota, if it runs and has recipients to claim.
    var claim: Claim?
    /// Whether it runs and anything is left for it to send.
    var isWorking = false

    struct Ready: Sendable, Equatable {
        let priority: Priority
        /// The recipients it has left; over the limit for notices all are the same.
        let size: Int
    }

    struct Claim: Sendable, Equatable {
        let priority: Priority
        /// The most it may take of a minute; nil for all.
        let cap: Int?
    }

    /// Of a campaign that isn't known, or has ended.
    static let none = Standing()

    /// Takes in when a retry or an open batch falls due.
    fileprivate mutating func wait(for due: Timestamp, _ limits: Limits, now: Now) {
        guard due > now.timestamp else { return }
        dueAt = min(dueAt ?? due, due)
        guard limits.isDue(due, now) else { return }
        let until = due.advanced(by: .zero - limits.longestWait)
        strayUntil = min(strayUntil ?? until, until)
    }
}

extension Dispatcher.Line {
    /// Where the campaign stands; its ledger has let go what is due.
    func standing(_ limits: Limits, now: Now) -> Standing {
        guard !work.state.isFinal, damage == nil else { return .none }
        var standing = Standing(order: work.order, expiresAt: work.settings.expiresAt)
        if work.state == .scheduled {
            // Without a time it is due already.
            let startsAt = work.settings.startAt ?? Timestamp(milliseconds: .min)
            let isFirst = work.settings.expiresAt.map { startsAt < $0 } ?? true
            standing.startsAt = isFirst ? startsAt : nil
        }
        guard work.state == .running else { return standing }
        let hasRecipients = work.freshCount + work.retryCount > 0
        if hasRecipients {
            let cap = work.settings.messagesPerMinute
            standing.claim = Standing.Claim(priority: work.settings.priority, cap: cap)
        }
        standing.isWorking = hasRecipients || !open.isEmpty
        for batch in open where !batch.awaitsCheck {
            standing.wait(for: batch.dueAt, limits, now: now)
        }
        if let due = work.retryDueAt { standing.wait(for: due, limits, now: now) }
        guard let offer = offer(limits, now: now) else { return standing }
        switch ledger.fit(offer.count, isFixed: offer.isFixed, keeping: 0, now: now.instant) {
        case .fits:
            standing.ready = Standing.Ready(
                priority: work.settings.priority,
                size: backlog
            )
        case .waits(let until): standing.roomAt = until
        }
        return standing
    }

    /// The recipients it has left to address; over the limit for notices all are the same.
    var backlog: Int {
        let waiting = open.lazy.map(\.count).reduce(work.freshCount + work.retryCount, +)
        return min(waiting, Dispatcher.noticeLimit + 1)
    }

    /// What the campaign has to send now, whatever its own cap says; nil if it has no work.
    func offer(_ limits: Limits, now: Now) -> Dispatcher.Offer? {
        guard work.state == .running, !isHalting, damage == nil else { return nil }
        let isDue = { (batch: OpenBatch) in !batch.awaitsCheck && limits.isDue(batch.dueAt, now) }
        if let batch = open.first(where: isDue) { return offer(.open(batch), batch.count) }
        let limit = limits.batchLimit(of: work)
        if let due = work.retryDueAt, limits.isDue(due, now), work.retryCount > 0 {
            return offer(.dueRetries, min(limit, work.retryCount))
        }
        guard work.freshCount > 0 else { return nil }
        return offer(.fresh, min(limit, work.freshCount))
    }

    private func offer(_ content: Dispatcher.Offer.Content, _ count: Int) -> Dispatcher.Offer {
        Dispatcher.Offer(
            candidate: FairShares.Candidate(id: work.id, priority: work.settings.priority),
            content: content,
            count: count,
            isNotice: backlog <= Dispatcher.noticeLimit
        )
    }
}

extension Limits {
    /// The accounts one call of a campaign may hold at most.
    func batchLimit(of work: CampaignWork) -> Int {
        let own = min(work.settings.messagesPerMinute ?? .max, work.accountLimit ?? .max)
        return min(batchAccounts, burst, messagesPerMinute, own)
    }

    /// Nobody is told to wait longer.
    var longestWait: Duration { retry.cap + Dispatcher.longestSleep }

    /// Whether what waits for a time of the wall clock waits no longer.
    ///
    /// Nobody is told to wait longer than the backoff's cap: a time beyond it was written down
    /// before the clock was set back, and may be a year away.
    func isDue(_ time: Timestamp, _ now: Now) -> Bool {
        time <= now.timestamp || time > now.timestamp.advanced(by: longestWait)
    }
}

extension WindowLedger {
    /// How much of an offer goes now.
    enum Fit: Equatable {
        case fits(Int)
        /// Too little does; there will be room at an instant, as far as it is known.
        case waits(until: Instant?)
    }

    /// How much fits of so many recipients, who may be cut unless they are one claimed batch.
    func fit(_ count: Int, isFixed: Bool, keeping kept: Int, now: Instant) -> Fit {
        let room = self.room - kept
        if count <= room { return .fits(count) }
        // A limit was lowered since this batch was claimed: it goes alone.
        if isFixed, count > limit - kept, held == 0 { return .fits(count) }
        let least = min(isFixed ? count : min(count, Dispatcher.leastCut), limit - kept)
        if !isFixed, room >= least { return .fits(room) }
        return .waits(until: available(least + kept, now: now))
    }
}
