/// Why a campaign, or all sending, moves no faster than it does (contract, section 13).
package struct Explanation: Sendable, Hashable {
    /// Whether a call is out, or one was within the last two seconds.
    package var isMoving: Bool
    /// When a call went out last; nil if none has since the start.
    package var lastCallAt: Timestamp?
    /// All that holds, the cause that lasts longest first.
    package var causes: [Cause]

    package init(isMoving: Bool, lastCallAt: Timestamp?, causes: [Cause]) {
        self.isMoving = isMoving
        self.lastCallAt = lastCallAt
        self.causes = causes
    }

    /// One thing that keeps calls from going out, or bounds their pace.
    package struct Cause: Sendable, Hashable {
        package var kind: Kind
        /// What holds, in words for people, with the figures that make it true.
        package var text: String
        /// When it no longer holds; nil if nobody can know.
        package var until: Timestamp?
        /// What an operator can do about it, in words; nil if nothing needs to be done.
        package var remedy: String?

        package init(
            _ kind: Kind,
            _ text: String,
            until: Timestamp? = nil,
            remedy: String? = nil
        ) {
            self.kind = kind
            self.text = text
            self.until = until
            self.remedy = remedy
        }
    }

    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case draft
        /// A stream of recipients into the draft is open.
        case intakeOpen = "intake_open"
        case scheduled
        case paused
        case halted
        /// The campaign has ended.
        case over
        /// It isn't within the campaign's sending hours.
        case outsideHours = "outside_hours"
        case allPaused = "all_paused"
        case serviceHalted = "service_halted"
        case storeFailed = "store_failed"
        case unreachable
        case throttled
        case stopping
        /// Another node sends.
        case standby
        /// The window is held for calls that were out when the process ended last.
        case restartHold = "restart_hold"
        case windowFull = "window_full"
        /// The bucket, or the calls a second.
        case pace
        /// The campaign's own `messages_per_minute`.
        case ownCap = "own_cap"
        /// It is another campaign's turn.
        case share
        /// As many calls are out as may be.
        case callsOut = "calls_out"
        /// All that is left waits for a retry that isn't due.
        case backoff
        case verifying
        case checking
        case recalling
        /// Calls are out, and nothing else is in the way.
        case awaitingAnswers = "awaiting_answers"
        case none
    }
}
