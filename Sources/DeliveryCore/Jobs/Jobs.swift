/// The calls that address nobody: those of running jobs, and questions of the dispatcher's own which
/// accounts exist.
///
/// Every kind of call has a pace of its own, so that jobs never delay a message's call, nor a check
/// a recall. Jobs of one kind take turns.
struct Jobs: Sendable {
    private var runs: [JobRun.Key: JobRun] = [:]
    /// The runs in the order of their turns.
    private var turns: [JobRun.Key] = []
    private var out: [JobCall.ID: Call] = [:]
    private var callCount = 0
    var accountChecks = AccountChecks()
    /// The pace of questions which accounts exist, be they a job's or not.
    var checkPace: CallPace
    private var lookUps: CallPace
    private var recalls: CallPace
    /// Before this no run that merely waits for deferred recipients is looked at.
    private var wakesAt: Timestamp?
    /// The runs that aren't settling.
    private var activeCount = 0
    private var clock: WallClock

    /// A call that is out, with the recipients it is for.
    struct Call: Sendable {
        let key: JobRun.Key
        let accounts: [Account]
        let sentAt: Instant
    }

    init(_ limits: Limits, now: Now) {
        checkPace = CallPace(perSecond: limits.checksPerSecond, now: now.instant)
        lookUps = CallPace(perSecond: limits.verifiesPerSecond, now: now.instant)
        recalls = CallPace(perSecond: limits.recallsPerSecond, now: now.instant)
        clock = WallClock(settleTime: limits.settleTime, now: now)
    }

    /// Time has passed, and the wall clock with it or otherwise.
    mutating func read(_ now: Now, _ limits: Limits) {
        clock.read(now, settleTime: limits.settleTime)
    }

    mutating func reconfigure(_ limits: Limits, now: Instant) {
        checkPace.reconfigure(perSecond: limits.checksPerSecond, now: now)
        lookUps.reconfigure(perSecond: limits.verifiesPerSecond, now: now)
        recalls.reconfigure(perSecond: limits.recallsPerSecond, now: now)
    }

    var hasCallsOut: Bool { !out.isEmpty }

    /// Whether no call is out and nothing is left to record.
    var isIdle: Bool { out.isEmpty && runs.values.allSatisfy(\.isIdle) }

    // MARK: - Coming and going

    /// A job runs from now on, with a rate of its own if it has one.
    mutating func begin(_ kind: Job.Kind, of campaign: Campaign.ID, perSecond: Int?, now: Instant) {
        var run = JobRun(JobRun.Key(campaign: campaign, kind: kind))
        run.pace = perSecond.map { .calls(perSecond: $0, now: now) }
        put(run)
    }

    /// A job was stopped: calls that are out end and are recorded.
    mutating func stop(_ kind: Job.Kind, of campaign: Campaign.ID) {
        change(JobRun.Key(campaign: campaign, kind: kind)) { $0.stop() }
    }

    /// No call goes out any more: those that are out end and are recorded.
    mutating func drain() {
        for key in turns { runs[key]?.stop() }
    }

    /// Whether a job merely waits until the history can be relied on.
    func isSettling(_ kind: Job.Kind, of campaign: Campaign.ID, now: Instant) -> Bool {
        if waitEnd(of: kind, now: now) != nil { return true }
        return runs[JobRun.Key(campaign: campaign, kind: kind)]?.isSettling ?? false
    }

    /// The look-ups that the policy `verify` asks of a campaign: how many are in hand, and before
    /// which time, of either clock, no other goes out; nil if none is to be made.
    func settling(
        of campaign: Campaign.ID,
        _ limits: Limits,
        now: Now
    ) -> (inHand: Int, until: Timestamp?)? {
        let run = runs[JobRun.Key(campaign: campaign, kind: .settle)]
        guard let run, !run.isIdle || run.nextDueAt != nil else { return nil }
        let trusted = waitEnd(of: .settle, now: now.instant).map { now.timestamp(at: $0) }
        let isDue = run.nextDueAt.map { limits.isSettled($0, now.timestamp) } ?? true
        let due = run.isSettling && !isDue ? run.nextDueAt : nil
        return (run.inHand, [trusted, due].compactMap { $0 }.max())
    }

    /// Whether the policy `verify` has anybody looked up, and when the first of them is due.
    var settling: (isThere: Bool, until: Timestamp?) {
        let runs = runs.values.filter { $0.key.kind == .settle }
        let isWaiting = runs.allSatisfy(\.isSettling)
        return (!runs.isEmpty, isWaiting ? runs.compactMap(\.nextDueAt).min() : nil)
    }

