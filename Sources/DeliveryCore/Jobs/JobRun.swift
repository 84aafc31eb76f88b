/// A running job in memory: the recipients in hand, and what there is to record.
///
/// The walk's recipients are recorded in their order, so that the cursor says of whom a result is
/// durable. Deferred ones have rows of their own and are recorded as they come.
struct JobRun: Sendable {
    let key: Key
    private(set) var message: CheckedMessage?
    /// A rate of its own; nil for its kind's.
    var pace: TokenBucket?
    /// The walk's recipients without a recorded result, in order.
    private var walked: [Account] = []
    /// Deferred recipients in hand.
    private var due: [Account] = []
    private var slots: [Account: Slot] = [:]
    /// Recipients whose next call hasn't gone out.
    private(set) var ready: [Account] = []
    /// Where the walk goes on; nil for at the job's cursor.
    private var after: Account?
    private var isWalked: Bool
    /// When deferred recipients that aren't in hand are due; nil if there are none.
    private(set) var nextDueAt: Timestamp?
    /// The results and the end that are being recorded; nil while no step is in a commit.
    private var step: JobStep?
    private var stepsAgainAt = Instant(nanoseconds: .min)
    private var end: End?

    struct Key: Sendable, Hashable {
        let campaign: Campaign.ID
        let kind: Job.Kind
    }

    private struct Slot: Sendable {
        let target: JobTarget
        var inquiry = Inquiry()
        var verdict: JobResult.Verdict?
    }

    private enum End: Sendable, Hashable {
        /// By an operator, or with its campaign.
        case stopped
        case halted(Campaign.Reason)
    }

    /// Recipients of a walk in hand at most: each takes some hundred bytes.
    private static let windowSize = 400
    /// Results that make a commit worth it at once; fewer wait for others for a moment.
    private static let resultsAtOnce = 100
    /// Steps come no closer together: each is a part of a commit that calls wait for.
    private static let rest: Duration = .milliseconds(200)

    init(_ key: Key, nextDueAt: Timestamp? = nil) {
        self.key = key
        self.nextDueAt = nextDueAt
        isWalked = key.kind == .settle
    }

    /// Whether nothing of it is in hand, out or being recorded.
    var isIdle: Bool { slots.isEmpty && step == nil }

    /// Recipients whose results aren't durable.
    var inHand: Int { slots.count }

    /// Whether it has ended and there is nothing more to record.
    var isOver: Bool { end == .stopped && isIdle }

    /// Whether it merely waits for deferred recipients.
    var isSettling: Bool { isIdle && isWalked && nextDueAt != nil }

    /// Whether an event or the time may bring it on now.
    func isActive(_ limits: Limits, now: Timestamp) -> Bool {
        !isSettling || end != nil || nextDueAt.map { limits.isSettled($0, now) } ?? false
    }

    // MARK: - Calls

    /// The accounts of the next call, which is out from now on.
    mutating func takeReady(_ limit: Int) -> [Account] {
        let taken = Array(ready.prefix(limit))
        ready.removeFirst(taken.count)
        return taken
    }

    func target(_ account: Account) -> JobTarget? { slots[account]?.target }

    func inquiry(_ account: Account) -> Inquiry { slots[account]?.inquiry ?? Inquiry() }

    /// A call about an account has ended, or was never needed; one that was dropped meanwhile is
    /// asked about when the job goes on.
    mutating func decided(_ account: Account, _ decision: JobRule.Decision) {
        guard slots[account] != nil else { return }
        switch decision {
        case .settled(let verdict): slots[account]?.verdict = verdict
        case .goesOn(let inquiry):
            slots[account]?.inquiry = inquiry
            retake(account)
        case .again: retake(account)
        case .halts(let reason):
            finish(.halted(reason))
            drop(account)
        }
    }

    /// The account's next call goes before those of all others; after the end there is none.
    private mutating func retake(_ account: Account) {
        if end == nil { ready.insert(account, at: 0) } else { drop(account) }
    }

