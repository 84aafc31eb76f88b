/// One message to many recipients, with its settings and where it stands.
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
    /// Recipients of calls repeated after an unknown outcome.
    package var resent: Int
    /// Failed recipients by the provider's code, ascending by code.
    package var failures: [Failure]

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
        failures: [Failure] = []
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
    }

    /// What whoever submits a campaign decides about it.
    package struct Settings: Sendable, Hashable {
        package var priority: Priority
        /// A cap of its own, in recipients in any 60 seconds; nil for none.
        package var messagesPerMinute: Int?
        package var startAt: Timestamp?
        package var expiresAt: Timestamp?
        package var onUnknown: UnknownPolicy

        package init(
            priority: Priority = .normal,
            messagesPerMinute: Int? = nil,
            startAt: Timestamp? = nil,
            expiresAt: Timestamp? = nil,
            onUnknown: UnknownPolicy = .resend
        ) {
            self.priority = priority
            self.messagesPerMinute = messagesPerMinute
            self.startAt = startAt
            self.expiresAt = expiresAt
            self.onUnknown = onUnknown
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

/// The classes that share the quota 16 : 4 : 1 while all have work.
package enum Priority: String, Sendable, Hashable, CaseIterable {
    case high
    case normal
    case low

    /// The share of the class, as a weight.
    package var weight: Int {
        switch self {
        case .high: 16
        case .normal: 4
        case .low: 1
        }
    }
}

/// What to do when a call's outcome can't be known.
package enum UnknownPolicy: String, Sendable, Hashable, CaseIterable {
    /// Send the very same call again: at least once.
    case resend
    /// Leave its accounts `unknown`: at most once.
    case leave
}

/// A message that passed the provider's checks, ready to be sent.
package struct CheckedMessage: Sendable, Hashable {
    /// The message as one compact JSON object, without recipients, MsgSeq and MsgRandom.
    package let json: [UInt8]
    /// The bytes a request takes before its first account, the longest MsgSeq and MsgRandom included.
    package let packetOverhead: Int

    package init(json: [UInt8], packetOverhead: Int) {
        self.json = json
        self.packetOverhead = packetOverhead
    }
}

/// How many recipients of a campaign stand where; they add up to `total`.
package struct Counts: Sendable, Hashable {
    package var queued = 0
    package var sending = 0
    package var retrying = 0
    package var sent = 0
    package var failed = 0
    package var unknown = 0
    package var canceled = 0
    package var expired = 0

    package init() {}

    package var total: Int {
        queued + sending + retrying + sent + failed + unknown + canceled + expired
    }

    /// Recipients that have no final status yet.
    package var unfinished: Int { queued + sending + retrying }

    /// Whether a recipient is left that has no final status.
    package var hasWork: Bool { unfinished > 0 }
}

extension Counts {
    /// The counter of a status.
    package subscript(status: Recipient.Status) -> Int {
        get {
            switch status {
            case .queued: queued
            case .sending: sending
            case .retrying: retrying
            case .sent: sent
            case .failed: failed
            case .unknown: unknown
            case .canceled: canceled
            case .expired: expired
            }
        }
        set {
            switch status {
            case .queued: queued = newValue
            case .sending: sending = newValue
            case .retrying: retrying = newValue
            case .sent: sent = newValue
            case .failed: failed = newValue
            case .unknown: unknown = newValue
            case .canceled: canceled = newValue
            case .expired: expired = newValue
            }
        }
    }
}
