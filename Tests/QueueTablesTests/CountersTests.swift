import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Random writes of a few campaigns; after each the counters must equal a recount.
@Suite struct CountersTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases, 1...6)
    func `counters, pages and lookups agree after any writes`(
        kind: StoreKind,
        seed: UInt64
    ) async throws {
        // A file's walk is another one, since nothing of it depends on the store.
        let seed = seed + (kind == .sqliteFile ? 6 : 0)
        var walk = try await Walk(try stores.make(kind, seed: seed), seed: seed)
        for step in 0..<150 {
            try await walk.step()
            if step % 5 == 0 { try await walk.check("seed \(seed), step \(step)") }
        }
        try await walk.check("seed \(seed), end")
    }
}

private struct Walk {
    let store: Store
    var random: SplitMix64
    var open: [Batch.ID: [Account]] = [:]
    var seconds: Int64 = 1
    /// How many retries have put back.
    var requeued = 0
    /// Who must not be addressed.
    var suppressed: Set<Account> = []
    let ids = [makeID(1), makeID(2)]

    init(_ store: Store, seed: UInt64) async throws {
        self.store = store
        random = SplitMix64(seed: seed)
        for (index, id) in ids.enumerated() {
            let accounts = makeAccounts(40 + 30 * index).shuffled(using: &random)
            let campaign = makeNewCampaign(id, accounts: accounts)
            _ = try await store.create(campaign, now: at(0))
        }
    }

    mutating func step() async throws {
        seconds += Int64.random(in: 0...3, using: &random)
        let id = ids.randomElement(using: &random) ?? makeID()
        if Int.random(in: 0..<8, using: &random) == 0 { return try await keepList() }
        if Int.random(in: 0..<5, using: &random) == 0 { return try await goOn(with: id) }
        let write = write(id)
        let result = try await store.commit(write, now: at(Double(seconds)))
        if case .claimed(let batch?, _) = result {
            open[batch.id] = Array(batch.accounts)
            #expect(suppressed.isDisjoint(with: batch.accounts))
        }
        if case .changed(.success(let change)) = result { requeued += change.requeued }
        if case .recorded(_, let opened) = result {
            for batch in opened { open[batch.id] = [] }
        }
    }

