/// One step of a job: what came of recipients, how far the walk has come, and who is next.
///
/// Its results are recorded in one transaction with its cursor, so nobody is asked about twice whose
/// result is durable. A job that was stopped meanwhile still takes results; it hands out no targets.
package struct JobStep: Sendable, Hashable {
    package let campaign: Campaign.ID
    package let kind: Job.Kind
    package var results: [JobResult] = []
    /// The walk's recipients up to this account all have a result, with those of this step; nil if
    /// the walk hasn't moved.
    package var cursor: Account?
    /// The next recipients of the walk; nil for none.
    package var walk: Walk?
    /// Deferred recipients; nil for none.
    package var due: Due?
    /// How the job ends with this step; nil if it goes on.
    package var end: End?

    package init(campaign: Campaign.ID, kind: Job.Kind) {
        self.campaign = campaign
        self.kind = kind
    }

    package struct Walk: Sendable, Hashable {
        /// After this account; nil for after the job's own cursor.
        package let after: Account?
        package let limit: Int

        package init(after: Account?, limit: Int) {
            self.after = after
            self.limit = limit
        }
    }

    package struct Due: Sendable, Hashable {
        package let by: Timestamp
        package let limit: Int

        package init(by: Timestamp, limit: Int) {
            self.by = by
            self.limit = limit
        }
    }

    package enum End: Sendable, Hashable {
        case completed
        /// The provider refuses the job's calls.
        case halted(Campaign.Reason)
    }
}

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
