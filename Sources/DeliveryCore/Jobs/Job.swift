/// A walk over a campaign's recipients that sends nothing: it asks the provider about each of them,
/// or takes its message back.
///
/// It spends nothing of the quota. Calls have a rate of their own for each kind, and a walk goes on
/// after a restart from where the last record of it stands.
package struct Job: Sendable, Hashable {
    package let kind: Kind
    package var state: State
    /// Why it is halted; nil in every other state.
    package var reason: Campaign.Reason?
    /// Recipients that were left when it was asked for.
    package var total: Int
    /// Recipients by what became of them since then.
    package var tally: Tally
    /// A rate of its own, in calls a second; nil for the configured one.
    package var callsPerSecond: Int?
    package var startedAt: Timestamp
    package var finishedAt: Timestamp?

    package init(
        kind: Kind,
        state: State = .running,
        reason: Campaign.Reason? = nil,
        total: Int,
        tally: Tally = Tally(),
        callsPerSecond: Int? = nil,
        startedAt: Timestamp,
        finishedAt: Timestamp? = nil
    ) {
        self.kind = kind
        self.state = state
        self.reason = reason
        self.total = total
        self.tally = tally
        self.callsPerSecond = callsPerSecond
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Finds the accounts of a draft that don't exist.
        case check
        /// Looks unknown recipients up in the provider's history.
        case verify
        /// Takes the message back from everyone it was sent to.
        case recall
        /// Looks up the recipients of calls of unknown outcome, as the policy `verify` asks.
        ///
        /// It is the dispatcher's own: nobody asks for it or is shown it, and it lasts as long as such
        /// recipients wait.
        case settle

        /// Those that an operator asks for.
        package static let requested: [Kind] = [.check, .verify, .recall]

        /// What may become of a recipient, in the order in which it is shown and stored.
        package var results: [Result] {
            switch self {
            case .check: [.present, .missing, .unclear]
            case .verify, .settle: [.found, .absent, .unclear]
            case .recall: [.recalled, .missing, .failed]
            }
        }
    }

    package enum State: String, Sendable, Hashable, CaseIterable {
        case running
        /// Nobody is left.
        case completed
        /// By an operator; asked for again, it takes up what is left.
        case stopped
        /// The provider refuses its calls; `reason` says why.
        case halted
    }

    /// What became of one recipient.
    package enum Result: String, Sendable, Hashable, CaseIterable {
        /// The account exists.
        case present
        /// The account doesn't exist, or there is no such message to take back.
        case missing
        /// Nobody can know.
        case unclear
        /// The history has the message.
        case found
        /// The history hasn't got it, as far back as it was called for.
        case absent
        case recalled
        /// The provider won't take it back.
        case failed
    }

    /// How many recipients had each result.
    package struct Tally: Sendable, Hashable {
        private var counts: [Result: Int] = [:]

        package init() {}

        package subscript(result: Result) -> Int {
            get { counts[result] ?? 0 }
            set { counts[result] = newValue == 0 ? nil : newValue }
        }

        /// All of them.
        package var done: Int { counts.values.reduce(0, +) }
    }
}
