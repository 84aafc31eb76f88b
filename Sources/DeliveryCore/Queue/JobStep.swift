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
