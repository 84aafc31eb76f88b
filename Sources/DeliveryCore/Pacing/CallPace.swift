/// The pace of calls that address nobody: their rate, how many are out, and a rest while they fail.
///
/// The provider holds each of its commands to a rate of its own, so each kind of call has one of
/// these, whoever makes the calls.
package struct CallPace: Sendable, Hashable {
    private var bucket: TokenBucket
    private(set) var out = 0
    /// Calls in a row that failed.
    private var failures = 0
    /// No call goes out before this.
    private var restsUntil: Instant?

    /// Calls in a row that fail before there is a rest: one account's trouble isn't the command's.
    private static let failureLimit = 3
    private static let longestRest: Duration = .seconds(60)

    package init(perSecond: Int, now: Instant) {
        bucket = .calls(perSecond: perSecond, now: now)
    }

    /// The rate changed; what was taken stays taken.
    package mutating func reconfigure(perSecond: Int, now: Instant) {
        let new = TokenBucket.calls(perSecond: perSecond, now: now)
        bucket = bucket.resized(
            tokens: new.tokens,
            per: .seconds(1),
            capacity: new.capacity,
            now: now
        )
    }

    /// When so many calls may go out; nil while as many are out as may be.
    package func available(_ count: Int = 1, now: Instant) -> Instant? {
        guard out < Limits.jobCallLimit else { return nil }
        return max(bucket.available(count, now: now), restsUntil ?? now)
    }

    package mutating func take(_ count: Int = 1, now: Instant) {
        bucket.take(count, now: now)
        out += 1
    }

    /// What was taken is over; `isFailure` says that no answer came that could be used.
    package mutating func ended(isFailure: Bool, now: Instant) {
        out -= 1
        guard isFailure else {
            failures = 0
            return
        }
        failures += 1
        guard failures >= Self.failureLimit else { return }
        let rest = Duration.seconds(1 << min(6, failures - Self.failureLimit))
        restsUntil = now.advanced(by: min(Self.longestRest, rest))
    }
}

extension TokenBucket {
    /// A bucket whose rate and burst add up to a number of calls, so that no second holds more.
    package static func calls(perSecond: Int, now: Instant) -> TokenBucket {
        let burst = callBurst(perSecond: perSecond)
        return TokenBucket(
            tokens: max(1, perSecond - burst),
            per: .seconds(1),
            capacity: burst,
            now: now
        )
    }

    static func callBurst(perSecond: Int) -> Int { max(1, perSecond / 20) }
}
