package import DeliveryCore

/// The running service as the endpoint uses it: operators' requests and status.
package protocol Deliveries: Sendable {
    /// The changes of campaigns, from commits, and from intake and creation.
    var changes: ChangeFeed { get }

    /// Tells the dispatcher of a new campaign that starts; called by `Submission` alone.
    func admit(_ work: CampaignWork)

    /// Carries out a change durably; calls in flight end as they would.
    ///
    /// - Returns: the campaign after the change, and how many recipients a retry put back.
    func change(
        _ id: Campaign.ID,
        _ change: CampaignChange
    ) async throws(ChangeError) -> WriteResult.Change

    /// Pauses or resumes all sending, durably. Resuming also ends a halt.
    func setPaused(_ isPaused: Bool) async throws(ChangeError)

    /// The state of the quota and the service.
    func quota() -> QuotaStatus

    /// The dispatcher's figures for a campaign, which it need not know yet.
    ///
    /// The eta allows for the quota, the other campaigns' share and the campaign's own cap.
    func progress(of campaign: Campaign) -> CampaignProgress

    /// Why a campaign moves no faster; `takesIn` says that a stream of recipients into it is open.
    func explain(_ campaign: Campaign, takesIn: Bool) -> Explanation

    /// Why all sending moves no faster.
    func explain() -> Explanation
}

/// A change that an operator may ask of a campaign.
package enum CampaignChange: Sendable, Hashable {
    case transition(Campaign.Transition)
    case patch(CampaignPatch)
    case retry(RetryFilter)
    case delete
    /// Starts a job, or lets one that ended take up what is left; the rate is in calls a second, nil
    /// for the configured one.
    case startJob(Job.Kind, callsPerSecond: Int? = nil)
    case stopJob(Job.Kind)
}

/// Why a change was not carried out.
package enum ChangeError: Error, Sendable, Hashable {
    case refused(ChangeRefusal)
    case queue(QueueError)
    /// The service is stopping and takes no changes.
    case stopping
}

/// The dispatcher's figures for a campaign: pace and expected end.
package struct CampaignProgress: Sendable, Hashable {
    /// Recipients addressed in the last 60 seconds.
    package var messagesLastMinute: Int
    /// When the campaign ends at the present pace; nil unless it is running or scheduled.
    package var eta: Timestamp?
    /// The running jobs.
    package var jobs: [Job.Kind: JobProgress]

    package init(
        messagesLastMinute: Int = 0,
        eta: Timestamp? = nil,
        jobs: [Job.Kind: JobProgress] = [:]
    ) {
        self.messagesLastMinute = messagesLastMinute
        self.eta = eta
        self.jobs = jobs
    }
}

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
