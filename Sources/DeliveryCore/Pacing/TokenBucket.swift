/// A token bucket in GCRA form: one stored instant instead of a counter and a refill timer.
///
/// It paces, and keeps a small campaign from waiting behind a large batch. It does not hold a limit
/// over a window: with rate r and capacity b, r·T + b tokens pass in a time T. The `WindowLedger`
/// does that.
package struct TokenBucket: Sendable, Hashable {
    /// How many tokens may be taken at once after a rest.
    package let capacity: Int
    /// How many tokens come back in a period.
    package let tokens: Int
    /// The nanoseconds that one token takes to refill, rounded up: never faster than the rate.
    private let interval: Int64
    /// When the bucket will be full again.
    private var fullAt: Instant

    /// A full bucket.
    package init(tokens: Int, per period: Duration, capacity: Int, now: Instant) {
        precondition(tokens > 0, "a bucket refills by at least one token a period")
        precondition(capacity > 0, "a bucket holds at least one token")
        self.capacity = capacity
        self.tokens = tokens
        interval = (period.nanoseconds + Int64(tokens) - 1) / Int64(tokens)
        fullAt = now
    }

    /// When so many tokens can be taken; `now` if they can be already.
    ///
    /// More than the capacity can be taken from a full bucket, which is in debt afterwards. A
    /// negative count asks when the debt is no larger than that.
    package func available(_ count: Int, now: Instant) -> Instant {
        let missing = Int64(min(count, capacity) - capacity) * interval
        return max(now, Instant(nanoseconds: fullAt.nanoseconds + missing))
    }

    /// Takes tokens that are available.
    package mutating func take(_ count: Int, now: Instant) {
        let start = max(fullAt, now)
        fullAt = Instant(nanoseconds: start.nanoseconds + Int64(count) * interval)
    }

    /// Puts back tokens that were taken and not used.
    package mutating func putBack(_ count: Int) {
        fullAt = Instant(nanoseconds: fullAt.nanoseconds - Int64(count) * interval)
    }

    /// The tokens in it; negative for a debt.
    package func level(now: Instant) -> Int {
        let missing = max(0, fullAt.nanoseconds - now.nanoseconds)
        return capacity - Int((missing + interval - 1) / interval)
    }

    /// Takes all but so many tokens.
    package mutating func limit(to tokens: Int, now: Instant) {
        let missing = Int64(max(0, capacity - tokens)) * interval
        fullAt = max(fullAt, Instant(nanoseconds: now.nanoseconds + missing))
    }

    /// The same level of debt or rest in a bucket of another rate or capacity.
    package func resized(
        tokens: Int,
        per period: Duration,
        capacity newCapacity: Int,
        now: Instant
    ) -> TokenBucket {
        var bucket = TokenBucket(tokens: tokens, per: period, capacity: newCapacity, now: now)
        let missing = max(0, (fullAt.nanoseconds - now.nanoseconds + interval - 1) / interval)
        bucket.take(Int(missing), now: now)
        return bucket
    }
}
