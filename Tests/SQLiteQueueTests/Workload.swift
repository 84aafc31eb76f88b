import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport

/// What the daemon does to a store, drawn from a seed: everything that writes, in any order.
///
/// A step may be tried again after it failed; only one that succeeded is learnt from.
struct Workload {
    private var random: SplitMix64
    private var seconds: Int64 = 0
    private var campaigns: [Campaign.ID] = []
    private let firstCampaign: UInt64
    private var flying: [Batch] = []
    private var open: [Batch.ID] = []

    init(seed: UInt64, firstCampaign: UInt64 = 1) {
        random = SplitMix64(seed: seed)
        self.firstCampaign = firstCampaign
    }

    enum Step {
        case create(NewCampaign, KeyedRequest?)
        case take(AccountRun, Campaign.ID)
        case commit([Write])
    }

    enum Answer {
        case created
        case taken(Taken)
        case results([WriteResult])
    }

    var now: Now { at(Double(seconds)) }

    mutating func next() -> Step {
        seconds += 1
        switch draw(12) {
        case 0: return .create(makeNext(), nil)
        case 1: return .create(makeNext(), keyedRequest(Int(seconds)))
        case 2 where !campaigns.isEmpty: return .take(run(), anyCampaign())
        case 3 where !campaigns.isEmpty: return .commit([change()])
        case _ where campaigns.isEmpty: return .create(makeNext(), nil)
        default: return .commit((0...draw(3)).map { _ in write() })
        }
    }

    mutating func learn(_ answer: Answer) {
        guard case .results(let results) = answer else { return }
        for result in results {
            switch result {
            case .claimed(let batch?, _): flying.append(batch)
            case .recorded(_, let opened): open += opened.map(\.id)
            case .changed(.success(let change)): open.removeAll { change.closed.contains($0) }
            case .claimed, .changed, .done, .swept, .stepped, .failed: break
            }
        }
    }

    /// Goes on after a restart.
    mutating func learn(_ restored: Restored) {
        flying = restored.inFlight
        open = restored.open.map(\.id)
    }

    // MARK: Drawing

    private mutating func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private mutating func anyCampaign() -> Campaign.ID { campaigns[draw(campaigns.count)] }

    private mutating func run() -> AccountRun {
        var accounts: [Account] = []
        for _ in 0..<draw(40) { accounts.append(Account("user-\(draw(500))")) }
        return AccountRun(accounts)
    }

    private mutating func makeNext() -> NewCampaign {
        let id = makeID(firstCampaign + UInt64(campaigns.count))
        campaigns.append(id)
        var campaign = makeNewCampaign(id, start: draw(4) > 0)
        campaign.recipients = run()
        return campaign
    }

