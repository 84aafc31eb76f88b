/// What the dispatcher must keep to; all of it may change while it runs.
package struct Limits: Sendable, Hashable {
    /// Recipients in any 60 seconds, retries too.
    package var messagesPerMinute: Int
    package var callsPerSecond: Int
    /// The token bucket's capacity, in recipients.
    package var burst: Int
    /// Accounts in one call.
    package var batchAccounts: Int
    /// Bytes of one whole request body.
    package var packetBytes: Int
    /// Calls out at once.
    package var inFlightLimit: Int
    /// Calls a second, and accounts in one, that ask which accounts exist.
    package var checksPerSecond = 50
    package var checkAccounts = 100
    /// How long one call may stay unanswered.
    package var callTimeout: Duration
    package var retry: RetryPolicy
    package var upkeep: Upkeep

    package init(
        messagesPerMinute: Int = 12_000,
        callsPerSecond: Int = 200,
        burst: Int = 1_500,
        batchAccounts: Int = 500,
        packetBytes: Int = 12_000,
        inFlightLimit: Int = 8,
        callTimeout: Duration = .seconds(10),
        retry: RetryPolicy = RetryPolicy(),
        upkeep: Upkeep = Upkeep()
    ) {
        self.messagesPerMinute = messagesPerMinute
        self.callsPerSecond = callsPerSecond
        self.burst = burst
        self.batchAccounts = batchAccounts
        self.packetBytes = packetBytes
        self.inFlightLimit = inFlightLimit
        self.callTimeout = callTimeout
        self.retry = retry
        self.upkeep = upkeep
    }
}

extension Limits {
    /// The part of the window that is kept for notices: a quarter of a percent, but room for one,
    /// and never so much that campaigns miss it.
    var noticeReserve: Int {
        min(max(Dispatcher.noticeLimit, messagesPerMinute / 400), messagesPerMinute / 10)
    }
}

/// When what nobody needs any more is removed.
package struct Upkeep: Sendable, Hashable {
    /// How long campaigns that are over, and drafts that nobody touches, stay; nil for ever.
    package var retention: Duration?
    /// How often, and at the start, is looked for them; nil for only when something was deleted.
    package var interval: Duration?

    package init(retention: Duration? = nil, interval: Duration? = nil) {
        self.retention = retention
        self.interval = interval
    }
}
