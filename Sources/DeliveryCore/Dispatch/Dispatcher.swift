/// Decides what is sent when, and what becomes of it.
///
/// The dispatcher holds no clock, no store and no socket. It is told what happened and answers with
/// what to do; the shell does it, in order, and reports back. Production and the simulation drive
/// the same type, so whatever the simulation proves holds for production.
///
/// One commit is out at a time. What comes in meanwhile waits and shares the next one: that makes a
/// disk's few hundred flushes a second carry any number of calls.
package struct Dispatcher: Sendable {
    /// What the shell tells the dispatcher.
    package enum Event: Sendable, Hashable {
        /// The queue was read at the start; nothing is sent before this.
        case restored(Restored)
        /// A campaign was created and started.
        case admitted(CampaignWork)
        /// An operator asks for a change of a campaign.
        case requested(Request, Write)
        /// An operator stops all sending, or goes on with it.
        case pauseRequested(Request, isPaused: Bool)
        /// Somebody wants to know whether events are taken at all.
        case asked(Request)
        /// The commit that was asked for is durable.
        case committed([WriteResult])
        /// Nothing of the commit was done.
        case commitFailed(CommitFault)
        /// Something else than a commit couldn't be written: a stream, a new campaign.
        case storeFailed(CommitFault)
        /// A call ended.
        case answered(Batch.ID, Outcome)
        /// The question which accounts exist came back.
        case checked(CheckOutcome)
        case credentialsRenewed
        /// The configuration changed: other limits, and credentials with this fingerprint.
        case reconfigured(Limits, fingerprint: String)
        /// The wake-up asked for has come.
        case woke
        /// Finish the calls in flight and stop.
        case drain
    }

    /// What the dispatcher asks of the shell, in order.
    package enum Effect: Sendable, Hashable {
        /// Carry these out in one transaction and report `committed` or `commitFailed`.
        case commit([Write])
        /// Make this call and report `answered`.
        case call(Batch)
        /// Ask which of these accounts exist and report `checked`; with none, merely whether the
        /// provider answers. One question is out at a time.
        case check([Account])
        case reply(Request, Reply)
        case renewCredentials
        /// Report `woke` at this instant, or earlier.
        case wake(at: Instant)
        /// Something an operator may want to know.
        case report(Report)
        /// Drained: nothing is out and everything is recorded.
        case stopped
    }

    /// Names an operator's question, so that the shell finds who waits for the reply.
    package struct Request: Sendable, Hashable {
        package let id: Int

        package init(id: Int) {
            self.id = id
        }
    }

    package enum Reply: Sendable, Hashable {
        case changed(WriteResult.Change)
        case refused(ChangeRefusal)
        case done
        case failed(CommitFault)
        case stopping
    }

    package enum Report: Sendable, Hashable {
        case campaign(Campaign.ID, Campaign.State, Campaign.Reason?)
        /// A call that didn't end with everyone accepted or refused one by one.
        case call(Batch.ID, Campaign.ID, count: Int, Outcome)
        case service(ServiceState, Campaign.Reason?)
        /// A call is repeated after an unknown outcome.
        case resent(Campaign.ID, count: Int)
        /// A campaign was kept as long as it should be, and is gone.
        case retired(Campaign.ID)
    }

    package internal(set) var limits: Limits
    /// The fingerprint of the present credentials and app settings.
    var fingerprint: String
    /// Since when; nil if it was so from the start.
    var credentialsSince: Instant?
    var random: SplitMix64

    var bucket: TokenBucket
    var bucketRate: Int
    var callBucket: TokenBucket
    var ledger: WindowLedger
    var pace = Pace()
    var health = ProviderHealth()
    var checks: AccountChecks
    /// No trial is looked for before this, since there was none.
    var noTrialBefore = Instant(nanoseconds: 0)
    /// What the last call without a useful answer got.
    var trouble: Campaign.Reason?
    /// The last answer that said to slow down.
    var throttle: Campaign.Reason?
    var shares = FairShares()
    /// Recipients of notices that may pass the campaign whose turn it is.
    var notices: TokenBucket

    var lines = Roster()
    /// What counted against a campaign's cap at the start, for campaigns that are reopened later.
    var restoredHolds: [Campaign.ID: [Hold]] = [:]
    /// Campaigns that ended, whose last minute still counts, by when.
    var ended = SortedIndex<Place<Instant>>()
    var inFlight: [Batch.ID: Flight] = [:]

    var pending: [Pending] = []
    var outstanding: [Pending]?
    var service = ServiceRecord()
    var durableService = ServiceRecord()
    /// The service's record as the commit that is out would make it.
    var committing = ServiceRecord()
    var storeFault: (fault: CommitFault, retryAt: Instant)?
    /// When the next step of a sweep is due; nil if none is, or while one is out.
    var sweepAt: Instant?
    /// The next steps of retries that have begun, the longest waiting first.
    var retrySteps: [RetryStep] = []
    /// Campaigns that have ended, and what waited in them is ended in steps, the next one first.
    var closings: [Campaign.ID] = []
    /// Before this no step of a retry is made, and none of closing a campaign.
    var retryStepAt = Instant(nanoseconds: 0)
    var renewal = Renewal.none
    /// Credentials that nothing was sent with yet, or not since they were refused, are tried by one
    /// call at a time: each bad signature counts towards a lock-out.
    var trialSince: Instant?
    var isRestored = false
    var isDraining = false
    var isStopped = false
    /// Wakes asked for that haven't come, the soonest last: each was sooner than all before it.
    var wakes: [Instant] = []
    /// The soonest instant at which waiting work may go on, gathered while planning.
    var nextAt: Instant?
    var reportedState = ServiceState.running

    package init(limits: Limits, fingerprint: String, seed: UInt64, now: Now) {
        self.limits = limits
        self.fingerprint = fingerprint
        random = SplitMix64(seed: seed)
        bucketRate = limits.messagesPerMinute
        bucket = TokenBucket(
            tokens: limits.messagesPerMinute,
            per: LedgerEntry.window,
            capacity: limits.burst,
            now: now.instant
        )
        callBucket = Self.callBucket(limits, now: now.instant)
        notices = Self.noticeBucket(limits, now: now.instant)
        checks = AccountChecks(limits, now: now.instant)
        ledger = WindowLedger(limit: limits.messagesPerMinute)
    }

    /// The one door: takes an event and answers with what to do.
    package mutating func handle(_ event: Event, now: Now) -> [Effect] {
        var effects: [Effect] = []
        advance(to: now)
        take(event, now: now, into: &effects)
        plan(now, into: &effects)
        check()
        return effects
    }

    private mutating func take(_ event: Event, now: Now, into effects: inout [Effect]) {
        switch event {
        case .restored(let restored): restore(restored, now: now, into: &effects)
        case .admitted(let work): update(work, now: now)
        case .requested(let request, let write):
            guard !isDraining else { return effects.append(.reply(request, .stopping)) }
            pending.append(.change(request, write))
        case .asked(let request): effects.append(.reply(request, .done))
        case .pauseRequested(let request, let isPaused):
            guard !isDraining else { return effects.append(.reply(request, .stopping)) }
            service.isPaused = isPaused
            if !isPaused {
                if service.halt != nil { trialSince = now.instant }
                service.halt = nil
                renewal = renewal == .running ? .running : .none
                // Whoever says so knows more than the wait that the provider asked for.
                pace.resume(now: now.instant)
            }
            pending.append(.service(request))
        case .committed(let results): committed(results, now: now, into: &effects)
        case .commitFailed(let fault): commitFailed(fault, now: now, into: &effects)
        case .storeFailed(let fault):
            // It is tried again by a commit of the dispatcher's own, which says how it stands.
            if storeFault == nil { failStore(fault, now: now) }
        case .answered(let id, let outcome): answered(id, outcome, now: now, into: &effects)
        case .checked(let outcome): checked(outcome, now: now)
        case .credentialsRenewed:
            renewal = .renewed(at: now.instant)
            trialSince = now.instant
        case .reconfigured(let limits, let fingerprint):
            reconfigure(limits, fingerprint: fingerprint, now: now)
        case .woke:
            // Each wake reports once: so the list is as long as what sleeps, also when one is early.
            _ = wakes.popLast()
        case .drain:
            isDraining = true
            endRetries(.stopping, into: &effects)
        }
    }

    /// Invariants that hold between any two events.
    private func check() {
        precondition(ledger.held >= 0, "the ledger holds less than nothing")
    }

    /// How many recipients of notices may pass the campaign whose turn it is: a few notices at once,
    /// and then no more than a quarter of the rate.
    static func noticeBucket(_ limits: Limits, now: Instant) -> TokenBucket {
        let reserve = max(1, limits.noticeReserve)
        let quarter = Duration.seconds(240) * reserve / limits.messagesPerMinute
        return TokenBucket(
            tokens: reserve,
            per: max(noticeRefill, quarter),
            capacity: 3 * reserve,
            now: now
        )
    }

    /// Calls that may go at once.
    ///
    /// With the rate they add up to the limit, so that no second holds more calls than that.
    static func callBurst(_ limits: Limits) -> Int { max(1, limits.callsPerSecond / 20) }

    static func callRate(_ limits: Limits) -> Int {
        max(1, limits.callsPerSecond - callBurst(limits))
    }

    static func callBucket(_ limits: Limits, now: Instant) -> TokenBucket {
        TokenBucket(
            tokens: callRate(limits),
            per: .seconds(1),
            capacity: callBurst(limits),
            now: now
        )
    }
}

