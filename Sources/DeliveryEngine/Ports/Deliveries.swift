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
