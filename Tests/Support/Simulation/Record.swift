package import DeliveryCore
import TestSupport

/// What a life did, seen from outside: who was accepted, and what was written down about whom.
package struct Record: Sendable {
    /// What went wrong, in words.
    package private(set) var violations: [String] = []
    private var accepted: Set<Account> = []
    private var sent: Set<Account> = []
    private var ended: Set<Account> = []
    /// Recipients of calls whose outcome nobody knew, by campaign.
    private var maybeAccepted: [Campaign.ID: Set<Account>] = [:]
    private var calls: [Batch.ID: Batch] = [:]
    /// How many calls that addressed a recipient may have been accepted, since it was put in the
    /// queue.
    private var risks: [Campaign.ID: [Account: Int]] = [:]
    /// Batches that were refused while the service showed nothing of it.
    private var refusedUnseen: Set<Batch.ID> = []
    private var policies: [Campaign.ID: UnknownPolicy] = [:]
    /// Those of them that an operator put back.
    private var reopened: Set<Account> = []
    /// Recipients whose history shows nothing.
    private var wiped: Set<Account> = []
    /// Recipients that no look-up could tell of, as their status said.
    private var unclear: Set<Account> = []
    /// Recipients that a check found missing, by campaign.
    private var missing: [Campaign.ID: Set<Account>] = [:]
    /// Recipients whom the history didn't show, or that don't exist, after a call in doubt.
    private var absent: Set<Account> = []
    /// Whom calls addressed since the database's rows were kept, and those of them that a database
    /// which went back knows nothing of.
    private var addressedSince: Set<Account> = []
    private var lost: Set<Account> = []
    /// Who must not be addressed.
    var list = SuppressionList()
    /// Recipients that left a batch since they were on that list.
    private(set) var left: [Batch.ID: [Account]] = [:]

    package mutating func violated(_ text: String) {
        violations.append(text)
    }

    mutating func add(_ id: Campaign.ID, _ policy: UnknownPolicy) {
        policies[id] = policy
    }

    mutating func called(_ batch: Batch, limits: Limits) {
        addressedSince.formUnion(batch.accounts)
        list.called(batch)
        let bytes = batch.accounts.reduce(batch.message.packetOverhead) {
            $0 + accountRules.size(of: $1)
        }
        if batch.accounts.count > limits.batchAccounts { violated("a call over the accounts") }
        if bytes > limits.packetBytes, batch.accounts.count > 1 {
            violated("a call over the bytes")
        }
        if let twice = batch.accounts.first(where: { sent.contains($0) || ended.contains($0) }) {
            violated("\(twice.text) is addressed after its end")
        }
        let risks = risks[batch.campaign] ?? [:]
        if let one = batch.accounts.first(where: {
            risks[$0, default: 0] >= limits.retry.attemptLimit
        }) {
            violated("\(one.text) is addressed more often than attempts allow")
        }
        for account in batch.accounts {
            self.risks[batch.campaign, default: [:]][account, default: 0] += 1
        }
        refusedUnseen.remove(batch.id)
        if let before = calls[batch.id] {
            let isSame =
                before.accounts == batch.accounts && before.numbers == batch.numbers
            if !isSame { violated("batch \(batch.id.rawValue) changed") }
            if batch.maybeAccepted, policies[batch.campaign] == .leave {
                violated("a call of unknown outcome is repeated under leave")
            }
        }
        calls[batch.id] = batch
    }

    mutating func accepted(_ accounts: [Account], of batch: Batch, isLate: Bool) {
        for account in accounts where !accepted.insert(account).inserted {
            if sent.contains(account), !isLate {
                violated("\(account.text) is accepted after it was sent")
            }
            let policy = policies[batch.campaign] ?? .leave
            let mayRepeat =
                switch policy {
                case .resend: true
                case .leave: reopened.contains(account)
                // Who puts back somebody unclear knows that this may be twice.
                case .verify:
                    wiped.contains(account)
                        || reopened.contains(account) && unclear.contains(account)
                }
            if lost.contains(account) { continue }
            if !mayRepeat || !isMaybeAccepted(account, in: batch.campaign) {
                violated("\(account.text) is accepted twice under \(policy)")
            }
        }
    }

    /// The database's rows are kept as they are.
    mutating func kept() { addressedSince = [] }

    /// The database went back to rows that were kept when the record was an earlier one: who was
    /// accepted since stays so, and nobody can know.
    mutating func wentBack(to earlier: Record) {
        var back = earlier
        back.violations = violations
        back.accepted = accepted
        back.wiped = wiped
        back.lost = lost.union(addressedSince)
        self = back
    }

    mutating func wiped(_ accounts: Set<Account>) { wiped.formUnion(accounts) }

    mutating func unknown(_ batch: Batch) {
        maybeAccepted[batch.campaign, default: []].formUnion(batch.accounts)
    }

    private func isMaybeAccepted(_ account: Account, in id: Campaign.ID) -> Bool {
        maybeAccepted[id]?.contains(account) ?? false
    }

    func call(_ id: Batch.ID) -> Batch? { calls[id] }

    /// A call came back: whom it certainly didn't reach it didn't risk.
    mutating func heard(_ outcome: Outcome, of batch: Batch) {
        let spared: [Account] =
            switch outcome {
            case .answered(_, let refused): refused.map(\.account)
            case .refused, .notSent: Array(batch.accounts)
            case .unknown: []
            }
        for account in spared { risks[batch.campaign]?[account, default: 1] -= 1 }
    }

    /// The process ended: what it heard and didn't write down it doesn't know any more.
    mutating func crashed() { refusedUnseen = [] }

    /// Everybody of a call was refused for a reason that may pass.
    mutating func refused(_ batch: Batch, isShown: Bool) {
        if !isShown { refusedUnseen.insert(batch.id) }
    }

    /// A batch whose call was out, or was about to go out, when its process ended.
    mutating func interrupted(_ batch: Batch) {
        if calls[batch.id] == nil { calls[batch.id] = batch }
    }

    mutating func committed(_ write: Write, _ result: WriteResult) {
        switch (write, result) {
        case (.claim(let claim), .claimed(let batch, _)): list.claimed(batch, claim.campaign)
        case (.reclaim, .claimed(let batch, let work?)):
            list.claimed(batch, work.id)
            if let batch { leave(batch) }
        case (.record(let record), _):
            guard let batch = calls[record.batch] else { return }
            settle(batch, record.resolution)
            let isUnseen = refusedUnseen.remove(record.batch) != nil
            if case .held = record.resolution, isUnseen {
                violated("batch \(record.batch.rawValue) spends no attempt and nobody sees why")
            }
        case (.stepJob(let step), .stepped(let result)): settle(step, result)
        case (.delete(let id), .changed(.success)):
            // The numbers of its batches may be used again.
            calls = calls.filter { $0.value.campaign != id }
        case (.sweep, .swept(let swept)):
            for id in swept.retired { calls = calls.filter { $0.value.campaign != id } }
        case (.retry(let id, let filter, let position), .changed(.success(let change)))
        where change.requeued > position?.requeued ?? 0:
            if filter.unknown { reopened.formUnion(maybeAccepted[id] ?? []) }
            if filter.failed {
                let back = missing[id]?.filter { account in
                    position.map { $0.account < account } ?? true
                        && change.next.map { account <= $0.account } ?? true
                }
                ended.subtract(back ?? [])
            }
            for batch in calls.values where batch.campaign == id {
                // Only those that this step looked at.
                let accounts = (batch.accounts + (left[batch.id] ?? [])).filter { account in
                    position.map { $0.account < account } ?? true
                        && change.next.map { account <= $0.account } ?? true
                }
                ended.subtract(accounts)
                for account in accounts { risks[id]?[account] = nil }
            }
        default: break
        }
    }

    /// A batch goes out again, without those that are on the list by now.
    private mutating func leave(_ batch: Batch) {
        guard let before = calls[batch.id] else { return }
        let leaving = before.accounts.filter { !batch.accounts.contains($0) }
        if !list.accounts.isSuperset(of: leaving) {
            violated("batch \(batch.id.rawValue) lost somebody")
        }
        left[batch.id, default: []] += leaving
        ended.formUnion(leaving)
        calls[batch.id] = batch
    }

    private mutating func settle(_ batch: Batch, _ resolution: Resolution) {
        switch resolution {
        case .settled(_, let verdicts):
            sent.formUnion(Set(batch.accounts).subtracting(verdicts.map(\.account)))
            for verdict in verdicts where verdict.verdict == .failed || verdict.verdict == .unknown
            {
                ended.insert(verdict.account)
            }
        case .unknown: ended.formUnion(batch.accounts)
        case .held, .repeated, .lookedUp, .split: break
        }
    }

    private mutating func settle(_ step: JobStep, _ stepped: JobStepped) {
        let found = step.results.count { if case .found = $0.verdict { true } else { false } }
        // Whom an operator put back meanwhile waits to be sent to, whatever the look-up found.
        let areApplied = stepped.tally[.found] == found
        for result in step.results {
            switch result.verdict {
            case .found: if areApplied { sent.insert(result.account) }
            case .missing:
                missing[step.campaign, default: []].insert(result.account)
                ended.insert(result.account)
            case .unclear: unclear.insert(result.account)
            case .absent, .refused: absent.insert(result.account)
            case .deferred, .present, .recalled, .gone, .kept: break
            }
        }
    }

    /// Checks how a campaign ended.
    package mutating func check(_ campaign: Campaign, _ recipients: [Recipient]) {
        if !campaign.state.isFinal { violated("a campaign ends as \(campaign.state)") }
        if campaign.counts.total != recipients.count { violated("counters add up to another sum") }
        for status in Recipient.Status.allCases {
            let rows = recipients.count { $0.status == status }
            if rows != campaign.counts[status] {
                violated("\(rows) rows are \(status), counted \(campaign.counts[status])")
            }
        }
        if campaign.failures.reduce(0, { $0 + $1.count }) != campaign.counts.failed {
            violated("the failures by code add up to another sum")
        }
        for recipient in recipients {
            check(recipient, of: campaign.id)
            list.check(recipient, of: campaign.id)
        }
        violations += list.takeViolations()
    }

    private mutating func check(_ recipient: Recipient, of id: Campaign.ID) {
        let (account, status) = (recipient.account, recipient.status)
        let isAccepted = accepted.contains(account) && !lost.contains(account)
        switch status {
        case .sent:
            if !accepted.contains(account) {
                violated("\(account.text) is sent and was never accepted")
            }
        case .failed:
            // Where the history shows nothing, nobody can know better.
            if isAccepted, !wiped.contains(account) {
                violated("\(account.text) is failed and was accepted")
            }
        case .suppressed:
            if isAccepted, !wiped.contains(account) {
                violated("\(account.text) is suppressed and was accepted")
            }
            if isMaybeAccepted(account, in: id), !absent.contains(account) {
                violated("\(account.text) is suppressed in doubt")
            }
        case .canceled, .expired:
            if isAccepted { violated("\(account.text) is \(status) and was accepted") }
            if isMaybeAccepted(account, in: id) {
                violated("\(account.text) is \(status) in doubt")
            }
        case .unknown:
            if sent.contains(account) { violated("\(account.text) is unknown and was sent") }
        case .queued, .sending, .retrying:
            violated("\(account.text) has no end: \(status)")
        }
        if sent.contains(account), status != .sent {
            violated("\(account.text) was sent: \(status)")
        }
    }
}
