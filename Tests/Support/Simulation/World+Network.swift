import DeliveryCore
import TestSupport

extension World {
    /// A call goes out and meets its fate.
    mutating func send(_ batch: Batch, isFenced: Bool = true) {
        let call = story.called(batch, after: elapsed)
        let fate: Faults.CallFate =
            if isFenced, !allowsCall {
                .notSent
            } else if let scripted = story.script?(call) {
                scripted
            } else if !isTroubled {
                .well
            } else if real < outageUntil {
                Bool.random(using: &random) ? .notSent : .lost
            } else {
                faults.fate(using: &random)
            }
        let timeout = limits.callTimeout
        switch fate {
        case .notSent:
            schedule(.event(.answered(batch.id, .notSent("refused"))), after: draw(1...2_000))
        case .lost:
            schedule(.event(.answered(batch.id, .unknown(.timeout))), after: timeout)
        case .answerLost:
            // The provider may count it until its own patience ends, after ours has.
            let late = Int((timeout + LedgerEntry.grace).milliseconds) - 1
            schedule(.arrival(batch, fate), after: draw(1...late))
            schedule(.event(.answered(batch.id, .unknown(.timeout))), after: timeout)
        case .slow:
            schedule(.arrival(batch, fate), after: draw(1...Int(timeout.milliseconds) - 300))
        case .well, .badGateway, .garbled, .refused, .unlisted, .answered:
            schedule(.arrival(batch, fate), after: draw(provider.delayIn))
        }
    }

    /// A question which accounts exist, and how long until it comes back.
    mutating func check(_ accounts: [Account]) -> (outcome: CheckOutcome, after: Duration) {
        if let scripted = story.checked(accounts, after: elapsed) {
            return (scripted, draw(1...200))
        }
        guard isTroubled else { return (provider.check(accounts), draw(1...200)) }
        if real < outageUntil {
            let isLost = Bool.random(using: &random)
            return isLost
                ? (.unknown(.timeout), limits.callTimeout) : (.notSent("refused"), draw(1...2_000))
        }
        switch faults.fate(using: &random) {
        case .notSent: return (.notSent("refused"), draw(1...2_000))
        case .lost, .answerLost: return (.unknown(.timeout), limits.callTimeout)
        case .badGateway: return (.unknown(.http(status: 502)), draw(1...200))
        case .garbled: return (.unknown(.unreadable), draw(1...200))
        case .refused(let refusal, let code):
            return (.refused(refusal, code: code, text: "refused"), draw(1...200))
        case .unlisted: return (.unknown(.unlisted(code: 12_345)), draw(1...200))
        case .slow: return (provider.check(accounts), limits.callTimeout)
        case .well, .answered: return (provider.check(accounts), draw(1...200))
        }
    }

    /// A call arrives, maybe of a process that is gone.
    mutating func arrive(_ batch: Batch, _ fate: Faults.CallFate, life: Int) {
        // Another copy of the call may have been answered and written down before this one.
        let isLate = fate == .answerLost || life != self.life
        let outcome: Outcome?
        switch fate {
        case .well, .slow: outcome = carryOut(batch, isLate: isLate)
        case .answerLost:
            _ = carryOut(batch, isLate: isLate)
            outcome = nil
        case .badGateway(let isAccepted):
            if isAccepted {
                _ = carryOut(batch, isLate: isLate)
            } else {
                _ = provider.counts(batch, at: real)
            }
            outcome = .unknown(.http(status: 502))
        case .garbled:
            _ = carryOut(batch, isLate: isLate)
            outcome = .unknown(.unreadable)
        case .refused(let refusal, let code):
            _ = provider.counts(batch, at: real)
            outcome = .refused(refusal, code: code, text: "refused")
        case .unlisted:
            _ = provider.counts(batch, at: real)
            outcome = .unknown(.unlisted(code: 12_345))
        case .answered(let answer):
            _ = provider.counts(batch, at: real)
            outcome = answer
        case .lost, .notSent: outcome = nil
        }
        guard let outcome else { return }
        let back = draw(provider.delayOut)
        let event = Scheduled(life: life, step: .event(.answered(batch.id, outcome)))
        agenda.add(event, at: real.advanced(by: back))
    }

    private mutating func carryOut(_ batch: Batch, isLate: Bool) -> Outcome {
        var trouble: Set<Account> = []
        if isTroubled {
            for account in batch.accounts where faults.happens(faults.accountTrouble, &random) {
                trouble.insert(account)
            }
        }
        var wiped: Set<Account> = []
        for account in batch.accounts where faults.happens(faults.wipedHistory, &random) {
            wiped.insert(account)
        }
        record.wiped(wiped)
        let outcome = provider.receive(batch, at: real, trouble: trouble, wiped: wiped)
        if case .answered(_, let refused) = outcome {
            let refused = Set(refused.map(\.account))
            let accepted = batch.accounts.filter { !refused.contains($0) }
            record.accepted(accepted, of: batch, isLate: isLate)
        }
        return outcome
    }
}

extension Outcome {
    /// Whether nobody of a call was accepted, and everybody may be another time.
    func refusesEverybodyForNow(_ batch: Batch) -> Bool {
        switch self {
        case .refused(.retryable, _, _): true
        case .answered(_, let refused):
            refused.count == batch.accounts.count && refused.allSatisfy(\.isRetryable)
        case .refused, .notSent, .unknown: false
        }
    }
}