    func keyedRequest(_ number: Int) -> KeyedRequest {
        let key = KeyedRequest.Key(caller: "ops", bytes: Array("key-\(number)".utf8))
        let digest = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)
        return KeyedRequest(key: key, digest: digest) { Array("\($0.counts.total)".utf8) }
    }

    private mutating func change() -> Write {
        let id = anyCampaign()
        switch draw(15) {
        case 11: return .startJob(id, anyKind(), JobTerms(historySince: Timestamp(milliseconds: 0)))
        case 12: return .stopJob(id, anyKind())
        case 13, 14: return .stepJob(step(of: id))
        case 0: return .transition(id, .cancel)
        case 1: return .transition(id, .pause)
        case 2: return .transition(id, .expire)
        case 3: return .transition(id, .halt(Campaign.Reason(code: 90_001, text: "refused")))
        case 4: return .delete(id)
        case 5:
            var patch = CampaignPatch()
            patch.name = "Name \(draw(100))"
            patch.messagesPerMinute = .some(draw(100) + 1)
            return .patch(id, patch)
        case 6:
            var service = ServiceRecord()
            service.isPaused = draw(2) == 0
            return .service(service)
        case 7, 8:
            let time = draw(4) == 0 ? now.timestamp.advanced(by: .seconds(-50)) : nil
            return .sweep(Write.Sweep(untouchedSince: time))
        default: return .retry(id, RetryFilter(unknown: draw(2) == 0))
        }
    }

    private mutating func anyKind() -> Job.Kind { Job.Kind.requested[draw(3)] }

    /// A step that may be about anybody: what it can't be about isn't recorded.
    private mutating func step(of id: Campaign.ID) -> JobStep {
        var step = JobStep(campaign: id, kind: Job.Kind.allCases[draw(4)])
        step.walk = JobStep.Walk(after: nil, limit: 9)
        step.due = JobStep.Due(by: now.timestamp, limit: 9)
        step.results = (0..<draw(9)).map { _ in
            JobResult(account: Account("user-\(draw(500))"), verdict: verdict(of: step.kind))
        }
        return step
    }

    private mutating func verdict(of kind: Job.Kind) -> JobResult.Verdict {
        let numbers = CallNumbers(sequence: 1, random: 1)
        switch (kind, draw(3)) {
        case (.check, 0): return .present
        case (.check, _): return .missing
        case (_, 0): return .deferred(until: now.timestamp, isFailure: true)
        case (.recall, 1): return .recalled(code: 0)
        case (.recall, _): return .gone(code: 20_022)
        case (_, 1): return .found(FoundCall(numbers: numbers, messageKey: "found-\(seconds)"))
        case (_, _): return .absent(dueAt: now.timestamp)
        }
    }

    private mutating func write() -> Write {
        switch draw(6) {
        case 0 where !flying.isEmpty, 1 where !flying.isEmpty:
            let batch = flying.remove(at: draw(flying.count))
            let releaseAt = now.instant.advanced(by: .seconds(60))
            return makeRecord(batch.id, resolution(of: batch), releaseAt: releaseAt)
        case 2 where !open.isEmpty: return makeReclaim(open.remove(at: draw(open.count)))
        case 3: return .transition(anyCampaign(), draw(2) == 0 ? .start : .resume)
        case 4: return makeClaim(anyCampaign(), source: .dueRetries, accountLimit: draw(9) + 1)
        default: return makeClaim(anyCampaign(), accountLimit: draw(9) + 1)
        }
    }

    private mutating func resolution(of batch: Batch) -> Resolution {
        let dueAt = now.timestamp.advanced(by: .seconds(1))
        switch draw(8) {
        case 0: return .held(dueAt: dueAt)
        case 1: return .repeated(dueAt: dueAt, info: "timeout", code: nil)
        case 2: return .split(draw(2) == 0 ? .refused : .tooLarge)
        case 3 where draw(2) == 0:
            return .lookedUp(from: now.timestamp, info: "timeout", code: 504)
        case 3: return .unknown(info: "timeout", code: 504)
        default:
            var verdicts: [Resolution.AccountVerdict] = []
            for account in batch.accounts where draw(3) == 0 {
                let verdict = [Verdict.failed, .unknown, .retry(dueAt: dueAt)][draw(3)]
                verdicts.append(makeVerdict(account, verdict))
            }
            return .settled(messageKey: "key-\(seconds)", verdicts: verdicts)
        }
    }
}

extension Store {
    func perform(
        _ step: Workload.Step,
        now: Now
    ) async throws(QueueError) -> Workload.Answer {
        switch step {
        case .create(let campaign, let request):
            _ = try await create(campaign, for: request, now: now)
            return .created
        case .take(let run, let id):
            do throws(IntakeError) {
                return .taken(try await take(run, into: id, now: now))
            } catch .queue(let error) {
                throw error
            } catch {
                // The campaign is no draft, or deleted.
                return .taken(Taken(accepted: 0, duplicates: 0, total: 0))
            }
        case .commit(let writes): return .results(try await commit(writes, now: now))
        }
    }
}
