/// One message to many recipients, with its settings and state.
package struct Campaign: Sendable, Hashable {
    package let id: ID
    package var name: String
    package var state: State
    /// Why it is halted; nil in every other state.
    package var reason: Reason?
    package var settings: Settings
    package var createdAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var message: CheckedMessage
    package var counts: Counts
    /// How many recipients were addressed again after a call of unknown outcome.
    package var resent: Int
    /// Failed recipients by the provider's code, ascending by code.
    package var failures: [Failure]
    /// The last job of each kind that was asked for, in the order of `Job.Kind`.
    package var jobs: [Job]

    package init(
        id: ID,
        name: String,
        state: State,
        reason: Reason? = nil,
        settings: Settings = Settings(),
        createdAt: Timestamp,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        message: CheckedMessage,
        counts: Counts = Counts(),
        resent: Int = 0,
        failures: [Failure] = [],
        jobs: [Job] = []
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.reason = reason
        self.settings = settings
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.message = message
        self.counts = counts
        self.resent = resent
        self.failures = failures
        self.jobs = jobs
    }

    /// The settings that a client chooses for a campaign.
    package struct Settings: Sendable, Hashable {
        package var priority: Priority
        /// A cap of its own, in recipients in any 60 seconds; nil for none.
        package var messagesPerMinute: Int?
        package var startAt: Timestamp?
        package var expiresAt: Timestamp?
        package var onUnknown: UnknownPolicy
        /// Calls go out only within these hours; nil for at any time.
        package var sendBetween: SendingHours?

        package init(
            priority: Priority = .normal,
            messagesPerMinute: Int? = nil,
            startAt: Timestamp? = nil,
            expiresAt: Timestamp? = nil,
            onUnknown: UnknownPolicy = .resend,
            sendBetween: SendingHours? = nil
        ) {
            self.priority = priority
            self.messagesPerMinute = messagesPerMinute
            self.startAt = startAt
            self.expiresAt = expiresAt
            self.onUnknown = onUnknown
            self.sendBetween = sendBetween
        }
    }

    package struct Failure: Sendable, Hashable {
        package let code: Int
        package let count: Int

        package init(code: Int, count: Int) {
            self.code = code
            self.count = count
        }
    }

    /// Why a campaign or the service is halted.
    package struct Reason: Sendable, Hashable {
        /// The provider's code, nil where the reason is our own.
        package let code: Int?
        package let text: String

        package init(code: Int?, text: String) {
            self.code = code
            self.text = text
        }
    }
}
