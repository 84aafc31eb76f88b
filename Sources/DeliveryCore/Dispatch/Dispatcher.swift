/// Decides what is sent when, and what becomes of it.
///
/// The dispatcher holds no clock, no store and no socket. It is told what happened and answers with
/// what to do; the shell does it, in order, and reports back. Production and the simulation drive
/// the same type, so whatever the simulation proves holds for production.
///
/// It is composed of machines that are values of their own and know nothing of each other. What
/// concerns several of them is decided here: above all what may be sent now, in `permission`.
package struct Dispatcher: Sendable {
    package internal(set) var limits: Limits
    var random: SplitMix64
    var lifecycle = Lifecycle.restoring
    /// Whether an operator stopped all sending.
    var isPaused = false
    var commits = CommitQueue()
    var credentials: Credentials
    var health = ProviderHealth()
    /// The quota of the calls that send.
    var admission: Admission
    var campaigns: CampaignIndex
    /// The calls that are out.
    var inFlight: [Batch.ID: Flight] = [:]
    var operations = MassOperations()
    var jobs: Jobs
    var wakeUps = WakeUps()
    /// The state that operators were told last.
    var reported = ReportedState()
    /// What the event that is being handled has led to so far, in order.
    var effects: [Effect] = []

    package init(
        limits: Limits,
        fingerprint: String,
        zones: any TimeZones = UniversalTime(),
        seed: UInt64,
        now: Now
    ) {
        self.limits = limits
        campaigns = CampaignIndex(SendingCalendar(zones))
        random = SplitMix64(seed: seed)
        credentials = Credentials(fingerprint: fingerprint)
        jobs = Jobs(limits, now: now)
        admission = Admission(Quota(limits), now: now.instant)
    }

    /// The one door: takes an event and answers with what to do.
    package mutating func handle(_ event: Event, now: Now) -> [Effect] {
        admission.advance(to: now.instant)
        jobs.read(now, limits)
        campaigns.dropEnded(now: now.instant)
        take(event, now: now)
        plan(now)
        check()
        defer { effects = [] }
        return effects
    }

    private mutating func take(_ event: Event, now: Now) {
        switch event {
        case .restored(let restored): restore(restored, now: now)
        case .admitted(let work): update(work, now: now)
        case .requested(let request, let write):
            guard takesRequests else { return effects.append(.reply(request, .stopping)) }
            commits.add(.change(request, write))
        case .pauseRequested(let request, let isPaused):
            guard takesRequests else { return effects.append(.reply(request, .stopping)) }
            self.isPaused = isPaused
            if !isPaused {
                // An operator who resumes knows more than what the provider said before.
                credentials.resumed(now: now.instant)
                admission.resume(now: now.instant)
            }
            commits.add(.service(request))
        case .asked(let request): effects.append(.reply(request, .done))
        case .committed(let results): committed(results, now: now)
        case .commitFailed(let fault): commitFailed(fault, now: now)
        case .storeFailed(let fault): commits.storeFailed(fault, now: now.instant)
        case .answered(let id, let outcome): answered(id, outcome, now: now)
        case .checked(let outcome): checked(outcome, now: now)
        case .jobAnswered(let id, let answer): jobAnswered(id, answer, now: now)
        case .credentialsRenewed: credentials.renewed(now: now.instant)
        case .reconfigured(let limits, let fingerprint):
            reconfigure(limits, fingerprint: fingerprint, now: now)
        case .woke: wakeUps.woke()
        case .drain:
            if lifecycle == .restoring { effects.append(.stopped) }
            lifecycle = lifecycle.next(after: .drainRequested)
            jobs.drain()
            for request in operations.endRetries() { effects.append(.reply(request, .stopping)) }
        }
    }

    private var takesRequests: Bool {
        switch lifecycle {
        case .restoring, .running: true
        case .draining, .stopped: false
        }
    }

    /// What survives a restart about all sending, as it is now.
    var serviceRecord: ServiceRecord {
        var record = ServiceRecord()
        record.isPaused = isPaused
        record.halt = credentials.halt
        return record
    }

    /// Takes over limits and credentials that were configured anew.
    private mutating func reconfigure(_ new: Limits, fingerprint: String, now: Now) {
        // What is past a shorter retention is removed at once.
        if new.upkeep != limits.upkeep { operations.sweep(at: now.instant) }
        limits = new
        campaigns.forgetPeriods()
        admission.reconfigure(Quota(new), now: now.instant)
        jobs.reconfigure(new, now: now.instant)
        guard fingerprint != credentials.fingerprint else { return }
        health.moved(now: now.instant)
        if credentials.replaced(fingerprint, now: now.instant) { commits.add(.service(nil)) }
    }

    /// Takes in where a campaign stands.
    mutating func update(_ work: CampaignWork, now: Now) {
        campaigns.update(work, now: now.instant)
        jobs.update(work)
        if work.state.isFinal { jobs.accountChecks.drop(work.id) }
    }

    /// What holds between any two events, as far as it costs next to nothing to see.
    private func check() {
        let calls = inFlight.values.reduce(0) { $0 + $1.batch.accounts.count }
        precondition(
            admission.ledger.held >= calls + (commits.out?.reserved ?? 0),
            "the quota holds \(admission.ledger.held), calls that are out or claimed have more"
        )
        precondition(
            health.isTrying ? inFlight.values.contains { $0.isTrial } : true,
            "a trial is waited for and none is out"
        )
        precondition(
            health.isProbing ? jobs.accountChecks.out == .probe : true,
            "a probe is waited for and none is out"
        )
        precondition(
            lifecycle != .stopped || (inFlight.isEmpty && commits.out == nil),
            "the dispatcher has stopped while calls or a commit are out"
        )
    }

    /// Whether the indexes are what a look at everything would make them.
    ///
    /// It costs that look, so only the simulation and tests ask for it, after every event.
    package func isConsistent(_ now: Now) -> Bool {
        campaigns.isConsistent(limits, now: now) && commits.holdsNoClaim
            && campaigns.openBatches.allSatisfy {
                !$0.awaitsCheck || jobs.accountChecks.awaits($0.id)
            }
    }
}