    /// Leaves an account for when the job goes on, and with it all that follow in the walk: the
    /// cursor stays before it.
    private mutating func drop(_ account: Account) {
        guard slots[account] != nil else { return }
        var dropped: Set<Account> = [account]
        if let index = walked.firstIndex(of: account) {
            dropped.formUnion(walked[index...])
            walked.removeSubrange(index...)
        }
        due.removeAll { dropped.contains($0) }
        ready.removeAll { dropped.contains($0) }
        for account in dropped { slots[account] = nil }
    }

    // MARK: - Ends

    mutating func stop() { finish(.stopped) }

    private mutating func finish(_ end: End) {
        guard self.end == nil || end == .stopped else { return }
        self.end = end
        isWalked = true
        for account in ready { drop(account) }
    }

    /// Deferred recipients are due at this time, as far as it is known.
    mutating func note(dueAt: Timestamp) {
        guard due.isEmpty, step == nil else { return }
        nextDueAt = dueAt
    }

    // MARK: - Steps

    /// What is to be recorded and fetched now; otherwise when that may be.
    mutating func nextStep(
        mayFetch: Bool,
        _ limits: Limits,
        now: Now
    ) -> (step: JobStep?, at: Instant?) {
        guard step == nil else { return (nil, nil) }
        var next = JobStep(campaign: key.campaign, kind: key.kind)
        let results = settledWalk + due.filter { slots[$0]?.verdict != nil }
        next.results = results.compactMap { account in
            slots[account]?.verdict.map { JobResult(account: account, verdict: $0) }
        }
        next.cursor = settledWalk.last
        if mayFetch, end == nil {
            if !isWalked, ready.count < Self.windowSize / 4, walked.count < Self.windowSize {
                next.walk = .init(after: after, limit: Self.windowSize / 2)
            }
            if let dueAt = nextDueAt, due.isEmpty, limits.isSettled(dueAt, now.timestamp) {
                let by = max(dueAt, now.timestamp)
                next.due = .init(by: by, limit: Self.windowSize / 2)
            }
        }
        next.end = plannedEnd(recording: next.results.count, mayFetch: mayFetch)
        let isUseful =
            !next.results.isEmpty || next.walk != nil || next.due != nil || next.end != nil
        guard isUseful else { return (nil, nil) }
        let isUrgent = next.results.count >= Self.resultsAtOnce
        guard isUrgent || stepsAgainAt <= now.instant else { return (nil, stepsAgainAt) }
        stepsAgainAt = now.instant.advanced(by: Self.rest)
        step = next
        return (next, nil)
    }

    /// The walk's recipients that have their result, as far as all before them have one.
    private var settledWalk: ArraySlice<Account> {
        walked.prefix { slots[$0]?.verdict != nil }
    }

    private func plannedEnd(recording count: Int, mayFetch: Bool) -> JobStep.End? {
        guard slots.count == count, key.kind != .settle else { return nil }
        switch end {
        case .halted(let reason): return .halted(reason)
        case .stopped: return nil
        case nil: return isWalked && nextDueAt == nil && mayFetch ? .completed : nil
        }
    }

    /// The step is durable.
    mutating func stepped(_ result: JobStepped) {
        // It was stopped and asked for again while the step was in the commit.
        guard let step else { return }
        self.step = nil
        let recorded = Set(step.results.map(\.account))
        for account in recorded { slots[account] = nil }
        walked.removeAll { recorded.contains($0) }
        due.removeAll { recorded.contains($0) }
        message = result.message ?? message
        nextDueAt = result.nextDueAt
        if end == nil {
            walked += take(result.walked)
            due += take(result.due)
            if step.walk != nil {
                after = result.next ?? after
                isWalked = result.next == nil
            }
        }
        if !result.isRunning { finish(.stopped) }
    }

    /// Takes recipients in hand, but for those that are already.
    private mutating func take(_ targets: [JobTarget]) -> [Account] {
        let new = targets.filter { slots[$0.account] == nil }
        for target in new { slots[target.account] = Slot(target: target) }
        ready += new.map(\.account)
        return new.map(\.account)
    }

    /// Nothing of the step was done: what it would have recorded is in hand still.
    mutating func stepFailed() { step = nil }
}
