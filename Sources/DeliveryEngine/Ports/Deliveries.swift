package import DeliveryCore

/// The running service as the endpoint uses it: what operators ask of it and see of it.
package protocol Deliveries: Sendable {
    /// Hears of every change of a campaign; whoever takes in recipients or campaigns tells it too.
    var changes: ChangeFeed { get }

    /// Tells the dispatcher of a campaign that was created and started; `Submission` does.
    func admit(_ work: CampaignWork)

    /// Carries a change out durably; it takes hold within the calls in flight.
    ///
    /// - Returns: the campaign as it stands then, and how many recipients a retry put back.
    func change(
        _ id: Campaign.ID,
        _ change: CampaignChange
    ) async throws(ChangeError) -> WriteResult.Change

    /// Stops or goes on with all sending, durably. Going on also ends a halt.
    func setPaused(_ isPaused: Bool) async throws(ChangeError)

    /// Where the quota and the service stand.
    func quota() -> QuotaStatus

    /// What only the dispatcher knows of a campaign, which it need not have heard of yet.
    ///
    /// The eta allows for the quota, the other campaigns' share and the campaign's own cap.
    func progress(of campaign: Campaign) -> CampaignProgress
}

/// What an operator may ask of a campaign.
package enum CampaignChange: Sendable, Hashable {
    case transition(Campaign.Transition)
    case patch(CampaignPatch)
    case retry(RetryFilter)
    case delete
}

/// Why a change was not carried out.
package enum ChangeError: Error, Sendable, Hashable {
    case refused(ChangeRefusal)
    case queue(QueueError)
    /// The service is stopping and takes no changes.
    case stopping
}

/// What only the dispatcher knows of a campaign: its pace and its end.
package struct CampaignProgress: Sendable, Hashable {
    /// Recipients addressed in the last 60 seconds.
    package var messagesLastMinute: Int
    /// When the campaign will have ended at the present pace; nil unless it is running or scheduled.
    package var eta: Timestamp?

    package init(messagesLastMinute: Int = 0, eta: Timestamp? = nil) {
        self.messagesLastMinute = messagesLastMinute
        self.eta = eta
    }
}

/// Where the quota and the service stand, as operators see it.
package struct QuotaStatus: Sendable, Hashable {
    package var messagesPerMinute: Int
    /// Recipients that count against the quota now.
    package var windowUsed: Int
    /// When the next full batch fits.
    package var nextCallAt: Timestamp
    package var callsPerSecond: Int
    package var state: ServiceState
    package var reason: Campaign.Reason?
    package var inFlight: Int
    /// Why the last reload of the configuration was refused; nil if it wasn't.
    package var configError: String?

    package init(
        messagesPerMinute: Int,
        windowUsed: Int,
        nextCallAt: Timestamp,
        callsPerSecond: Int,
        state: ServiceState,
        reason: Campaign.Reason? = nil,
        inFlight: Int = 0,
        configError: String? = nil
    ) {
        self.messagesPerMinute = messagesPerMinute
        self.windowUsed = windowUsed
        self.nextCallAt = nextCallAt
        self.callsPerSecond = callsPerSecond
        self.state = state
        self.reason = reason
        self.inFlight = inFlight
        self.configError = configError
    }
}