    private mutating func write(_ id: Campaign.ID) -> Write {
        let batches = open.keys.sorted()
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<5: return makeClaim(id, accountLimit: Int.random(in: 1...9, using: &random))
        case 5..<7: return makeClaim(id, source: .dueRetries, accountLimit: 4)
        case 7..<15:
            guard let batch = batches.randomElement(using: &random) else { return makeClaim(id) }
            return makeRecord(batch, resolution(batch))
        case 15..<18:
            guard let batch = batches.randomElement(using: &random) else { return makeClaim(id) }
            return makeReclaim(batch)
        case 18:
            let transitions: [Campaign.Transition] = [
                .pause, .resume, .resume, .resume, .cancel, .expire,
                .halt(Campaign.Reason(code: 1, text: "no")),
            ]
            return .transition(id, transitions.randomElement(using: &random) ?? .pause)
        default:
            let codes = Bool.random(using: &random) ? [] : [70_107]
            let isOfAll = Bool.random(using: &random)
            return .retry(id, RetryFilter(suppressed: isOfAll, codes: codes))
        }
    }

    /// Puts some on the suppression list, or takes most off it.
    private mutating func keepList() async throws {
        let now = at(Double(seconds))
        if suppressed.count > 12 {
            for account in suppressed.sorted().dropFirst(3) {
                #expect(try await store.unsuppress(account, now: now))
                suppressed.remove(account)
            }
        }
        let some = makeAccounts(70).filter { _ in Int.random(in: 0..<12, using: &random) == 0 }
        try await store.suppress(some, now: now)
        suppressed.formUnion(some)
    }

    private mutating func resolution(_ batch: Batch.ID) -> Resolution {
        let dueAt = at(Double(seconds + 2)).timestamp
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            var verdicts: [Resolution.AccountVerdict] = []
            for account in open[batch] ?? [] where Bool.random(using: &random) {
                let kinds: [Verdict] = [
                    .failed, .retry(dueAt: dueAt), .retry(dueAt: dueAt), .unknown,
                ]
                let kind = kinds.randomElement(using: &random) ?? .failed
                let code = Bool.random(using: &random) ? 70_107 : 91_000
                verdicts.append(makeVerdict(account, kind, code: code))
            }
            return .settled(messageKey: "key", verdicts: verdicts)
        case 4:
            return .lookedUp(from: dueAt, info: "timeout", code: nil)
        case 5: return .unknown(info: "timeout", code: nil)
        case 6: return .held(dueAt: dueAt)
        case 7..<9: return .repeated(dueAt: dueAt, info: "HTTP 502", code: nil)
        default: return .split(Bool.random(using: &random) ? .refused : .tooLarge)
        }
    }

    /// Asks a job of a campaign who is next, and records what became of some of them.
    private mutating func goOn(with id: Campaign.ID) async throws {
        let kinds: [Job.Kind] = [.settle, .settle, .verify, .recall]
        let kind = kinds.randomElement(using: &random) ?? .settle
        let now = at(Double(seconds))
        if kind != .settle { try await store.commit(makeStart(kind, of: id), now: now) }
        let asked = makeStep(kind, of: id, walk: 7, due: now, dueLimit: 5)
        let step = try await store.step(asked, now: now)
        let walked = step.walked.prefix(Int.random(in: 0...7, using: &random))
        let due = step.due.filter { _ in Bool.random(using: &random) }
        let results = (walked + due).map { target in
            JobResult(account: target.account, verdict: verdict(kind, on: target))
        }
        let isLast = step.next == nil && walked.count == step.walked.count
        let recorded = try await store.step(
            makeStep(
                kind,
                of: id,
                results: results,
                cursor: walked.last?.account,
                end: isLast ? .completed : nil
            ),
            now: now
        )
        let settled = results.count { if case .deferred = $0.verdict { false } else { true } }
        #expect(recorded.tally.done == settled)
        if kind == .verify {
            // Those who were unknown end once more.
            requeued += results.count {
                switch $0.verdict {
                case .found, .refused: true
                default: false
                }
            }
        }
        if Bool.random(using: &random) { try await store.commit(.stopJob(id, kind), now: now) }
    }

    private mutating func verdict(_ kind: Job.Kind, on target: JobTarget) -> JobResult.Verdict {
        let later = at(Double(seconds + 3)).timestamp
        let isFailure = Bool.random(using: &random)
        let choice = Int.random(in: 0..<6, using: &random)
        if choice == 0 { return .deferred(until: later, isFailure: isFailure) }
        if kind == .recall {
            return choice == 1 ? .gone(code: 20_022) : .recalled(code: choice == 2 ? 20_023 : 0)
        }
        switch choice {
        case 1: return .unclear(nil)
        case 2: return .refused(code: 90_003)
        case 3: return target.calls.last.map { .found(makeFound($0)) } ?? .unclear("too old")
        default: return .absent(dueAt: choice == 4 ? later : nil)
        }
    }

    func check(_ place: String) async throws {
        try await checkFigures(place)
        for id in ids {
            let campaign = try #require(try await store.campaign(id))
            let all = try await store.everybody(of: id)
            var recount = Counts()
            var failures: [Int: Int] = [:]
            for recipient in all {
                recount.add(recipient.status)
                if recipient.status == .failed { failures[recipient.code ?? 0, default: 0] += 1 }
                let single = try await store.recipient(recipient.account, of: id)
                #expect(single == recipient, "\(place)")
            }
            #expect(campaign.counts == recount, "\(place)")
            #expect(campaign.failures.map(\.code) == failures.keys.sorted(), "\(place)")
            #expect(campaign.failures.map(\.count).reduce(0, +) == recount.failed, "\(place)")
            #expect(all.map(\.account) == all.map(\.account).sorted(), "\(place)")
            #expect(all.count == (id == ids[0] ? 40 : 70), "\(place)")
            for status in Recipient.Status.allCases {
                let filter = RecipientFilter(statuses: [status])
                let some = try await store.everybody(of: id, matching: filter, pageSize: 3)
                #expect(some == all.filter { $0.status == status }, "\(place), \(status)")
            }
            for recall in Recipient.Recall.allCases {
                let filter = RecipientFilter(recalls: [recall])
                let some = try await store.everybody(of: id, matching: filter, pageSize: 3)
                #expect(some == all.filter { $0.recall == recall }, "\(place), \(recall)")
            }
            #expect(all.allSatisfy { $0.recall == nil || $0.status == .sent }, "\(place)")
            let failed = RecipientFilter(codes: [70_107])
            let some = try await store.everybody(of: id, matching: failed)
            #expect(some == all.filter { $0.code == 70_107 }, "\(place)")
            #expect((campaign.finishedAt != nil) == (campaign.state.isFinal && !recount.hasWork))
        }
    }

    /// What metrics say of the whole is what the campaigns add up to.
    private func checkFigures(_ place: String) async throws {
        var standing = QueueStanding()
        var ended = 0
        for id in ids {
            let campaign = try #require(try await store.campaign(id))
            let counts = campaign.counts
            standing.campaigns[campaign.state, default: 0] += 1
            if !campaign.state.isFinal {
                standing.recipients += counts.queued + counts.sending + counts.retrying
            }
            ended +=
                counts.sent + counts.failed + counts.unknown + counts.canceled + counts.expired
                + counts.suppressed
        }
        let shown = try await store.standing()
        #expect(shown.campaigns == standing.campaigns, "\(place)")
        #expect(shown.recipients == standing.recipients, "\(place)")
        #expect(store.ended.total == ended + requeued, "\(place)")
    }
}

extension Counts {
    mutating func add(_ status: Recipient.Status) {
        switch status {
        case .queued: queued += 1
        case .sending: sending += 1
        case .retrying: retrying += 1
        case .sent: sent += 1
        case .failed: failed += 1
        case .unknown: unknown += 1
        case .canceled: canceled += 1
        case .expired: expired += 1
        case .suppressed: suppressed += 1
        }
    }
}
