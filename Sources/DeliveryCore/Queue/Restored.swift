/// The part of the queue that the dispatcher needs at a start.
package struct Restored: Sendable, Hashable {
    /// Every campaign that is scheduled, running, paused or halted, by order of creation.
    package var campaigns: [CampaignWork]
    /// Batches that wait to be sent: held, or to be repeated.
    package var open: [OpenBatch]
    /// Batches whose call was in flight when the process ended, with their accounts.
    package var inFlight: [Batch]
    /// Recipients that still count against the quota.
    package var holds: [Hold]
    package var service: ServiceRecord
    /// Jobs that were running.
    package var jobs: [RunningJob] = []
    /// Canceled and expired campaigns whose waiting recipients have yet to end.
    package var closing: [Campaign.ID] = []
    /// Campaigns with rows that can't be read; all other rows are unaffected.
    package var damaged: [Damage] = []

    package struct RunningJob: Sendable, Hashable {
        package let campaign: Campaign.ID
        package let job: Job

        package init(campaign: Campaign.ID, job: Job) {
            self.campaign = campaign
            self.job = job
        }
    }

    package struct Damage: Sendable, Hashable {
        package let campaign: Campaign.ID
        /// What can't be read, and the remedy.
        package let text: String

        package init(campaign: Campaign.ID, text: String) {
            self.campaign = campaign
            self.text = text
        }
    }

    package init(
        campaigns: [CampaignWork] = [],
        open: [OpenBatch] = [],
        inFlight: [Batch] = [],
        holds: [Hold] = [],
        service: ServiceRecord = ServiceRecord()
    ) {
        self.campaigns = campaigns
        self.open = open
        self.inFlight = inFlight
        self.holds = holds
        self.service = service
    }
}