    /// Until when no history is asked; nil if it may be.
    private func waitEnd(of kind: Job.Kind, now: Instant) -> Instant? {
        switch kind {
        case .check, .recall: nil
        case .verify, .settle: clock.trustedFrom > now ? clock.trustedFrom : nil
        }
    }

    /// Where a campaign stands: recipients of it may wait for their look-up.
    mutating func update(_ work: CampaignWork) {
        guard let dueAt = work.lookUpDueAt else { return }
        let key = JobRun.Key(campaign: work.id, kind: .settle)
        guard runs[key] != nil else { return put(JobRun(key, nextDueAt: dueAt)) }
        change(key) { $0.note(dueAt: dueAt) }
    }

    private mutating func put(_ run: JobRun) {
        if runs.updateValue(run, forKey: run.key) == nil { turns.append(run.key) }
        wakesAt = nil
        activeCount = turns.count
    }

    /// Changes a run, and drops it once it is over.
    private mutating func change(_ key: JobRun.Key, _ body: (inout JobRun) -> Void) {
        guard var run = runs.removeValue(forKey: key) else { return }
        body(&run)
        wakesAt = nil
        activeCount = turns.count
        if run.isOver { turns.removeAll { $0 == key } } else { runs[key] = run }
    }

    /// Whether any run may be brought on now; settling ones cost nothing before their time.
    private mutating func hasWork(_ limits: Limits, _ now: Timestamp) -> Bool {
        if turns.isEmpty { return false }
        if activeCount > 0 || (wakesAt.map { limits.isSettled($0, now) } ?? false) {
            activeCount = runs.values.count { $0.isActive(limits, now: now) }
            wakesAt = runs.values.lazy.filter { !$0.isActive(limits, now: now) }.compactMap(
                \.nextDueAt
            ).min()
        }
        return activeCount > 0
    }

    // MARK: - Steps

    /// Steps of one commit at most: each is a handful of statements, or a page of reading.
    private static let stepLimit = 8

    /// What goes into this commit, and when more of it may be made otherwise.
    mutating func steps(
        mayFetch: Bool,
        _ limits: Limits,
        now: Now
    ) -> (due: [JobStep], next: Instant?) {
        guard hasWork(limits, now.timestamp) else { return ([], nil) }
        var due: [JobStep] = []
        var next: Instant?
        for key in turns where due.count < Self.stepLimit {
            // No call's answer will be the event by which these are recorded.
            decideUnasked(key, limits, now: now.timestamp)
            let wait = waitEnd(of: key.kind, now: now.instant)
            if let wait, mayFetch { next = min(next ?? wait, wait) }
            let mayFetch = mayFetch && wait == nil
            guard let (step, at) = runs[key]?.nextStep(mayFetch: mayFetch, limits, now: now) else {
                continue
            }
            if let step { due.append(step) }
            if let at { next = min(next ?? at, at) }
        }
        if due.count == Self.stepLimit { turns.append(turns.removeFirst()) }
        return (due, next)
    }

    /// The next time at which deferred recipients are due, of runs that wait for nothing else.
    mutating func nextDue(_ limits: Limits, after now: Timestamp) -> Timestamp? {
        _ = hasWork(limits, now)
        return wakesAt.flatMap { $0 > now ? $0 : nil }
    }

    mutating func stepped(_ result: JobStepped) {
        change(JobRun.Key(campaign: result.campaign, kind: result.kind)) { $0.stepped(result) }
    }

    /// A step wasn't carried out; without its campaign it never will be.
    mutating func stepFailed(_ step: JobStep) {
        change(JobRun.Key(campaign: step.campaign, kind: step.kind)) { $0.stepFailed() }
    }

    /// A step can't be carried out: the job rests until the next start, or until it is asked for
    /// again.
    mutating func fail(_ step: JobStep) {
        let key = JobRun.Key(campaign: step.campaign, kind: step.kind)
        runs[key] = nil
        turns.removeAll { $0 == key }
    }

    // MARK: - Calls

    /// The next call that may go out, which is out from now on; otherwise when that may be.
    mutating func nextCall(
        _ limits: Limits,
        now: Now
    ) -> (call: (JobCall.ID, JobCall)?, at: Instant?) {
        guard hasWork(limits, now.timestamp) else { return (nil, nil) }
        var next: Instant?
        for (index, key) in turns.enumerated() {
            decideUnasked(key, limits, now: now.timestamp)
            guard let run = runs[key], !run.ready.isEmpty,
                waitEnd(of: key.kind, now: now.instant) == nil
            else { continue }
            // As many are out as may be: the end of one is the next event.
            guard let free = pace(of: key.kind).available(now: now.instant) else { continue }
            let at = max(free, run.pace?.available(1, now: now.instant) ?? free)
            guard at <= now.instant else {
                next = min(next ?? at, at)
                continue
            }
            turns.append(turns.remove(at: index))
            return (take(key, limits, now: now), nil)
        }
        return (nil, next)
    }

