/// Whether the quota has room for a call of one kind, and what the calls that go take from it.
///
/// The window ledger keeps the quota in any 60 seconds; the buckets pace. A call's recipients are
/// reserved when it is planned, given back as far as it doesn't use them, and released some time
/// after it has ended. Each kind of call has an instance of its own.
package struct Admission: Sendable {
    private var quota: Quota
    package private(set) var ledger: WindowLedger
    /// The part of what the ledger holds that counts from before the start.
    private var restored = WindowLedger(limit: .max)
    /// Recipients; its rate follows the backoff.
    private var bucket: TokenBucket
    private var callBucket: TokenBucket
    /// Recipients of notices that may pass the campaign whose turn it is.
    package private(set) var notices: TokenBucket
    package private(set) var backoff = ThrottleBackoff()
    /// The last answer that said to slow down.
    package private(set) var throttle: Campaign.Reason?

    package init(_ quota: Quota, now: Instant) {
        self.quota = quota
        ledger = WindowLedger(limit: quota.messagesPerMinute)
        bucket = quota.bucket(now: now)
        callBucket = quota.callBucket(now: now)
        notices = quota.noticeBucket(now: now)
    }

    /// The quota changed; what is held stays held.
    package mutating func reconfigure(_ quota: Quota, now: Instant) {
        self.quota = quota
        ledger.limit = quota.messagesPerMinute
        resize(to: rate(now: now), now: now)
        callBucket = quota.callBucket(now: now)
        notices = quota.noticeBucket(now: now)
    }

    /// Releases what is due, and lets the pace follow the backoff.
    package mutating func advance(to now: Instant) {
        ledger.advance(to: now)
        restored.advance(to: now)
        let rate = rate(now: now)
        if rate != bucket.tokens { resize(to: rate, now: now) }
    }

    private mutating func resize(to rate: Int, now: Instant) {
        bucket = bucket.resized(
            tokens: rate,
            per: LedgerEntry.window,
            capacity: quota.burst,
            now: now
        )
    }

    /// The rate that the backoff leaves, in recipients a minute.
    package func rate(now: Instant) -> Int {
        backoff.applied(to: quota.messagesPerMinute, now: now)
    }

    /// How much of so many recipients fits the window and the pace now: part of them, or, if
    /// `isFixed`, only all.
    ///
    /// A notice may use what is kept for notices, and leave the bucket in debt by no more than
    /// that.
    package mutating func fit(_ count: Int, isFixed: Bool, isNotice: Bool, now: Instant) -> Fit {
        switch room(for: count, isFixed: isFixed, isNotice: isNotice, now: now) {
        case .fits(let count): return .fits(count)
        case .paced(let until): return .waits(until: until)
        case .full(let until):
            if !isNotice {
                // A burst saved up while the window is full would go out at once when there is
                // room, and a minute later be released at once again, with nothing released
                // between.
                let batch = min(count, quota.burst)
                bucket.limit(to: max(batch, quota.messagesPerMinute / 20), now: now)
            }
            return .waits(until: until)
        }
    }

    /// The room there is for an offer, and what it waits for otherwise.
    enum Room: Sendable, Hashable {
        case fits(Int)
        /// The window is full, until an instant as far as it is known.
        case full(until: Instant?)
        /// The bucket has too little in it.
        case paced(until: Instant)
    }

    /// What `fit` goes by; asking changes nothing.
    func room(for count: Int, isFixed: Bool, isNotice: Bool, now: Instant) -> Room {
        let kept = isNotice ? 0 : keptForNotices(now)
        switch ledger.fit(count, isFixed: isFixed, keeping: kept, now: now) {
        case .waits(let until): return .full(until: until)
        case .fits(let fitting):
            let tokens = isNotice ? fitting - quota.noticeReserve : fitting
            let at = bucket.available(tokens, now: now)
            return at <= now ? .fits(fitting) : .paced(until: at)
        }
    }

    /// Recipients of calls before the start that count still, if the window is full for them alone;
    /// otherwise 0.
    func restoredHold(against count: Int, isFixed: Bool, isNotice: Bool, now: Instant) -> Int {
        guard restored.held > 0 else { return 0 }
        var without = self
        without.ledger.cancel(restored.held)
        without.restored = WindowLedger(limit: .max)
        let room = without.room(for: count, isFixed: isFixed, isNotice: isNotice, now: now)
        if case .full = room { return 0 }
        return restored.held
    }

    /// What is kept for notices: the reserve, or twice that while nothing is released for some
    /// seconds, so that a second notice can follow one that used it up.
    func keptForNotices(_ now: Instant) -> Int {
        let reserve = quota.noticeReserve
        let gap = ledger.nextRelease.map { now.duration(to: $0) } ?? .zero
        guard gap > Quota.noticeRefill else { return reserve }
        return max(reserve, min(2 * reserve, quota.messagesPerMinute / 40))
    }

    /// What the window holds, for operators.
    package func window(now: Instant) -> QuotaWindow {
        let (step, count) = (QuotaWindow.step, QuotaWindow.stepCount)
        let releases = ledger.releases(per: step, count: count, now: now)
        return QuotaWindow(
            held: ledger.held,
            unanswered: ledger.held - releases.reduce(0, +),
            room: max(0, ledger.room - keptForNotices(now)),
            releases: releases
        )
    }

    /// When a call may go, however many recipients it has.
    package func callAvailable(now: Instant) -> Instant { callBucket.available(1, now: now) }

    /// When a batch of so many fits, as far as it is known; `unanswered` if an answer must come
    /// first.
    package func available(_ count: Int, unanswered: Instant, now: Instant) -> Instant {
        max(
            ledger.available(count, now: now) ?? unanswered,
            bucket.available(count, now: now),
            callAvailable(now: now),
            backoff.waitUntil ?? now
        )
    }

    /// A call is planned: its recipients are held until it has ended or is given up.
    package mutating func reserve(_ count: Int, now: Instant) {
        ledger.hold(count)
        bucket.take(count, now: now)
        callBucket.take(1, now: now)
    }

    /// A notice passes the campaign whose turn it is.
    package mutating func pass(_ count: Int, now: Instant) {
        notices.take(count, now: now)
    }

    /// Gives back what a call reserved and doesn't use; `isWhole` if it isn't made at all.
    package mutating func giveBack(_ count: Int, isWhole: Bool) {
        ledger.cancel(count)
        bucket.putBack(count)
        if isWhole { callBucket.putBack(1) }
    }

    /// A call has ended: its recipients count until an instant.
    package mutating func release(_ count: Int, at instant: Instant, now: Instant) {
        ledger.release(count, at: instant)
        ledger.advance(to: now)
    }

    /// A call of the process before counts until an instant.
    ///
    /// It is held whole even if the limit is lower now: that may be raised before the release.
    package mutating func restore(_ hold: Hold) {
        ledger.hold(hold.count)
        ledger.release(hold.count, at: hold.until)
        restored.hold(hold.count)
        restored.release(hold.count, at: hold.until)
    }

    /// The provider said to slow down.
    package mutating func throttled(
        _ reason: Campaign.Reason,
        callSentAt: Instant,
        atLeast: Duration,
        now: Instant
    ) {
        throttle = reason
        backoff.throttled(callSentAt: callSentAt, atLeast: atLeast, now: now)
    }

    /// Takes all that is in the bucket: a burst saved up isn't sent right after a throttle answer.
    package mutating func emptyBucket(now: Instant) { bucket.limit(to: 0, now: now) }

    /// An operator ends the wait that the provider asked for.
    package mutating func resume(now: Instant) { backoff.resume(now: now) }
}
