/// What an operator asks of a job.
package struct JobTerms: Sendable, Hashable {
    /// A rate of its own, in calls a second; nil for the configured one.
    package var callsPerSecond: Int?
    /// The provider's history reaches back to this time.
    package var historySince: Timestamp

    package init(callsPerSecond: Int? = nil, historySince: Timestamp) {
        self.callsPerSecond = callsPerSecond
        self.historySince = historySince
    }
}
