extension Campaign {
    /// A campaign's state (contract, section 3).
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// Takes recipients.
        case draft
        /// Waits for `start_at`.
        case scheduled
        /// Has work, or waits for retries and answers.
        case running
        /// Stopped by an operator; survives a restart.
        case paused
        /// The provider refuses its message; `reason` says why.
        case halted
        /// Every recipient is final and no call is in flight.
        case completed
        case canceled
        case expired

        /// Whether the state changes no more unless an operator retries.
        package var isFinal: Bool {
            switch self {
            case .completed, .canceled, .expired: true
            case .draft, .scheduled, .running, .paused, .halted: false
            }
        }
    }

    /// A change of state that an operator or the dispatcher asks for.
    package enum Transition: Sendable, Hashable {
        case start
        case pause
        case resume
        case cancel
        /// `start_at` has come.
        case begin
        /// `expires_at` has come.
        case expire
        /// The provider says that this message can't be sent.
        case halt(Reason)
    }
}

extension Campaign.State {
    /// What a transition leads to.
    package enum Step: Sendable, Hashable {
        case to(Campaign.State)
        /// The campaign is in the target state already: nothing changes.
        case stays
        /// The transition isn't allowed from this state.
        case refused
    }

    /// The whole table of transitions.
    ///
    /// A start or a resume leads to `scheduled` when `start_at` lies ahead (`startsLater`).
    package func step(_ transition: Campaign.Transition, startsLater: Bool) -> Step {
        let going: Campaign.State = startsLater ? .scheduled : .running
        return switch (self, transition) {
        case (.draft, .start): .to(going)
        case (.scheduled, .start), (.running, .start): .stays
        case (.paused, .start), (.halted, .start): .refused
        case (.completed, .start), (.canceled, .start), (.expired, .start): .refused

        case (.scheduled, .pause), (.running, .pause): .to(.paused)
        case (.paused, .pause): .stays
        case (.draft, .pause), (.halted, .pause): .refused
        case (.completed, .pause), (.canceled, .pause), (.expired, .pause): .refused

        case (.paused, .resume), (.halted, .resume): .to(going)
        case (.scheduled, .resume), (.running, .resume): .stays
        case (.draft, .resume), (.completed, .resume): .refused
        case (.canceled, .resume), (.expired, .resume): .refused

        case (.draft, .cancel), (.scheduled, .cancel), (.running, .cancel): .to(.canceled)
        case (.paused, .cancel), (.halted, .cancel): .to(.canceled)
        case (.canceled, .cancel): .stays
        case (.completed, .cancel), (.expired, .cancel): .refused

        case (.scheduled, .begin): startsLater ? .stays : .to(.running)
        case (.draft, .begin), (.running, .begin), (.paused, .begin), (.halted, .begin): .stays
        case (.completed, .begin), (.canceled, .begin), (.expired, .begin): .stays

        case (.scheduled, .expire), (.running, .expire): .to(.expired)
        case (.paused, .expire), (.halted, .expire): .to(.expired)
        case (.draft, .expire): .refused
        case (.completed, .expire), (.canceled, .expire), (.expired, .expire): .stays

        case (.running, .halt): .to(.halted)
        // The halt came late: an operator or the clock changed the state first, and that stands.
        case (.scheduled, .halt), (.paused, .halt), (.halted, .halt), (.draft, .halt): .stays
        case (.completed, .halt), (.canceled, .halt), (.expired, .halt): .stays
        }
    }
}
