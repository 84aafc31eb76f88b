/// Slows the whole app down when the provider says so, and lets it grow back slowly.
///
/// The pace is a part of the configured rate and never above it. Only calls that went out after the
/// last slowing count as news: those that were out already say the same thing again.
package struct Pace: Sendable, Hashable {
    /// The least part: 1/16 of the rate still finds out soon that the provider recovered.
    private static let floor = 1
    private static let whole = 16
    /// One sixteenth comes back in each such time without a throttle answer.
    ///
    /// Not measured: the provider documents no figure, and a minute's window should see the effect
    /// of several steps.
    private static let step: Duration = .seconds(10)

    private var parts = Pace.whole
    private var slowedAt: Instant?
    /// Nothing is sent before this.
    package private(set) var waitUntil: Instant?

    package init() {}

    package mutating func throttled(callSentAt: Instant, atLeast: Duration, now: Instant) {
        let wait = now.advanced(by: max(atLeast, .seconds(1)))
        waitUntil = max(waitUntil ?? wait, wait)
        if let slowedAt, callSentAt <= slowedAt { return }
        parts = max(Self.floor, currentParts(now) / 2)
        slowedAt = now
    }

    /// An operator ends the wait; the pace grows back as slowly as ever.
    package mutating func resume(now: Instant) {
        if let waitUntil { self.waitUntil = min(waitUntil, now) }
    }

    /// Whether the pace is below what is configured, or waits.
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

    /// When the pace grows next; nil at full pace.
    package func growsAt(now: Instant) -> Instant? {
        guard let slowedAt, currentParts(now) < Self.whole else { return nil }
        let steps = slowedAt.duration(to: now).nanoseconds / Self.step.nanoseconds
        return slowedAt.advanced(by: Self.step * Int(steps + 1))
    }

    private func currentParts(_ now: Instant) -> Int {
        guard let slowedAt else { return Self.whole }
        let steps = slowedAt.duration(to: now).nanoseconds / Self.step.nanoseconds
        return min(Self.whole, parts + Int(steps))
    }
}
