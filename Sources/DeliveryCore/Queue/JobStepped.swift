/// What a step of a job came to.
package struct JobStepped: Sendable, Hashable {
    package let campaign: Campaign.ID
    package let kind: Job.Kind
    /// The job after the step; nil if it is gone with its campaign, and for `settle`.
    package var job: Job?
    /// Whether the job goes on.
    package var isRunning: Bool
    /// The campaign's message, for the calls of a look-up or a recall; nil where none is needed.
    package var message: CheckedMessage?
    /// The walk's next recipients, in the order of their bytes.
    package var walked: [JobTarget] = []
    /// Where the walk goes on; nil at its end, or if none was asked for.
    ///
    /// A step may find fewer recipients than it was asked for, or none, and not be the last.
    package var next: Account?
    /// Deferred recipients that are due, the longest due first.
    package var due: [JobTarget] = []
    /// When the first deferred recipient is due that isn't in `due`; nil if there is none.
    package var nextDueAt: Timestamp?
    /// The campaign as of then; nil if it is gone.
    package var work: CampaignWork?
    /// How many recipients this step settled with each result.
    package var tally = Job.Tally()

    package init(campaign: Campaign.ID, kind: Job.Kind, isRunning: Bool) {
        self.campaign = campaign
        self.kind = kind
        self.isRunning = isRunning
    }
}
