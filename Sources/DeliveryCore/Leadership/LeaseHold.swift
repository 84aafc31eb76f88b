/// A leader's own view of its lease: until when nobody else can have taken it over.
///
/// A standby waits for `patience` after it has seen a commit, which is later than the commit's
/// start. Instants are of a clock that runs on in suspend.
package struct LeaseHold: Sendable, Hashable {
    private let patience: Duration
    /// When the last acknowledged commit was begun.
    package private(set) var provenAt: Instant

    /// How long before the end of the patience no call begins any more: what may pass between the
    /// question and the call's first byte, and what the nodes' clocks may differ by.
    package static let margin: Duration = .seconds(3)
    /// An idle leader commits at least this often.
    private static let longestBeat: Duration = .seconds(3)

    package init(patience: Duration, provenAt: Instant) {
        self.patience = patience
        self.provenAt = provenAt
    }

    /// Takes note of an acknowledged commit by when it was begun.
    ///
    /// One that was in doubt counts from its own start too: asking whether it was made moves no
    /// mark.
    package mutating func committed(begunAt instant: Instant) {
        provenAt = max(provenAt, instant)
    }

    /// Whether a call may begin: no other node can have claimed its recipients anew.
    package func allowsCall(at now: Instant) -> Bool {
        let age = provenAt.duration(to: now)
        return age >= .zero && age < patience - Self.margin
    }

    /// How long an idle leader waits from one commit to the next: so short that a slow one ends
    /// before calls are held up.
    package var beatInterval: Duration { min(Self.longestBeat, (patience - Self.margin) / 3) }

    /// When an idle leader commits next, so that the standbys see it live.
    package var beatDue: Instant { provenAt.advanced(by: beatInterval) }
}
