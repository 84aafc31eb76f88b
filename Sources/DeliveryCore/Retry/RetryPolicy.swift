/// When an attempt that may succeed later is made again: exponential backoff with full jitter.
package struct RetryPolicy: Sendable, Hashable {
    /// Attempts for each recipient, the first included.
    package var attemptLimit: Int
    package var base: Duration
    package var cap: Duration

    package init(
        attemptLimit: Int = 8,
        base: Duration = .seconds(5),
        cap: Duration = .seconds(300)
    ) {
        self.attemptLimit = attemptLimit
        self.base = base
        self.cap = cap
    }

    /// The verdict on an account whose attempt failed with a retryable code.
    ///
    /// `spentAttempts` includes that attempt.
    package func verdict(
        spentAttempts: Int,
        now: Timestamp,
        using random: inout some RandomNumberGenerator
    ) -> Verdict {
        guard spentAttempts < attemptLimit else { return .failed }
        return .retry(dueAt: dueAt(spentAttempts: spentAttempts, now: now, using: &random))
    }

    /// A time between now and the backoff's bound, evenly spread, rounded up to the next grain.
    ///
    /// The grain lets retries that fall due close together share a call.
    package func dueAt(
        spentAttempts: Int,
        now: Timestamp,
        using random: inout some RandomNumberGenerator
    ) -> Timestamp {
        let bound = self.bound(spentAttempts: spentAttempts)
        let wait = Int64.random(in: 0...max(0, bound.milliseconds), using: &random)
        let grain = max(1, min(1_000, base.milliseconds / 5))
        let due = now.milliseconds + wait
        return Timestamp(milliseconds: (due + grain - 1) / grain * grain)
    }

    /// The longest wait after so many attempts.
    package func bound(spentAttempts: Int) -> Duration {
        // 2^20 bases exceed any cap in use and can't overflow.
        min(cap, base * (1 << min(20, max(0, spentAttempts - 1))))
    }
}
