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
    /// Calls a second that look recipients up in their histories.
    package var verifiesPerSecond = 100
    /// Calls a second that take messages back.
    package var recallsPerSecond = 100
    /// How long after a call's end the history may not show it yet.
    package var settleTime: Duration = .seconds(60)
    /// How long the provider keeps messages: older ones can't be looked up or taken back.
    package var historyReach: Duration = .seconds(7 * 86_400)
    /// How long one call may stay unanswered.
    package var callTimeout: Duration
    package var retry: RetryPolicy
    package var upkeep: Upkeep
    /// The events of all sending that some hook wants.
    package var serviceEvents: Set<EventKind> = []

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
    /// Calls of one kind of job that may be out at once, beside those of batches.
    package static let jobCallLimit = 64

    /// The accounts that any one call may hold at most.
    var largestBatch: Int { min(batchAccounts, burst, messagesPerMinute) }
}
