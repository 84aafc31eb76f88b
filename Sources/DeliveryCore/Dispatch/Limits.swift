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

    /// `burst` is, where nil, what goes with the messages a minute: `standardBurst`.
    package init(
        messagesPerMinute: Int = 12_000,
        callsPerSecond: Int = 200,
        burst: Int? = nil,
        batchAccounts: Int = 500,
        packetBytes: Int = 12_000,
        inFlightLimit: Int = 64,
        callTimeout: Duration = .seconds(10),
        retry: RetryPolicy = RetryPolicy(),
        upkeep: Upkeep = Upkeep()
    ) {
        self.messagesPerMinute = messagesPerMinute
        self.callsPerSecond = callsPerSecond
        self.burst = burst ?? Self.standardBurst(messagesPerMinute: messagesPerMinute)
        self.batchAccounts = batchAccounts
        self.packetBytes = packetBytes
        self.inFlightLimit = inFlightLimit
        self.callTimeout = callTimeout
        self.retry = retry
        self.upkeep = upkeep
    }

    /// The burst where none is asked for: an eighth of a minute's messages, from 1 to 1,500.
    ///
    /// After a whole burst the next call waits until the bucket fills again; with more than an eighth
    /// of a small quota in it a notice would wait for longer than it may.
    package static func standardBurst(messagesPerMinute: Int) -> Int {
        min(1_500, max(1, messagesPerMinute / 8))
    }
}

extension Limits {
    /// The accounts that any one call may hold at most.
    var largestBatch: Int { min(batchAccounts, burst, messagesPerMinute) }
}
