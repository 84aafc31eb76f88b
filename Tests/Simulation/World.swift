package import DeliveryCore
import DeliveryEngine
package import QueueStore

/// One whole life of the service under virtual time: the production dispatcher, the production store
/// in memory, and a model of the provider.
///
/// Its seed decides everything. A crash drops the dispatcher and keeps the rows; what it had asked
/// for is forgotten, and calls that were out arrive at the provider all the same.
package struct World {
    package let seed: UInt64
    package let store: Store
    package var provider: ProviderModel
    package var limits: Limits
    /// Of so many effects one is a crash; nil for none.
    package var crashEvery: Int?

    package private(set) var now: Now
    package private(set) var steps = 0
    package private(set) var calls = 0
    package private(set) var crashes = 0
    package private(set) var resent = 0

    private var agenda = Agenda<Scheduled>()
    private var random: SplitMix64
    private var dispatcher: Dispatcher
    /// Counts the dispatcher's lives: what a former one waited for doesn't reach the next.
    private var life = 0

    private enum Step: Sendable {
        case start
        case event(Dispatcher.Event)
        case commit([Write])
        case arrival(Batch)
    }

    private struct Scheduled: Sendable {
        let life: Int
        let step: Step
    }

    package static let start = Instant(nanoseconds: 1_000_000_000_000)

    package init(
        seed: UInt64,
        limits: Limits = Limits(),
        provider: ProviderModel = ProviderModel(),
        crashEvery: Int? = nil
    ) throws {
        self.seed = seed
        self.limits = limits
        self.provider = provider
        self.crashEvery = crashEvery
        random = SplitMix64(seed: seed)
        now = Now(instant: Self.start, timestamp: Timestamp(milliseconds: 1_700_000_000_000))
        store = try Store.inMemory(options: .init(bootID: "boot", seed: random.next()))
        dispatcher = Dispatcher(
            limits: limits,
            fingerprint: "f",
            seed: random.next(),
            now: now
        )
    }

    // MARK: - Before the start

    /// Adds a running campaign with these accounts.
    package mutating func add(
        _ accounts: [Account],
        settings: Campaign.Settings = Campaign.Settings()
    ) async throws -> Campaign.ID {
        let id = Campaign.ID(at: now.timestamp, using: &random)
        let campaign = NewCampaign(
            id: id,
            name: "seed \(seed)",
            message: CheckedMessage(json: Array("{}".utf8), packetOverhead: 200),
            settings: settings,
            recipients: AccountRun(accounts),
            start: true
        )
        _ = try await store.create(campaign, now: now)
        return id
    }

    // MARK: - Life

    /// Runs until nothing is left to do, or for so long.
    package mutating func run(for duration: Duration = .seconds(100_000)) async throws {
        let end = now.instant.advanced(by: duration)
        schedule(.start, after: .zero)
        while let (at, next) = agenda.next(), at < end {
            advance(to: at)
            guard try await take(next) else { continue }
            steps += 1
        }
    }

    /// Takes one step; false if it belonged to a former life.
    private mutating func take(_ next: Scheduled) async throws -> Bool {
        if case .arrival(let batch) = next.step {
            let outcome = provider.receive(batch, at: now.instant)
            let back = draw(provider.delayOut)
            agenda.add(
                Scheduled(life: next.life, step: .event(.answered(batch.id, outcome))),
                at: now.instant.advanced(by: back)
            )
            return true
        }
        guard next.life == life else { return false }
        switch next.step {
        case .start:
            dispatcher = Dispatcher(
                limits: limits,
                fingerprint: "f",
                seed: random.next(),
                now: now
            )
            hand(.restored(try await store.restore(now: now)))
        case .commit(let writes):
            let results = try await store.commit(writes, now: now)
            // Durable, and the dispatcher may never hear of it.
            if !crashes(of: crashEvery) { hand(.committed(results)) }
        case .event(let event):
            hand(event)
        case .arrival:
            break
        }
        return true
    }

    private mutating func hand(_ event: Dispatcher.Event) {
        for effect in dispatcher.handle(event, now: now) {
            if crashes(of: crashEvery) { return }
            perform(effect)
        }
    }

    private mutating func perform(_ effect: Dispatcher.Effect) {
        switch effect {
        case .commit(let writes):
            schedule(.commit(writes), after: draw(1...8))
        case .call(let batch):
            calls += 1
            schedule(.arrival(batch), after: draw(provider.delayIn))
        case .wake(let instant):
            precondition(instant > now.instant, "seed \(seed): a wake lies in the past")
            agenda.add(Scheduled(life: life, step: .event(.woke)), at: instant)
        case .renewCredentials:
            schedule(.event(.credentialsRenewed), after: draw(1...100))
        case .report(.resent(_, let count)):
            resent += count
        case .reply, .report, .stopped:
            break
        }
    }

    /// Whether the process ends here; it starts again a little later.
    private mutating func crashes(of one: Int?) -> Bool {
        guard let one, Int.random(in: 0..<one, using: &random) == 0 else { return false }
        crashes += 1
        life += 1
        schedule(.start, after: draw(100...5_000))
        return true
    }

    private mutating func schedule(_ step: Step, after delay: Duration) {
        agenda.add(Scheduled(life: life, step: step), at: now.instant.advanced(by: delay))
    }

    private mutating func advance(to instant: Instant) {
        now.timestamp = Timestamp(
            milliseconds: 1_700_000_000_000
                + Self.start.duration(to: instant).milliseconds
        )
        now.instant = instant
    }

    private mutating func draw(_ milliseconds: ClosedRange<Int>) -> Duration {
        let range = milliseconds.lowerBound * 1_000...milliseconds.upperBound * 1_000
        return .microseconds(Int.random(in: range, using: &random))
    }

    // MARK: - Afterwards

    /// Every recipient of a campaign, in the order of their bytes.
    package func recipients(of id: Campaign.ID) async throws -> [Recipient] {
        var all: [Recipient] = []
        var after: Account?
        repeat {
            let page = try await store.recipients(
                of: id,
                matching: RecipientFilter(),
                after: after,
                limit: 1_000
            )
            all += page.recipients
            after = page.next
        } while after != nil
        return all
    }
}
