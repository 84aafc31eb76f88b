package import DeliveryCore

/// Events that hooks are still to be told, stored in the transaction that made them happen.
///
/// An event waits in its hook's backlog until it is removed. Of a campaign's events only the first
/// one is due, so a hook gets them in their order; those of all sending are a campaign of their own.
package protocol Outbox: Sendable {
    /// Replaces the hooks, and what each wants to be told; holds for events from now on.
    func subscribe(_ subscriptions: [Subscription])

    /// Tells that new events are stored. For one reader.
    var eventsStored: AsyncStream<Void> { get }

    /// The events that are due, those due longest first.
    func due(
        _ hook: HookKey,
        by time: Timestamp,
        limit: Int
    ) async throws(QueueError) -> DueEvents

    /// Records what became of events, durably; ones that are gone are left alone.
    func record(_ results: [HookResult], now: Now) async throws(QueueError) -> [HookKey: Int]

    /// Removes some of the events that hooks no longer subscribed are to be told; false once none is
    /// left.
    func forgetUnsubscribed(now: Now) async throws(QueueError) -> Bool

    /// How many events wait, by hook, and when the oldest happened; nothing of a hook with none.
    func backlogs() async throws(QueueError) -> [HookKey: HookBacklog]

    /// Events that were dropped since the process began, since their hook had too many.
    var dropped: [HookKey: Int] { get }
}

/// A hook as the outbox knows it: by a digest of its URL, which may hold a secret.
package struct HookKey: Hashable, Comparable, Sendable {
    package let digest: String

    package init(digest: String) {
        self.digest = digest
    }

    package static func < (lhs: HookKey, rhs: HookKey) -> Bool { lhs.digest < rhs.digest }
}

/// What a hook wants to be told.
package struct Subscription: Hashable, Sendable {
    package let hook: HookKey
    package let kinds: Set<EventKind>

    package init(hook: HookKey, kinds: Set<EventKind>) {
        self.hook = hook
        self.kinds = kinds
    }
}

/// An event before it is written as JSON.
package struct HookEvent: Sendable, Hashable {
    package let kind: EventKind
    package let at: Timestamp
    package let subject: Subject

    package enum Subject: Sendable, Hashable {
        /// A campaign as of the event, without its message.
        case campaign(Campaign)
        /// The quota as of the event.
        case service(QuotaStatus)
    }

    package init(kind: EventKind, at: Timestamp, subject: Subject) {
        self.kind = kind
        self.at = at
        self.subject = subject
    }
}

/// An event in a hook's backlog.
package struct StoredEvent: Sendable, Hashable {
    package let id: Int64
    /// Names the event to receivers, the same one at every try.
    package let uuid: String
    package let kind: EventKind
    /// Its campaign, or nothing for all sending: events of one are told in their order.
    package let lane: [UInt8]
    package let at: Timestamp
    /// Tries that failed.
    package let attempts: Int
    /// When the first of those was; nil before one.
    package let failingSince: Timestamp?
    /// The JSON to be sent.
    package let body: [UInt8]

    package init(
        id: Int64,
        uuid: String,
        kind: EventKind,
        lane: [UInt8],
        at: Timestamp,
        attempts: Int = 0,
        failingSince: Timestamp? = nil,
        body: [UInt8]
    ) {
        self.id = id
        self.uuid = uuid
        self.kind = kind
        self.lane = lane
        self.at = at
        self.attempts = attempts
        self.failingSince = failingSince
        self.body = body
    }
}

/// The events of a hook that are due.
package struct DueEvents: Sendable, Hashable {
    package let events: [StoredEvent]
    /// When the next one is due after the time asked about; nil if none waits for one.
    package let nextAt: Timestamp?

    package init(events: [StoredEvent], nextAt: Timestamp? = nil) {
        self.events = events
        self.nextAt = nextAt
    }
}

/// What became of an event at a hook.
package enum HookResult: Sendable, Hashable {
    /// It was told, or is given up: it is gone.
    case removed(HookKey, event: Int64)
    /// A try failed.
    case postponed(HookKey, event: Int64, attempts: Int, failingSince: Timestamp, dueAt: Timestamp)
    /// Events that happened before a time are given up, but for those whose first try was later;
    /// how many is answered.
    case expired(HookKey, before: Timestamp)
}

/// The events that a hook is still to be told.
package struct HookBacklog: Sendable, Hashable {
    package let count: Int
    /// When the oldest happened; nil if there is none.
    package let oldestAt: Timestamp?

    package init(count: Int, oldestAt: Timestamp?) {
        self.count = count
        self.oldestAt = oldestAt
    }
}
