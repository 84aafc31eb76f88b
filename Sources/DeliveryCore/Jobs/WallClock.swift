/// How far the times of calls, which are the wall clock's, can be relied on.
///
/// A history is asked for the time of a call, and some time after it. A wall clock that is set
/// meanwhile would have it asked too early, or for another time: the recipient would seem not to have
/// got the message, and get it twice.
struct WallClock: Sendable {
    /// What the wall clock read when the monotonic one read nothing.
    private var offset: Duration
    /// Nothing is asked before this: a clock may have been set shortly before the start, too.
    private(set) var trustedFrom: Instant
    /// By so much the time of a call may be wrong, as far as this process knows.
    private(set) var slack: Duration = .zero

    /// Less than this is a clock that is slewed.
    private static let tolerance: Duration = .seconds(1)
    /// More than any history reaches back: a clock that was set by a year.
    private static let largestSlack: Duration = .seconds(366 * 86_400)

    init(settleTime: Duration, now: Now) {
        offset = Self.offset(now)
        trustedFrom = now.instant.advanced(by: settleTime)
    }

    /// Notices that the wall clock was set.
    mutating func read(_ now: Now, settleTime: Duration) {
        let read = Self.offset(now)
        let step = max(read - offset, offset - read)
        offset = read
        guard step > Self.tolerance else { return }
        slack = min(Self.largestSlack, slack + step)
        trustedFrom = max(trustedFrom, now.instant.advanced(by: settleTime))
    }

    private static func offset(_ now: Now) -> Duration {
        .milliseconds(now.timestamp.milliseconds) - .nanoseconds(now.instant.nanoseconds)
    }
}
