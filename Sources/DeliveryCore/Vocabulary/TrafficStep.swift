/// What was sent in one minute, or hour, of the wall clock (contract, section 15).
package struct TrafficStep: Sendable, Hashable {
    /// When the step began.
    package var start: Timestamp
    /// The quota, in recipients a minute: the largest of the step.
    package var limit: Int
    /// Recipients whose calls were claimed, retries too, less those whose call certainly didn't go
    /// out.
    package var addressed: Int
    // Recipients of whom this was recorded in the step.
    package var sent: Int
    package var failed: Int
    package var retrying: Int
    package var unknown: Int

    package init(
        start: Timestamp,
        limit: Int = 0,
        addressed: Int = 0,
        sent: Int = 0,
        failed: Int = 0,
        retrying: Int = 0,
        unknown: Int = 0
    ) {
        self.start = start
        self.limit = limit
        self.addressed = addressed
        self.sent = sent
        self.failed = failed
        self.retrying = retrying
        self.unknown = unknown
    }

    package enum Length: Sendable, Hashable, CaseIterable {
        case minute
        case hour

        package var duration: Duration {
            switch self {
            case .minute: .seconds(60)
            case .hour: .seconds(3_600)
            }
        }
    }
}