/// Why a commit failed; nothing of it was done.
package enum CommitFault: Error, Sendable, Hashable {
    case full(String)
    case failed(String)

    package var text: String {
        switch self {
        case .full(let text), .failed(let text): text
        }
    }
}

extension Dispatcher {
    /// What the dispatcher keeps of a campaign.
    struct Line: Sendable {
        var work: CampaignWork
        /// Batches that are claimed and wait to be sent, the longest waiting first.
        var open: [OpenBatch] = []
        /// The campaign's own cap, by the same rule as the quota.
        var ledger: WindowLedger
        var recent = RecentCount()
        /// Calls in a row that ended with the same code that no table lists.
        var unlisted: (code: Int, count: Int)?
        /// Its message was refused and the halt isn't durable yet: nothing more of it goes out.
        var isHalting = false
        /// Why the store can't carry out what is to be written about it; nil if it can.
        ///
        /// Nothing of it goes out, nor is anything about it tried again by itself.
        var damage: String?
        /// What is known of its calls and couldn't be recorded: tried again when an operator asks.
        var unrecorded: [Pending] = []

        init(work: CampaignWork) {
            self.work = work
            ledger = WindowLedger(limit: work.settings.messagesPerMinute ?? .max)
        }
    }

    /// A call that is out.
    struct Flight: Sendable {
        let batch: Batch
        let sentAt: Instant
        let isTrial: Bool
        /// Refusals of its batch that an outage excused.
        var refusals = 0

