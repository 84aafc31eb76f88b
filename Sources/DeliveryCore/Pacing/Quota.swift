/// What the calls of one kind must keep to, all campaigns together.
package struct Quota: Sendable, Hashable {
    /// Recipients in any 60 seconds, retries too.
    package let messagesPerMinute: Int
    /// Recipients that may go at once after a rest.
    package let burst: Int
    package let callsPerSecond: Int

    package init(_ limits: Limits) {
        messagesPerMinute = limits.messagesPerMinute
        burst = limits.burst
        callsPerSecond = limits.callsPerSecond
    }

    /// A campaign with at most so many recipients left is a notice: it may use the part of the
    /// window kept for notices, and passes a large campaign that waits for room.
    package static let noticeLimit = 30

    /// The part of the window kept for notices: a quarter of a percent, at least one notice's
    /// worth, and never so much that campaigns miss it.
    package var noticeReserve: Int {
        min(max(Self.noticeLimit, messagesPerMinute / 400), messagesPerMinute / 10)
    }

    /// How long the notices' reserve takes to refill.
    static let noticeRefill: Duration = .seconds(3)

    /// Calls that may go at once, and those that come on top of them in a second.
    package var callBurst: Int { TokenBucket.callBurst(perSecond: callsPerSecond) }

    package var callRate: Int { max(1, callsPerSecond - callBurst) }

    func bucket(now: Instant) -> TokenBucket {
        let minute = LedgerEntry.window
        return TokenBucket(tokens: messagesPerMinute, per: minute, capacity: burst, now: now)
    }

    func callBucket(now: Instant) -> TokenBucket {
        .calls(perSecond: callsPerSecond, now: now)
    }

    /// Lets a few notices pass at once, then at most a quarter of the rate.
    func noticeBucket(now: Instant) -> TokenBucket {
        let reserve = max(1, noticeReserve)
        let refill = max(Self.noticeRefill, .seconds(240) * reserve / messagesPerMinute)
        return TokenBucket(tokens: reserve, per: refill, capacity: 3 * reserve, now: now)
    }
}
