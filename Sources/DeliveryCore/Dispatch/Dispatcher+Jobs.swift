/// Jobs: calls that address nobody, and go out only while nothing holds up those that do.
extension Dispatcher {
    /// Whether a job's call may go out now.
    ///
    /// While the provider, or the credentials, are tried by one call at a time, that one is a
    /// message's, unless no message is there to try with.
    private func jobsMayCall(_ now: Instant) -> Bool {
        switch permission(now) {
        case .calls: credentials.isTrusted || (hasNoMessage && !jobs.hasCallsOut)
        case .trial: isIdle
        case .probe, .nothing: false
        }
    }

    /// Puts in the commit what jobs have found, and asks for their next recipients.
    mutating func planJobSteps(_ now: Now) {
        let (steps, next) = jobs.steps(mayFetch: jobsMayCall(now.instant), limits, now: now)
        for step in steps { commits.add(.step(step)) }
        wakeUps.note(next)
    }

    mutating func planJobCalls(_ now: Now) {
        wakeUps.note(jobs.nextDue(limits, after: now.timestamp), now: now)
        guard jobsMayCall(now.instant) else { return }
        while true {
            let (call, next) = jobs.nextCall(limits, now: now)
            wakeUps.note(next)
            guard let (id, call) = call else { return }
            effects.append(.jobCall(id, call))
        }
    }

    mutating func jobAnswered(_ id: JobCall.ID, _ answer: JobAnswer, now: Now) {
        let call = jobs.answered(id, answer, limits, now: now, using: &random)
        credentials.answered(
            isAccepted: answer.isAnswered,
            isShown: answer.showsCredentials,
            sentAt: call.sentAt
        )
        if let (refusal, reason) = answer.refusal {
            switch refusal {
            case .throttled(let atLeast):
                slowDown(reason, sentAt: call.sentAt, atLeast: atLeast, now: now.instant)
            case .credentials, .credentialsExpired:
                refused(reason, isExpired: refusal == .credentialsExpired, sentAt: call.sentAt)
            case .retryable, .recipients, .recipientsUnconfirmed, .campaign, .tooLarge: break
            }
        }
    }

    /// A step of a job is durable.
    mutating func stepped(_ result: JobStepped, now: Now) {
        if let work = result.work { update(work, now: now) }
        jobs.stepped(result)
        guard let job = result.job, job.state != .running else { return }
        effects.append(.report(.job(result.campaign, job)))
    }

    /// An operator's change of a job is durable.
    mutating func changedJob(_ write: Write, _ change: WriteResult.Change, now: Now) {
        let kind: Job.Kind
        switch write {
        case .startJob(let id, let started, let terms):
            kind = started
            jobs.begin(kind, of: id, perSecond: terms.callsPerSecond, now: now.instant)
        case .stopJob(let id, let stopped):
            kind = stopped
            jobs.stop(kind, of: id)
        case .claim, .reclaim, .record, .transition, .patch, .retry, .delete, .close, .sweep,
            .stepJob, .service, .event:
            return
        }
        guard let job = change.campaign.jobs.first(where: { $0.kind == kind }) else { return }
        effects.append(.report(.job(change.campaign.id, job)))
    }

    /// What a campaign's running jobs wait for, and when they end.
    package func progress(of campaign: Campaign, _ now: Now) -> [Job.Kind: JobProgress] {
        var progress: [Job.Kind: JobProgress] = [:]
        for job in campaign.jobs where job.state == .running {
            let isSettling = jobs.isSettling(job.kind, of: campaign.id, now: now.instant)
            let wait = jobWait(now) ?? (isSettling ? .settling : nil)
            let rate = min(job.callsPerSecond ?? .max, limits.rate(of: job.kind))
            let left = Double(max(0, job.total - job.tally.done)) / Double(rate)
            let eta = now.timestamp.advanced(by: .milliseconds(Int64(left * 1_000)))
            progress[job.kind] = JobProgress(waitsFor: wait, eta: wait == nil ? eta : nil)
        }
        return progress
    }

    /// Why no job's call goes out; nil if they do.
    private func jobWait(_ now: Now) -> Campaign.Reason? {
        if jobsMayCall(now.instant) { return nil }
        let (state, reason) = state(now)
        let text = [state.rawValue, reason?.text].compactMap { $0 }.joined(separator: ": ")
        return Campaign.Reason(code: reason?.code, text: text)
    }
}

extension Campaign.Reason {
    /// The recipients that are left were asked about, or addressed, too short a time ago.
    fileprivate static let settling = Campaign.Reason(code: nil, text: "settling")
}

extension Limits {
    /// The recipients that jobs of a kind ask about in a second.
    fileprivate func rate(of kind: Job.Kind) -> Int {
        switch kind {
        case .check: checksPerSecond * checkAccounts
        case .verify, .settle: verifiesPerSecond
        case .recall: recallsPerSecond
        }
    }
}
