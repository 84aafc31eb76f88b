import DeliveryCore
import DeliveryEngine
import Synchronization
import TencentIM
import TencentIMSimulator
import TestSupport

/// The simulated provider at the end of a wire that delays and loses: what goes out is what the real
/// encoder writes, and what comes back is what the real decoder reads.
final class WiredProvider: Provider {
    private struct State {
        var provider: SimulatedProvider
        var random: SplitMix64
        var record: Record
    }

    private let time: VirtualTime
    private let limits: Limits
    private let state: Mutex<State>
    /// Calls are lost and answers garbled until then.
    private let calmAt: Instant

    init(
        _ rules: SimulatedProvider.Rules,
        time: VirtualTime,
        limits: Limits,
        calmAt: Instant,
        seed: UInt64
    ) {
        self.time = time
        self.limits = limits
        self.calmAt = calmAt
        state = Mutex(
            State(
                provider: SimulatedProvider(rules: rules),
                random: SplitMix64(seed: seed),
                record: Record()
            )
        )
    }

    /// What was seen from outside.
    var record: Record { state.withLock { $0.record } }
    var report: SimulatorReport { state.withLock { $0.provider.report } }

    func note(_ body: (inout Record) -> Void) {
        state.withLock { body(&$0.record) }
    }

    /// How one call goes.
    private enum Fate {
        case well
        case notSent
        case lost
        case answerLost
        case garbled
    }

    private func draw() -> (fate: Fate, delay: Duration) {
        let isCalm = time.now().instant >= calmAt
        return state.withLock { state in
            let delay = Duration.milliseconds(Int.random(in: 1...150, using: &state.random))
            guard !isCalm else { return (.well, delay) }
            let fate: Fate =
                switch Int.random(in: 0..<40, using: &state.random) {
                case 0: .notSent
                case 1: .lost
                case 2: .answerLost
                case 3: .garbled
                default: .well
                }
            return (fate, delay)
        }
    }

    func send(_ batch: Batch) async -> Outcome {
        note { $0.called(batch, limits: limits) }
        let (fate, delay) = draw()
        let outcome: Outcome
        switch fate {
        case .notSent:
            await time.wait(delay)
            outcome = .notSent("refused")
        case .lost:
            await time.wait(limits.callTimeout)
            outcome = .unknown(.timeout)
        case .answerLost:
            await time.wait(delay)
            _ = receive(batch)
            await time.wait(limits.callTimeout - delay)
            outcome = .unknown(.timeout)
        case .well, .garbled:
            await time.wait(delay)
            var answer = receive(batch)
            await time.wait(delay)
            if fate == .garbled { answer.removeLast(answer.count / 2) }
            outcome = Answer.outcome(of: answer, to: batch.accounts)
        }
        note { record in
            record.heard(outcome, of: batch)
            if case .unknown = outcome { record.unknown(batch) }
        }
        return outcome
    }

    /// A call arrives: what the provider answers, byte for byte.
    private func receive(_ batch: Batch) -> [UInt8] {
        let body = RequestBody.encode(batch)
        let now = time.now()
        return state.withLock { state in
            let envelope: TencentIMSimulator.Envelope
            do throws(CallRefusal) {
                let call = try BatchSendCall(parsing: body, packetLimit: .max)
                envelope = state.provider.receive(call, now: now, using: &state.random)
                if call.accounts != batch.accounts.map(\.bytes) {
                    state.record.violated("a call names others than its batch")
                }
            } catch {
                state.record.violated("a call is refused as malformed, with code \(error.code)")
                envelope = state.provider.refuse(error, byteCount: body.count, now: now)
            }
            if envelope.status != .fail {
                let refused = Set(envelope.refused.map(\.account))
                let accepted = batch.accounts.filter { !refused.contains($0.bytes) }
                state.record.accepted(accepted, of: batch, isLate: false)
            }
            return envelope.json
        }
    }

    func check(_ accounts: [Account]) async -> CheckOutcome {
        await time.wait(draw().delay)
        guard !accounts.isEmpty else { return .answered(missing: [], unclear: []) }
        var missing: [Account] = []
        var unclear: [Account] = []
        for check in AccountCheck.all(of: accounts) {
            switch check.outcome(of: answer(to: .accountCheck, check.body)) {
            case .answered(let gone, let open):
                missing += gone
                unclear += open
            case let other: return other
            }
        }
        return .answered(missing: missing, unclear: unclear)
    }

    func lookUp(_ lookUp: LookUp) async -> LookUpOutcome {
        let question = HistoryQuestion(lookUp, administrator: Self.administrator)
        return await ask(.history, question.body) { question.outcome(of: $0, clockLead: 0) }
    }

    func recall(_ recall: Recall) async -> RecallOutcome {
        let request = RecallRequest(recall, administrator: Self.administrator)
        return await ask(.recall, request.body) { RecallRequest.outcome(of: $0) }
    }

    /// The name by which the simulated provider goes where a message names no sender.
    private static let administrator = "administrator"

    /// Makes the call of a job, which is lost and garbled as batches are.
    private func ask<Answer>(
        _ command: SimulatedCommand,
        _ body: [UInt8],
        _ read: ([UInt8]) -> JobOutcome<Answer>
    ) async -> JobOutcome<Answer> {
        let (fate, delay) = draw()
        switch fate {
        case .notSent:
            await time.wait(delay)
            return .notSent("refused")
        case .lost:
            await time.wait(limits.callTimeout)
            return .unknown(.timeout)
        case .answerLost:
            await time.wait(delay)
            _ = answer(to: command, body)
            await time.wait(limits.callTimeout - delay)
            return .unknown(.timeout)
        case .well, .garbled:
            await time.wait(delay)
            var answer = answer(to: command, body)
            await time.wait(delay)
            if fate == .garbled { answer.removeLast(answer.count / 2) }
            return read(answer)
        }
    }

    private func answer(to command: SimulatedCommand, _ body: [UInt8]) -> [UInt8] {
        state.withLock { state in
            do throws(CallRefusal) {
                let call = try NeighbourCall(command, parsing: body)
                return state.provider.receive(call, now: time.now())
            } catch {
                return state.provider.refuse(error).json
            }
        }
    }

    func renewCredentials() async {}
}

extension VirtualTime {
    /// Lets so much time pass; a cancelled task doesn't wait.
    func wait(_ duration: Duration) async {
        do {
            try await sleep(until: now().instant.advanced(by: duration))
        } catch {
            // Cancelled: whoever waited goes on to its end.
        }
    }
}