        /// Whether its recipients are addressed for the first time.
        var isFirst: Bool {
            batch.attempts == 0 && !batch.maybeAccepted && batch.earlierAttempts.isEmpty
                && refusals == 0
        }
    }

    /// A write that waits for its commit, and what must happen with its result.
    enum Pending: Sendable {
        case claim(Write.Claim, Reservation)
        case reclaim(Write.Reclaim, OpenBatch, Reservation)
        case record(Write.Record, OpenBatch?)
        case change(Request, Write)
        case transition(Campaign.ID, Campaign.Transition)
        /// Writes the service's record as it is when the commit is made.
        case service(Request?)
        case sweep(Write.Sweep)
        /// A step of ending what waited in a campaign.
        case close(Campaign.ID)

        func write(_ service: ServiceRecord) -> Write {
            switch self {
            case .claim(let claim, _): .claim(claim)
            case .reclaim(let reclaim, _, _): .reclaim(reclaim)
            case .record(let record, _): .record(record)
            case .change(_, let write): write
            case .transition(let id, let transition): .transition(id, transition)
            case .service: .service(service)
            case .sweep(let sweep): .sweep(sweep)
            case .close(let id): .close(id)
            }
        }
    }

    /// What a claim took from the buckets and the ledgers before its size was known.
    struct Reservation: Sendable, Hashable {
        let candidate: FairShares.Candidate
        let count: Int
        let isTrial: Bool
    }

    enum Renewal: Sendable, Hashable {
        case none
        case running
        case renewed(at: Instant)
    }
}
