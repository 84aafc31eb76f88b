import DeliveryCore
import DeliveryEngine
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// An adapter that answers anything its types allow: what that costs is a status, never the daemon.
struct HostileProviderTests {
    @Test(arguments: 0..<40)
    func `whatever an adapter answers, every recipient gets a final status`(
        seed: UInt64
    ) async throws {
        var run = try HostileRun(seed: seed)
        for index in 0..<3 { try await run.submit(1 + 10 * index) }
        try await run.finish()
        for campaign in try await run.store.campaigns(
            matching: .init(states: []),
            before: nil,
            limit: 10
        ).campaigns {
            #expect(campaign.state == .completed, "\(campaign.reason?.text.prefix(80) ?? "")")
            #expect(!campaign.counts.hasWork)
            let page = try await run.store.recipients(
                of: campaign.id,
                matching: RecipientFilter(),
                after: nil,
                limit: 100
            )
            #expect(page.recipients.count == campaign.counts.total)
        }
        #expect(run.hostileAnswers > 3)
    }
}

/// The production dispatcher and store, one event after another, with such an adapter.
private struct HostileRun {
    let store: Store
    private var dispatcher: Dispatcher
    private var random: SplitMix64
    private var now = Now(
        instant: Instant(nanoseconds: 1_000_000_000_000),
        timestamp: Timestamp(milliseconds: 1_700_000_000_000)
    )
    private var events: [Dispatcher.Event] = []
    private var wakes: [Instant] = []
    private var requests = 0
    private(set) var hostileAnswers = 0

    /// From then on the adapter does as it should, so that everything can end.
    private static let calmAfter = 150
    var isCalm: Bool { hostileAnswers >= Self.calmAfter }

    init(seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        let options = Store.Options(bootID: "boot", seed: seed, accounts: accountRules)
        store = try Store.inMemory(options: options)
        dispatcher = Dispatcher(limits: Limits(), fingerprint: "f", seed: seed, now: now)
    }

    mutating func submit(_ count: Int) async throws {
        let campaign = NewCampaign(
            id: Campaign.ID(at: now.timestamp, using: &random),
            name: "",
            message: CheckedMessage(json: Array("{}".utf8), packetOverhead: 200),
            settings: Campaign.Settings(onUnknown: pick([.resend, .verify])),
            recipients: AccountRun((0..<count).map { Account("user-\($0)") }),
            start: true
        )
        _ = try await store.create(campaign, now: now)
    }

    /// Lives on until nothing is left to do.
    mutating func finish() async throws {
        events = [.restored(try await store.restore(now: now))]
        var steps = 0
        while steps < 20_000 {
            if events.isEmpty {
                guard let next = wakes.min() else { return }
                wakes.removeAll { $0 <= next }
                pass(max(.zero, now.instant.duration(to: next)))
                events = [.woke]
            }
            steps += 1
            for effect in dispatcher.handle(events.removeFirst(), now: now) {
                try await perform(effect)
            }
        }
        Issue.record("it doesn't end")
    }

    private mutating func pass(_ duration: Duration) {
        now = Now(
            instant: now.instant.advanced(by: duration),
            timestamp: now.timestamp.advanced(by: duration)
        )
    }

    private mutating func perform(_ effect: Dispatcher.Effect) async throws {
        switch effect {
        case .commit(let writes):
            events.append(.committed(try await store.commit(writes, now: now)))
        case .call(let batch): events.append(.answered(batch.id, outcome(batch)))
        case .check(let accounts): events.append(.checked(checkOutcome(accounts)))
        case .jobCall(let id, let call): events.append(.jobAnswered(id, jobAnswer(call)))
        case .renewCredentials: events.append(.credentialsRenewed)
        case .wake(let instant): wakes.append(instant)
        case .report(.campaign(let id, .halted, _)):
            requests += 1
            events.append(.requested(.init(id: requests), .transition(id, .resume)))
        case .report(.service(.halted, _)):
            requests += 1
            events.append(.pauseRequested(.init(id: requests), isPaused: false))
        case .report, .reply, .stopped: break
        }
    }

