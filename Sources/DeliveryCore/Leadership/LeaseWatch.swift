/// A standby's view of the leader's lease: for how long its mark has stood still.
///
/// Only time during which the database answered counts as silence: while it was away the leader
/// could not have moved the mark either. Instants are of a clock that runs on in suspend.
package struct LeaseWatch: Sendable, Hashable {
    private let patience: Duration
    private var mark: LeaseMark?
    private var silence: Duration = .zero
    /// When the last look ended that was answered; nil after one that wasn't.
    private var lastAnswer: Instant?

    /// The most that the time between two answers counts: a node that was stopped in between can't
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
        defer { lastAnswer = answered }
        guard found == mark else {
            mark = found
            silence = .zero
            return .wait
        }
        if let lastAnswer {
            // Up to the question alone: the row may have been read at once, and the answer been late.
            silence += min(max(lastAnswer.duration(to: asked), .zero), Self.longestGap)
        }
        return silence >= patience ? .takeOver(found) : .wait
    }

    /// Takes note of a look without an answer.
    package mutating func sawNothing() {
        lastAnswer = nil
    }
}
