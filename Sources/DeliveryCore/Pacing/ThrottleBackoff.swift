/// Slows sending down when the provider says so, and lets it grow back slowly.
///
/// Multiplicative decrease, additive increase: what may be used is a part of the configured rate,
/// and never above it. Only calls that went out after the last decrease count: those that were out
/// already say the same thing again.
package struct ThrottleBackoff: Sendable, Hashable {
    /// The least part: 1/16 of the rate still finds out soon that the provider recovered.
    private static let floor = 1
    package static let whole = 16
    /// One sixteenth comes back in each such time without a throttle answer.
    ///
    /// Not measured: the provider documents no figure, and a minute's window should see the effect
    /// of several steps.
    private static let step: Duration = .seconds(10)

    /// A provider that asks for a longer wait is asked again then.
    private static let waitLimit: Duration = .seconds(86_400)

    private var parts = ThrottleBackoff.whole
    private var slowedAt: Instant?
    /// Nothing is sent before this.
    package private(set) var waitUntil: Instant?

    package init() {}

    package mutating func throttled(callSentAt: Instant, atLeast: Duration, now: Instant) {
        let wait = now.advanced(by: min(max(atLeast, .seconds(1)), Self.waitLimit))
        waitUntil = max(waitUntil ?? wait, wait)
        if let slowedAt, callSentAt <= slowedAt { return }
        parts = max(Self.floor, currentParts(now) / 2)
        slowedAt = now
    }

    /// An operator ends the wait; the rate grows back as slowly as ever.
    package mutating func resume(now: Instant) {
        if let waitUntil { self.waitUntil = min(waitUntil, now) }
    }

    /// Whether the rate is below what is configured, or nothing is sent.
    package func isSlowed(now: Instant) -> Bool {
        currentParts(now) < Self.whole || waits(now: now)
    }

    package func waits(now: Instant) -> Bool {
        waitUntil.map { now < $0 } ?? false
    }

    /// The part of a rate that may be used, at least 1.
    package func applied(to rate: Int, now: Instant) -> Int {
        max(1, rate * currentParts(now) / Self.whole)
    }

    /// When the rate grows next; nil if it is whole.
    package func growsAt(now: Instant) -> Instant? {
        guard let slowedAt, currentParts(now) < Self.whole else { return nil }
        return slowedAt.advanced(by: Self.step * Int(steps(since: slowedAt, now) + 1))
    }

    /// When it goes on by itself: at the end of the wait, otherwise once the rate is whole; nil if it
    /// isn't slowed.
    package func endsAt(now: Instant) -> Instant? {
        if let waitUntil, waits(now: now) { return waitUntil }
        guard let slowedAt, currentParts(now) < Self.whole else { return nil }
        return slowedAt.advanced(by: Self.step * (Self.whole - parts))
    }

    /// The sixteenths of the rate that may be used, 1 to 16.
    package func currentParts(_ now: Instant) -> Int {
        guard let slowedAt else { return Self.whole }
        return min(Self.whole, parts + Int(steps(since: slowedAt, now)))
    }

    private func steps(since slowedAt: Instant, _ now: Instant) -> Int64 {
        slowedAt.duration(to: now).nanoseconds / Self.step.nanoseconds
    }
}