    // MARK: - What it answers

    private mutating func outcome(_ batch: Batch) -> Outcome {
        guard !isCalm else { return .answered(messageKey: "k", refused: []) }
        hostileAnswers += 1
        return switch pick(0..<4) {
        case 0:
            .answered(
                messageKey: pick([nil, text()]),
                refused: accounts(Array(batch.accounts)).map { account in
                    .init(
                        account: account,
                        code: code(),
                        kind: pick([.retryable, .final, .unconfirmed]),
                        isNamed: pick([true, false])
                    )
                }
            )
        case 1: .refused(refusal(), code: code(), text: text())
        case 2: .notSent(text())
        default: .unknown(unknownCause())
        }
    }

    private mutating func checkOutcome(_ asked: [Account]) -> CheckOutcome {
        guard !isCalm else { return .answered(missing: [], unclear: []) }
        hostileAnswers += 1
        return switch pick(0..<4) {
        case 0: .answered(missing: accounts(asked), unclear: accounts(asked))
        case 1: .refused(refusal(), code: code(), text: text())
        case 2: .notSent(text())
        default: .unknown(unknownCause())
        }
    }

    private mutating func jobAnswer(_ call: JobCall) -> JobAnswer {
        switch call {
        case .check(let accounts): return .check(checkOutcome(accounts))
        case .recall: return .recall(.answered(.missing(code: code())))
        case .lookUp(let lookUp):
            guard !isCalm else { return .lookUp(.answered(HistoryPage(found: nil, next: nil))) }
            hostileAnswers += 1
            return .lookUp(history(lookUp))
        }
    }

    private mutating func history(_ lookUp: LookUp) -> LookUpOutcome {
        switch pick(0..<4) {
        case 0:
            let stranger = CallNumbers(sequence: .max, random: 0)
            let numbers = lookUp.calls.map(\.numbers) + [stranger]
            let found = FoundCall(numbers: pick(numbers), messageKey: pick([nil, text()]))
            let next = HistoryPosition(time: .min, key: [0xFF])
            return .answered(HistoryPage(found: pick([nil, found]), next: pick([nil, next])))
        case 1: return .refused(refusal(), code: code(), text: text())
        case 2: return .notSent(text())
        default: return .unknown(unknownCause())
        }
    }

    private mutating func refusal() -> Outcome.Refusal {
        let wait: Duration = pick([.zero, .seconds(-5), .seconds(Int64.min), .seconds(Int64.max)])
        return pick([
            .retryable, .recipients, .recipientsUnconfirmed, .throttled(atLeast: wait),
            .credentialsExpired, .credentials, .campaign, .tooLarge,
        ])
    }

    private mutating func unknownCause() -> Outcome.UnknownCause {
        pick([
            .timeout, .connectionLost, .interrupted, .http(status: .min), .unreadable,
            .service(code: code()), .unlisted(code: code()), .clockOff(seconds: .min),
        ])
    }

    private mutating func code() -> Int { pick([0, -1, .min, .max, 91_000]) }

    private mutating func text() -> String {
        pick(["", "\0\n\u{1B}[2J", String(repeating: "long ", count: 400)])
    }

    /// Some of those that the call named, some twice, and others.
    private mutating func accounts(_ named: [Account]) -> [Account] {
        let strangers = [
            Account("stranger"), Account(checked: []),
            Account(checked: Array(repeating: 0xFF, count: 300)),
        ]
        let pool = named + strangers
        return (0..<pick(0..<(2 * pool.count))).map { _ in
            pool[Int.random(in: pool.indices, using: &random)]
        }
    }

    private mutating func pick<T>(_ values: [T]) -> T {
        values[Int.random(in: values.indices, using: &random)]
    }

    private mutating func pick(_ range: Range<Int>) -> Int {
        Int.random(in: range, using: &random)
    }
}
