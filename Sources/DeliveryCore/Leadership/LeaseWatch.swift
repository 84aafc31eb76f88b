/// A standby's view of the leader's lease: for how long its mark has stood still.
///
/// Only looks that were answered one after another count: while the database was away the leader
/// could not have moved the mark, and the database may have gone back to one that was seen before.
/// Instants are of a clock that runs on in suspend.
package struct LeaseWatch: Sendable, Hashable {
    private let patience: Duration
    private var mark: LeaseMark?
    private var silence: Duration = .zero
    /// Until when the mark is known to have stood still.
    private var stillUntil: Instant?

    /// The most that the time between two looks counts: a node that was stopped in between can't
    /// know whether the database was there.
    private static let longestGap: Duration = .seconds(2)

    package init(patience: Duration) {
        self.patience = patience
    }

    /// What a standby does after a look at the row.
    package enum Decision: Sendable, Hashable {
        case wait
        /// Takes the lease over, if the row still has this mark.
        case takeOver(LeaseMark)
    }

    /// Takes the answer to a look that was asked and answered at these instants.
    package mutating func saw(
        _ found: LeaseMark,
        asked: Instant,
        answered: Instant
    ) -> Decision {
        guard found == mark, let stillUntil else {
            mark = found
            silence = .zero
            // The mark may have moved just before the answer.
            stillUntil = answered
            return .wait
        }
        // Up to the question alone: the row may have been read at once, and the answer been late.
        silence += min(max(stillUntil.duration(to: asked), .zero), Self.longestGap)
        self.stillUntil = max(stillUntil, asked)
        return silence >= patience ? .takeOver(found) : .wait
    }

    /// Takes note of a look without an answer, or of a connection that was made anew.
    package mutating func sawNothing() {
        mark = nil
        silence = .zero
        stillUntil = nil
    }
}
