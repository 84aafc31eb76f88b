/// What a start finds in the queue.
package struct Restored: Sendable, Hashable {
    /// Every campaign that is scheduled, running, paused or halted, by order of creation.
    package var campaigns: [CampaignWork]
    /// Batches that were held or to be repeated.
    package var open: [OpenBatch]
    /// Batches whose call was out when the process ended, with their accounts.
    package var interrupted: [Batch]
    /// What counts against the quota still.
    package var holds: [Hold]
    package var service: ServiceRecord
    /// Campaigns that have ended, and not all that waited in them.
    package var closing: [Campaign.ID] = []
    /// Campaigns of which something can't be read; the others' rows are as good as ever.
    package var damaged: [Damage] = []

    package struct Damage: Sendable, Hashable {
        package let campaign: Campaign.ID
        /// What it is, and what to do.
        package let text: String

        package init(campaign: Campaign.ID, text: String) {
            self.campaign = campaign
            self.text = text
        }
    }

    package init(
        campaigns: [CampaignWork] = [],
        open: [OpenBatch] = [],
        interrupted: [Batch] = [],
        holds: [Hold] = [],
        service: ServiceRecord = ServiceRecord()
    ) {
        self.campaigns = campaigns
        self.open = open
        self.interrupted = interrupted
        self.holds = holds
        self.service = service
    }
}
