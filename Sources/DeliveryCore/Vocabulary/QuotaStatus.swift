/// The state of the quota and the service, as operators see it.
package struct QuotaStatus: Sendable, Hashable {
    package var messagesPerMinute: Int
    /// Recipients that count against the quota now.
    package var windowUsed: Int
    /// When the next full batch fits.
    package var nextCallAt: Timestamp
    package var callsPerSecond: Int
    package var state: ServiceState
    package var reason: Campaign.Reason?
    /// When the service came into this state; nil before the queue has been read.
    package var since: Timestamp?
    /// When it is tried again or goes on by itself; nil if it doesn't, or nobody can know.
    package var until: Timestamp?
    /// What an operator can do about the state, in words; nil if nothing needs to be done.
    package var remedy: String?
    /// The part of the quota that throttling leaves, in sixteenths.
    package var pace: Int
    package var window: QuotaWindow
    package var inFlight: Int
    /// Campaigns that have recipients to send to and wait for their sending hours.
    package var closedCampaigns: Int
    /// Why the last reload of the configuration was refused; nil if it was accepted.
    package var configError: String?

    package init(
        messagesPerMinute: Int,
        windowUsed: Int,
        nextCallAt: Timestamp,
        callsPerSecond: Int,
        state: ServiceState,
        reason: Campaign.Reason? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil,
        remedy: String? = nil,
        pace: Int = 16,
        window: QuotaWindow,
        inFlight: Int = 0,
        closedCampaigns: Int = 0,
        configError: String? = nil
    ) {
        self.messagesPerMinute = messagesPerMinute
        self.windowUsed = windowUsed
        self.nextCallAt = nextCallAt
        self.callsPerSecond = callsPerSecond
        self.state = state
        self.reason = reason
        self.since = since
        self.until = until
        self.remedy = remedy
        self.pace = pace
        self.window = window
        self.inFlight = inFlight
        self.closedCampaigns = closedCampaigns
        self.configError = configError
    }
}
