package import DeliveryCore

/// The provider's behaviour without a network: a call goes in with the time, an envelope comes out.
///
/// It reads no clock and draws no number of its own. It counts a call's recipients against the
/// quota when the call is received and whether or not it is refused, which is the strictest reading
/// of a documentation that doesn't say.
package struct SimulatedProvider: Sendable {
    private let rules: Rules
    private var minute = RollingWindow(span: .seconds(60))
    private var second = RollingWindow(span: .seconds(1))
    private var aligned = (minute: Int64.min, sum: 0)
    private var counts = SimulatorReport()
    /// Fingerprints of (message, account) that were accepted.
    private var acceptedBefore: Set<UInt64> = []
    /// How often a flaky (message, account) was refused.
    private var flakyRefusals: [UInt64: Int] = [:]
    /// The calls of the present second that were accepted for somebody: the very same call again is
    /// dropped in it.
    private var recent = (second: Int64.min, calls: Set<UInt64>())
    private var histories: Histories
    /// The calls of the last second, of the commands beside batchsendmsg.
    private var rates: [SimulatedCommand: RollingWindow] = [:]
    /// What goes wrong; the calls that are to fail are counted down in it.
    package var faults = Faults()

    package struct Rules: Sendable, Hashable {
        /// Recipients in a minute; nil is no quota.
        package var quota: Int?
        package var window: QuotaWindow
        /// A call of which nothing is accepted lists its accounts with their codes.
        package var listsFailures: Bool
        /// Calls of the commands beside batchsendmsg that come too fast are refused.
        package var limitsCalls: Bool
        /// The recipients, one for each message, that the histories remember.
        package var historyLimit: Int

        package init(
            quota: Int? = 12_000,
            window: QuotaWindow = .rolling,
            listsFailures: Bool = false,
            limitsCalls: Bool = true,
            historyLimit: Int = 1_000_000
        ) {
            self.quota = quota
            self.window = window
            self.listsFailures = listsFailures
            self.limitsCalls = limitsCalls
            self.historyLimit = historyLimit
        }
    }

    /// So many next calls are refused with a code.
    package struct Failure: Sendable, Hashable {
        package var code: Int
        package var calls: Int

        package init(code: Int, calls: Int) {
            self.code = code
            self.calls = calls
        }
    }

    package init(rules: Rules = Rules()) {
        self.rules = rules
        histories = Histories(limit: rules.historyLimit)
    }

    package var report: SimulatorReport {
        var report = counts
        report.busiestMinute = minute.busiest
        report.busiestSecond = second.busiest
        return report
    }

    /// Refuses a call that its credentials or its fields spoilt.
    package mutating func refuse(_ refusal: CallRefusal, byteCount: Int, now: Now) -> Envelope {
        count(recipients: refusal.recipients, byteCount: byteCount, now: now)
        return refuse(refusal.code, recipients: max(1, refusal.recipients))
    }

    /// Answers a call whose fields are in order.
    package mutating func receive(
        _ call: BatchSendCall,
        now: Now,
        using random: inout some RandomNumberGenerator
    ) -> Envelope {
        let size = call.accounts.count
        let used = count(recipients: size, byteCount: call.byteCount, now: now)
        if let code = nextFailure() { return refuse(code, recipients: size) }
        if let quota = rules.quota, let used, used > quota {
            return refuse(90057, recipients: size)
        }
        if call.accounts.contains(where: { Fate(of: $0) == .poison }) {
            return refuse(Fate.poisonCode, recipients: size)
        }
        let sequence = call.messageSequence ?? UInt32.random(in: 0...UInt32.max, using: &random)
        let fingerprint = fingerprint(of: call, sequence: sequence)
        forgetCalls(before: now)
        let isRepeat = call.messageSequence != nil && recent.calls.contains(fingerprint)
        let (accepted, refused) = settle(call, isRepeat: isRepeat)
        if !accepted.isEmpty { recent.calls.insert(fingerprint) }
        guard refused.count < size else { return nobody(refused) }
        let key = MessageKey(
            sequence: sequence,
            random: call.messageRandom,
            seconds: seconds(at: now)
        )
        if let message = call.message {
            let kept = accepted.filter { _ in !isWiped(using: &random) }
            histories.add(message, key, to: kept, at: now)
        }
        var envelope = Envelope(
            status: refused.isEmpty ? .ok : .someError,
            messageKey: key.text,
            refused: refused
        )
        envelope.isLost = refused.isEmpty && losesNextAnswer(recipients: size)
        return envelope
    }

    /// Counts down the answers that are to be lost.
    private mutating func losesNextAnswer(recipients: Int) -> Bool {
        guard faults.lostAnswers > 0 else { return false }
        faults.lostAnswers -= 1
        counts.lostAnswers += 1
        counts.unanswered += recipients
        return true
    }

    /// The provider's clock, in seconds since 1970.
    func seconds(at now: Now) -> Int64 {
        now.timestamp.advanced(by: faults.clockOff).milliseconds / 1_000
    }

    private func isWiped(using random: inout some RandomNumberGenerator) -> Bool {
        faults.historyWiped > 0 && Double.random(in: 0..<1, using: &random) < faults.historyWiped
    }

    /// Refuses a call of another command that its credentials or its fields spoilt.
    package mutating func refuse(_ refusal: CallRefusal) -> Envelope {
        refuse(refusal.code, recipients: 1)
    }

    /// Answers a call of another command, which no quota counts; the failure that was set may be
    /// meant for it too.
    package mutating func receive(_ call: NeighbourCall, now: Now) -> [UInt8] {
        rates[call.command, default: RollingWindow(span: .seconds(1))].add(1, at: now.instant)
        do throws(CallRefusal) {
            return try answer(call, now: now)
        } catch {
            return refuse(error).json
        }
    }

    private mutating func answer(
        _ call: NeighbourCall,
        now: Now
    ) throws(CallRefusal) -> [UInt8] {
        // What came later is in no history yet.
        let shown = now.instant.advanced(by: .zero - faults.historyDelay)
        switch call {
        case .accountCheck(let call):
            counts.checked += call.identifiers.count
            try admit(.accountCheck)
            return call.answer
        case .history(let call):
            counts.lookedUp += 1
            try admit(.history)
            return histories.page(call, acceptedBy: shown).json
        case .recall(let call):
            try admit(.recall)
            try histories.recall(call, acceptedBy: shown)
            counts.recalled += 1
            return Envelope(status: .ok).json
        }
    }

    private mutating func admit(_ command: SimulatedCommand) throws(CallRefusal) {
        if faults.areForAllCommands, let code = nextFailure() { throw CallRefusal(code) }
        let calls = rates[command]?.sum ?? 0
        if rules.limitsCalls, calls > command.callsPerSecond { throw CallRefusal(60007) }
    }

    /// Counts what was received; returns what the quota's window holds with it, nil without one.
    @discardableResult
    private mutating func count(recipients: Int, byteCount: Int, now: Now) -> Int? {
        counts.calls += 1
        counts.recipients += recipients
        counts.largestBatch = max(counts.largestBatch, recipients)
        counts.largestPacketBytes = max(counts.largestPacketBytes, byteCount)
        minute.add(recipients, at: now.instant)
        second.add(recipients, at: now.instant)
        let wallMinute = now.timestamp.milliseconds / 60_000
        if wallMinute != aligned.minute { aligned = (wallMinute, 0) }
        aligned.sum += recipients
        return switch rules.window {
        case .rolling: minute.sum
        case .minute: aligned.sum
        case .off: nil
        }
    }

    private mutating func nextFailure() -> Int? {
        guard let failure = faults.failure, failure.calls > 0 else { return nil }
        faults.failure?.calls -= 1
        return failure.code
    }

    private mutating func refuse(_ code: Int, recipients: Int) -> Envelope {
        counts.refusals[code, default: 0] += recipients
        return .fail(code)
    }

    private mutating func forgetCalls(before now: Now) {
        let second = now.timestamp.milliseconds / 1_000
        if second != recent.second { recent = (second, []) }
    }

    private func fingerprint(of call: BatchSendCall, sequence: UInt32) -> UInt64 {
        var hash = Fingerprint(call.content)
        for number in [sequence, call.messageRandom] {
            hash.add((0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) })
        }
        for account in call.accounts { hash.add(account) }
        return hash.value
    }

    /// Carries the accounts' fates out; a repeat accepts nobody again.
    private mutating func settle(
        _ call: BatchSendCall,
        isRepeat: Bool
    ) -> (accepted: [[UInt8]], refused: [Envelope.Refused]) {
        var accepted: [[UInt8]] = []
        var refused: [Envelope.Refused] = []
        for account in call.accounts {
            var hash = Fingerprint(call.content)
            hash.add(account)
            if let code = refusal(of: account, fingerprint: hash.value) {
                counts.refusals[code, default: 0] += 1
                refused.append(Envelope.Refused(account: account, code: code))
            } else if !isRepeat {
                counts.accepted += 1
                accepted.append(account)
                if !acceptedBefore.insert(hash.value).inserted { counts.acceptedTwice += 1 }
            }
        }
        return (accepted, refused)
    }

    private mutating func refusal(of account: [UInt8], fingerprint: UInt64) -> Int? {
        switch Fate(of: account) {
        case .accepted, .unclear: return nil
        case .missing: return Fate.missingCode
        case .poison: return Fate.poisonCode
        case .refused(let code): return code
        case .flaky(let times, let code):
            let before = flakyRefusals[fingerprint, default: 0]
            guard before < times else { return nil }
            flakyRefusals[fingerprint] = before + 1
            return code
        }
    }

    /// The answer to a call of which nothing was accepted.
    private func nobody(_ refused: [Envelope.Refused]) -> Envelope {
        let areAllMissing = refused.allSatisfy { Fate(of: $0.account) == .missing }
        let code = areAllMissing ? 90012 : refused.first?.code ?? 90012
        return .fail(code, refused: rules.listsFailures ? refused : [])
    }
}