    private func rule(for kind: Job.Kind, _ limits: Limits, now: Timestamp) -> JobRule {
        JobRule(kind: kind, limits: limits, now: now, slack: clock.slack)
    }

    /// Settles recipients at the head of a run of whom everything is known without asking.
    private mutating func decideUnasked(_ key: JobRun.Key, _ limits: Limits, now: Timestamp) {
        let rule = rule(for: key.kind, limits, now: now)
        while let account = runs[key]?.ready.first, let target = runs[key]?.target(account),
            let verdict = rule.verdictUnasked(target)
        {
            _ = runs[key]?.takeReady(1)
            runs[key]?.decided(account, .settled(verdict))
        }
    }

    private mutating func take(
        _ key: JobRun.Key,
        _ limits: Limits,
        now: Now
    ) -> (JobCall.ID, JobCall)? {
        let limit = key.kind == .check ? limits.checkAccounts : 1
        guard let accounts = runs[key]?.takeReady(limit), let run = runs[key],
            let call = call(run, accounts, limits, now: now.timestamp)
        else { return nil }
        callCount += 1
        let id = JobCall.ID(rawValue: callCount)
        out[id] = Call(key: key, accounts: accounts, sentAt: now.instant)
        runs[key]?.pace?.take(1, now: now.instant)
        withPace(of: key.kind) { $0.take(now: now.instant) }
        return (id, call)
    }

    private func call(
        _ run: JobRun,
        _ accounts: [Account],
        _ limits: Limits,
        now: Timestamp
    ) -> JobCall? {
        guard let account = accounts.first, let target = run.target(account) else { return nil }
        let message = run.message ?? CheckedMessage(json: [], packetOverhead: 0)
        switch target.content {
        case .account: return .check(accounts)
        case .calls(let calls, _):
            let inquiry = run.inquiry(account)
            let rule = rule(for: run.key.kind, limits, now: now)
            var own = rule.calls(calls, ofSender: inquiry.sender)
            // The history has left the last of a sender's calls behind meanwhile.
            if own.isEmpty { own = rule.calls(calls, ofSender: 0) }
            guard !own.isEmpty else { preconditionFailure("a look-up that looks for no call") }
            return .lookUp(
                LookUp(
                    account: account,
                    message: message,
                    calls: own.map { $0.widened(by: clock.slack) },
                    position: inquiry.position
                )
            )
        case .message(let key, let sender, _):
            return .recall(
                Recall(account: account, message: message, sender: sender, messageKey: key ?? "")
            )
        }
    }

    /// A call has ended: what it shows of its recipients is kept to be recorded.
    mutating func answered(
        _ id: JobCall.ID,
        _ answer: JobAnswer,
        _ limits: Limits,
        now: Now,
        using random: inout SplitMix64
    ) -> Call {
        guard let call = out.removeValue(forKey: id) else {
            preconditionFailure("a job's call is answered that isn't out")
        }
        withPace(of: call.key.kind) { $0.ended(isFailure: answer.isFailure, now: now.instant) }
        let rule = rule(for: call.key.kind, limits, now: now.timestamp)
        for account in call.accounts {
            guard let run = runs[call.key], let target = run.target(account) else { continue }
            let inquiry = run.inquiry(account)
            let decision: JobRule.Decision =
                switch answer {
                case .check(let outcome): rule.decision(on: target, inquiry, outcome)
                case .lookUp(let outcome):
                    rule.decision(on: target, inquiry, outcome, using: &random)
                case .recall(let outcome): rule.decision(on: target, outcome, using: &random)
                }
            runs[call.key]?.decided(account, decision)
        }
        change(call.key) { _ in }
        return call
    }

    // MARK: - Paces

    private func pace(of kind: Job.Kind) -> CallPace {
        switch kind {
        case .check: checkPace
        case .verify, .settle: lookUps
        case .recall: recalls
        }
    }

    private mutating func withPace(of kind: Job.Kind, _ body: (inout CallPace) -> Void) {
        switch kind {
        case .check: body(&checkPace)
        case .verify, .settle: body(&lookUps)
        case .recall: body(&recalls)
        }
    }
}
