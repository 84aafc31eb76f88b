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
        /// At most so many bytes of `Account.encodedSize` in all, but always one account.
        package let byteLimit: Int
        package let messageRandom: UInt32
        /// How long a call may stay unanswered, kept for the hold after a crash.
        package let timeout: Duration
        /// Retries due by then count as due, if that is later than now; nil for now.
        package let dueBy: Timestamp?

        package init(
            campaign: Campaign.ID,
            source: Source,
            accountLimit: Int,
            byteLimit: Int,
            messageRandom: UInt32,
            timeout: Duration,
            dueBy: Timestamp? = nil
        ) {
            self.campaign = campaign
            self.source = source
            self.accountLimit = accountLimit
            self.byteLimit = byteLimit
            self.messageRandom = messageRandom
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
        /// At most so many bytes of `Account.encodedSize` in all, but always one account.
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

/// What becomes of a batch when its call has ended.
///
/// If its campaign is canceled or has expired by then, nothing stays open: `held`, `split`
/// and `divided` accounts take the campaign's status, or `unknown` if an earlier call may have been accepted, and
/// `repeated` ones end as `unknown`.
package enum Resolution: Sendable, Hashable {
    /// Every account has its verdict: the listed ones theirs, all others are sent. Closes the batch
    /// and spends an attempt.
    case settled(messageKey: String?, verdicts: [AccountVerdict])
    /// Nobody will know: every account ends `unknown`. Closes the batch and spends an attempt if
    /// the last call did.
    case unknown(info: String, code: Int?, spendsAttempt: Bool)
    /// Certainly not accepted by this call: stays open with its accounts `queued`, or, if an earlier
    /// call may have been accepted, `retrying`. Spends no attempt.
    case held(dueAt: Timestamp)
    /// Maybe accepted: stays open to be sent again unchanged, with its accounts `retrying`.
    case repeated(dueAt: Timestamp, info: String, code: Int?, spendsAttempt: Bool)
    /// Becomes two held batches, or repeats, with new numbers, each of half the accounts. Spends no
    /// attempt.
    ///
    /// - Parameter doubted: the halves are marked `isHalf`; otherwise their size is remembered as
    ///   the campaign's account limit.
    case split(doubted: Bool)
    /// Becomes two held batches, or repeats, with new numbers, and nothing was learnt about sizes.
    /// Spends no attempt.
    case divided

    /// What one account of an answer comes to.
    package struct AccountVerdict: Sendable, Hashable {
        package let account: Account
        package let verdict: Verdict
        package let code: Int

        package init(account: Account, verdict: Verdict, code: Int) {
            self.account = account
            self.verdict = verdict
            self.code = code
        }
    }
}

/// What an account that was not accepted comes to.
package enum Verdict: Sendable, Hashable {
    case failed
    /// Not before this time, attempts permitting. If the campaign was canceled or has expired
    /// meanwhile, the recipient takes that status instead.
    case retry(dueAt: Timestamp)
    /// Again from this time on, since others of its call were at fault: spends no attempt.
    case requeued(dueAt: Timestamp)
    /// An earlier call of the same batch may have been accepted, and no later one settles it.
    case unknown
}

/// The settings a `PATCH` changes; nil leaves one as it is.
package struct CampaignPatch: Sendable, Hashable {
    package var name: String?
    package var priority: Priority?
    package var messagesPerMinute: Int??
    package var expiresAt: Timestamp??
    package var startAt: Timestamp??

    package init() {}
}

/// Which final recipients go back into the queue.
package struct RetryFilter: Sendable, Hashable {
    package var failed: Bool
    package var unknown: Bool
    /// Only those with one of these codes; empty means all.
    package var codes: [Int]

    package init(failed: Bool = true, unknown: Bool = true, codes: [Int] = []) {
        self.failed = failed
        self.unknown = unknown
        self.codes = codes
    }
}

/// Where one step of a retry ended, for the next one to go on.
package struct RetryPosition: Sendable, Hashable {
    /// The last account that was looked at, in the order of bytes.
    package let account: Account
    /// How often the campaign had been canceled or expired: if it is again, the retry is over.
    package let pass: Int
    /// Recipients put back so far.
    package let requeued: Int

    package init(account: Account, pass: Int, requeued: Int) {
        self.account = account
        self.pass = pass
        self.requeued = requeued
    }
}

/// What survives a restart about all sending.
package struct ServiceRecord: Sendable, Hashable {
    /// An operator stopped all sending.
    package var isPaused = false
    /// The provider refused the credentials or the app.
    package var halt: Halt?

    package init() {}

    package struct Halt: Sendable, Hashable {
        package var reason: Campaign.Reason
        /// A salted fingerprint of the credentials and app settings that were refused.
        package var fingerprint: String

        package init(reason: Campaign.Reason, fingerprint: String) {
            self.reason = reason
            self.fingerprint = fingerprint
        }
    }
}
