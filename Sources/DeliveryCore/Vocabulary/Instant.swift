/// A point on a monotonic clock, for rates, holds and timeouts.
///
/// In production it counts nanoseconds of `CLOCK_MONOTONIC_RAW`: it starts anew at each boot, never
/// steps, and isn't slewed. It can't be mixed with a `Timestamp`.
package struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's own start.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds + duration.nanoseconds)
    }

    package func duration(to other: Instant) -> Duration {
        .nanoseconds(other.nanoseconds - nanoseconds)
    }

    package static func < (lhs: Instant, rhs: Instant) -> Bool {
        lhs.nanoseconds < rhs.nanoseconds
    }
}
