/// One change of the queue; a commit is a list of them in one transaction, carried out in order.
///
/// One that can't be carried out is undone alone, and answered with `WriteResult.failed`.
package enum Write: Sendable, Hashable {
    /// Take up to so many recipients of a campaign for a call that goes out once this is durable.
    ///
    /// Does nothing unless the campaign is `running` and not past its `expires_at`.
    case claim(Claim)
    /// Send an open batch again, held or of unknown outcome; its account list doesn't change.
    ///
    /// Does nothing unless the campaign is `running`, not past its `expires_at`, and the batch still
    /// open.
    case reclaim(Reclaim)
    /// A call ended: what becomes of its accounts.
    case record(Record)
    /// Move a campaign from state to state.
    case transition(Campaign.ID, Campaign.Transition)
    /// Change a campaign's settings.
    case patch(Campaign.ID, CampaignPatch)
    /// Put failed and unknown recipients back in the queue: one step of it, from where the step
    /// before ended.
    case retry(Campaign.ID, RetryFilter, after: RetryPosition? = nil)
    /// Remove a campaign; the rows of its recipients go in the steps of later sweeps.
    case delete(Campaign.ID)
    /// Go on ending what waited in a campaign that was canceled or has expired: one step of it.
    case close(Campaign.ID)
    /// Remove some of what nobody needs any more.
    case sweep(Sweep)
    /// Remember what an operator or the provider decided about all sending.
    case service(ServiceRecord)

    package struct Claim: Sendable, Hashable {
        package let campaign: Campaign.ID
        package let source: Source
        /// At most so many accounts.
        package let accountLimit: Int
        /// At most so many bytes of `AccountRules.size` in all, but always one account.
        package let byteLimit: Int
        /// The drawn one of the call's numbers.
        package let random: UInt32
        /// How long a call may stay unanswered, kept for the hold after a crash.
        package let timeout: Duration
        /// Retries due by then count as due, if that is later than now; nil for now.
        package let dueBy: Timestamp?

        package init(
            campaign: Campaign.ID,
            source: Source,
            accountLimit: Int,
            byteLimit: Int,
            random: UInt32,
            timeout: Duration,
            dueBy: Timestamp? = nil
        ) {
            self.campaign = campaign
            self.source = source
            self.accountLimit = accountLimit
            self.byteLimit = byteLimit
            self.random = random
            self.timeout = timeout
            self.dueBy = dueBy
        }

        /// Where a claim's recipients come from.
        package enum Source: Sendable, Hashable {
            /// Those never addressed, in the order of their bytes.
            case fresh
            /// Those whose retry is due, the longest due first.
            case dueRetries
        }
    }

    package struct Reclaim: Sendable, Hashable {
        package let batch: Batch.ID
        /// At most so many bytes of `AccountRules.size` in all, but always one account.
        ///
        /// A batch that is larger, since the limit was lowered, is halved instead and `recorded`.
        package let byteLimit: Int
        package let timeout: Duration

        package init(batch: Batch.ID, byteLimit: Int, timeout: Duration) {
            self.batch = batch
            self.byteLimit = byteLimit
            self.timeout = timeout
        }
    }

    package struct Sweep: Sendable, Hashable {
        /// Campaigns over since before then, and drafts untouched since, are removed; nil keeps all.
        package let untouchedSince: Timestamp?

        package init(untouchedSince: Timestamp?) {
            self.untouchedSince = untouchedSince
        }
    }

    package struct Record: Sendable, Hashable {
        package let batch: Batch.ID
        package let resolution: Resolution
        /// When the quota lets the call's recipients go.
        package let releaseAt: Instant

        package init(batch: Batch.ID, resolution: Resolution, releaseAt: Instant) {
            self.batch = batch
            self.resolution = resolution
            self.releaseAt = releaseAt
        }
    }
}
