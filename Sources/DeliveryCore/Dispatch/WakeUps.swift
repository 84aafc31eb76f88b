/// The wake-ups that were asked for, and the next instant at which waiting work may go on.
///
/// One is asked for only if it comes before all others: without that, every event would add another.
package struct WakeUps: Sendable {
    /// Wake-ups asked for that haven't come, the soonest last: each was sooner than all before it.
    private var asked: [Instant] = []
    /// The soonest instant noted since planning began.
    private var next: Instant?

    package init() {}

    /// A wall clock may step, so a wait for one of its times is looked at again after this.
    package static let longestSleep: Duration = .seconds(30)

    /// The wake-up that comes next.
    package var soonest: Instant? { asked.last }

    /// Planning begins: what waits is noted anew.
    package mutating func begin() {
        next = nil
    }

    /// Something may go on at an instant.
    package mutating func note(_ instant: Instant?) {
        guard let instant else { return }
        next = next.map { min($0, instant) } ?? instant
    }

    /// Something may go on at a time of the wall clock.
    package mutating func note(_ time: Timestamp?, now: Now) {
        guard let time else { return }
        let wait = min(Self.longestSleep, max(.zero, now.timestamp.duration(to: time)))
        note(now.instant.advanced(by: wait))
    }

    /// The wake-up to ask for; nil if none is needed, or a sooner one is on its way.
    package mutating func ask() -> Instant? {
        guard let next else { return nil }
        if let soonest = asked.last, soonest <= next { return nil }
        asked.append(next)
        return next
    }

    /// One has come.
    ///
    /// Each reports once: so the list is as long as what sleeps, also when one is early.
    package mutating func woke() {
        _ = asked.popLast()
    }
}
