import DeliveryCore

extension World {
    /// A job's call, what comes of it and how long that takes.
    mutating func ask(_ call: JobCall) -> (answer: JobAnswer, after: Duration) {
        let trouble = jobTrouble(isIn: call)
        switch call {
        case .check(let accounts):
            let (outcome, after) = check(accounts)
            return (.check(outcome), after)
        case .lookUp(let lookUp):
            let outcome = trouble.map { LookUpOutcome($0) } ?? provider.lookUp(lookUp, at: real)
            return (.lookUp(outcome), draw(1...200))
        case .recall(let recall):
            // It may be carried out although its answer is lost.
            let isLost = trouble == .unknown(.timeout) && Bool.random(using: &random)
            if isLost { _ = provider.recall(recall, at: real) }
            let outcome = trouble.map { RecallOutcome($0) } ?? provider.recall(recall, at: real)
            return (.recall(outcome), draw(1...200))
        }
    }

    /// What keeps a call from an answer of its own; nil for nothing.
    private mutating func jobTrouble(isIn call: JobCall) -> JobOutcome<Never>? {
        if case .check = call { return nil }
        guard isTroubled else { return nil }
        if real < outageUntil { return .unknown(.timeout) }
        switch faults.fate(using: &random) {
        case .notSent: return .notSent("refused")
        case .lost, .answerLost: return .unknown(.timeout)
        case .badGateway: return .unknown(.http(status: 502))
        case .garbled: return .unknown(.unreadable)
        // No account of a life is unknown to the provider's history.
        case .refused(.recipients, _), .refused(.recipientsUnconfirmed, _): return nil
        case .refused(let refusal, let code):
            return .refused(refusal, code: code, text: "refused")
        case .unlisted: return .unknown(.unlisted(code: 12_345))
        case .well, .slow, .answered: return nil
        }
    }

    /// An operator asks for a job, or stops one.
    mutating func askJob() {
        let id = campaigns[Int.random(in: 0..<campaigns.count, using: &random)]
        let kind = Job.Kind.requested[Int.random(in: 0..<3, using: &random)]
        guard !chance(4) else { return ask(.stopJob(id, kind)) }
        let perSecond = chance(3) ? Int.random(in: 1...20, using: &random) : nil
        let since = now.timestamp.advanced(by: .zero - limits.historyReach)
        ask(.startJob(id, kind, JobTerms(callsPerSecond: perSecond, historySince: since)))
    }

    /// What jobs leave behind must be so.
    mutating func checkJobs(_ campaign: Campaign, _ recipients: [Recipient]) {
        for job in campaign.jobs where job.state == .running {
            record.violated("a \(job.kind) of a campaign that is over never ends")
        }
        for recipient in recipients where recipient.recall == .recalled {
            let key = recipient.messageKey
            if provider.histories.isThere(recipient.account, key: key) {
                record.violated("\(recipient.account.text) is recalled and its message is there")
            }
        }
        let recalls = recipients.count { $0.recall == .recalled }
        let counted = campaign.jobs.first { $0.kind == .recall }?.tally[.recalled] ?? 0
        if recalls < counted { record.violated("\(counted) are recalled and \(recalls) show it") }
    }
}

extension JobOutcome {
    /// A failure of a call of another kind.
    fileprivate init(_ trouble: JobOutcome<Never>) {
        switch trouble {
        case .refused(let refusal, let code, let text):
            self = .refused(refusal, code: code, text: text)
        case .notSent(let text): self = .notSent(text)
        case .unknown(let cause): self = .unknown(cause)
        }
    }
}

/// Calls that address nobody, each kind of which has a rate of its own.
struct JobCalls: Sendable {
    private var recent: [Job.Kind: [Instant]] = [:]

    /// Counts a call; says what is wrong if its second holds more than the rate.
    mutating func add(_ kind: Job.Kind, _ limits: Limits, at now: Instant) -> String? {
        let limit =
            switch kind {
            case .check: limits.checksPerSecond
            case .verify, .settle: limits.verifiesPerSecond
            case .recall: limits.recallsPerSecond
            }
        let start = now.advanced(by: .seconds(-1))
        recent[kind, default: []].removeAll { $0 <= start }
        recent[kind, default: []].append(now)
        let count = recent[kind]?.count ?? 0
        return count > limit ? "\(count) calls of a \(kind) in a second" : nil
    }
}
