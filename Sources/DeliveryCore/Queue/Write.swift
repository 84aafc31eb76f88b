/// One change of the queue; a commit is a list of them in one transaction, carried out in order.
///
/// A write that can't be carried out is undone alone and answered with `WriteResult.failed`.
package enum Write: Sendable, Hashable {
    /// Claim up to so many recipients of a campaign for a call that goes out once this is durable.
    ///
    /// Whoever is on the suppression list isn't among them and ends; others take their places as far
    /// as one transaction may look. Does nothing unless the campaign is `running` and not past its
    /// `expires_at`.
    case claim(Claim)
    /// Claim an open batch, held or of unknown outcome, for another call with the same accounts.
    ///
    /// Whoever is on the suppression list leaves it and ends; if nobody is left, it is closed. Does
    /// nothing unless the campaign is `running`, not past its `expires_at`, and the batch still open.
    case reclaim(Reclaim)
    /// Record how a batch's call ended.
    case record(Record)
    /// Move a campaign from state to state.
    case transition(Campaign.ID, Campaign.Transition)
    /// Change a campaign's settings.
    case patch(Campaign.ID, CampaignPatch)
    /// Put failed, unknown and suppressed recipients back in the queue: one step, from where the step
    /// before ended.
    case retry(Campaign.ID, RetryFilter, after: RetryPosition? = nil)
    /// Remove a campaign's own row; later sweeps remove those of its recipients.
    case delete(Campaign.ID)
    /// End recipients that still wait in a canceled or expired campaign: one step.
    case close(Campaign.ID)
    /// Remove campaigns past their retention, rows of removed campaigns, old keys and old minutes:
    /// one step.
    case sweep(Sweep)
    /// Start a job, or let one that ended take up what is left.
    case startJob(Campaign.ID, Job.Kind, JobTerms)
    /// Stop a job that is running; what it found stays.
    case stopJob(Campaign.ID, Job.Kind)
    /// Record what a job found, and hand out its next recipients.
    case stepJob(JobStep)
    /// Store whether sending is paused, and a halt by the provider.
    case service(ServiceRecord)
    /// Put an event of all sending into the outbox of the hooks that want it.
    case event(ServiceEvent)

    package struct Claim: Sendable, Hashable {
        package let campaign: Campaign.ID
        package let source: Source
        /// At most so many accounts.
        package let accountLimit: Int
        /// At most so many bytes of `AccountRules.size` in all, but always one account.
        package let byteLimit: Int
        /// The random one of the call's numbers.
        package let random: UInt32
        /// How long a call may stay unanswered, kept for the hold after a crash.
        package let timeout: Duration
        /// Retries due by then are claimed as well; nil for those due now.
        package let dueBy: Timestamp?
        /// The quota in force, in recipients a minute, which is shown with what was sent.
        package let quota: Int

        package init(
            campaign: Campaign.ID,
            source: Source,
            accountLimit: Int,
            byteLimit: Int,
            random: UInt32,
            timeout: Duration,
            dueBy: Timestamp? = nil,
            quota: Int
        ) {
            self.campaign = campaign
            self.source = source
            self.accountLimit = accountLimit
            self.byteLimit = byteLimit
            self.random = random
            self.timeout = timeout
            self.dueBy = dueBy
            self.quota = quota
        }

        /// Which of a campaign's recipients a claim takes.
        package enum Source: Sendable, Hashable {
            /// Recipients never addressed, in the order of their bytes.
            case fresh
            /// Recipients whose retry is due, the longest due first.
            case dueRetries
        }
    }

    package struct Reclaim: Sendable, Hashable {
        package let batch: Batch.ID
        /// At most so many bytes of `AccountRules.size` in all; a batch that is larger, since the
        /// limit was lowered, is halved instead and answered with `recorded`.
        package let byteLimit: Int
        package let timeout: Duration
        /// As in a claim.
        package let quota: Int

        package init(batch: Batch.ID, byteLimit: Int, timeout: Duration, quota: Int) {
            self.batch = batch
            self.byteLimit = byteLimit
            self.timeout = timeout
            self.quota = quota
        }
    }

    package struct Sweep: Sendable, Hashable {
        /// Removes campaigns that ended, and drafts last touched, before this time; nil keeps all.
        package let untouchedSince: Timestamp?

        package init(untouchedSince: Timestamp?) {
            self.untouchedSince = untouchedSince
        }
    }

    package struct Record: Sendable, Hashable {
        package let batch: Batch.ID
        package let resolution: Resolution
        /// When the window releases the call's recipients.
        package let releaseAt: Instant
        /// Whether the call certainly never went out.
        package let isUnsent: Bool

        package init(
            batch: Batch.ID,
            resolution: Resolution,
            releaseAt: Instant,
            isUnsent: Bool = false
        ) {
            self.batch = batch
            self.resolution = resolution
            self.releaseAt = releaseAt
            self.isUnsent = isUnsent
        }
    }
}
