package import DeliveryCore
import DeliveryEngine
package import QueueTables
import SQLiteQueue
import TestSupport

/// One whole life of the service under virtual time: the production dispatcher, the production store
/// in memory, and a model of the provider.
///
/// Its seed decides everything. A crash drops the dispatcher and keeps the rows; what it had asked
/// for is forgotten, and calls that were out arrive at the provider all the same.
package struct World {
    package let seed: UInt64
    package internal(set) var store: Store
    package var provider: ProviderModel
    package var limits: Limits
    /// Of so many effects one is a crash; nil for none.
    package var crashEvery: Int?
    package var faults = Faults()
    package var record = Record()
    var promises = Promises()
    var tally = TrafficTally()
    var telling = Telling()
    /// Where stores come from; nil where one node is alone with its store.
    let terms: (any Terms)?
    /// Whether the store is the world's own, which has the hook that is told everything.
    let hasHook: Bool
    var doubts = Doubts()
    var streams: [Stream] = []
    /// Campaigns that clients submitted while others ran, and when they were told that they were.
    package var submissions: [(id: Campaign.ID, at: Instant)] = []
    /// A mistake planted on purpose, to see that it is caught.
    package var sabotage: Sabotage?
    package var story = Story()

    /// What the process reads from its clocks.
    package internal(set) var now: Now
    /// What the provider's clock reads, which never steps.
    package private(set) var real: Instant = Self.start
    package private(set) var steps = 0
    package private(set) var calls = 0
    package internal(set) var crashes = 0
    package private(set) var resent = 0

    var agenda = Agenda<Scheduled>()
    var random: SplitMix64
    var dispatcher: Dispatcher
    /// Counts the dispatcher's lives: what a former one waited for doesn't reach the next.
    var life = 0
    var isUp = false
    /// The machines, and which of them the process runs on.
    var nodes: [Node]
    var node = 0
    /// When the last acknowledged commit was begun.
    var provenAt: Instant = Self.start
    /// Until when it isn't known whether a commit was made.
    var doubtUntil: Instant = Self.start
    /// The process, while it is stopped and nobody has taken over.
    var sleep: Sleep?
    /// A leader that was stopped for so long that another one leads.
    var stale: StaleLeader?
    /// For how long the process is stopped after its next commit.
    var stopsFor: Duration?
    /// How the world was when the database's rows were kept.
    var kept: Kept?
    /// Whether the database has gone back, and no term has begun since.
    var hasGoneBack = false
    package internal(set) var termFigures = TermFigures()
    var wallOffset: Duration = .zero {
        didSet { if wallOffset != oldValue { doubts.forget() } }
    }
    var outageUntil: Instant = Self.start
    var campaigns: [Campaign.ID] = []
    var requests = 0
    var highest: Limits
    /// The calls that are out, and when they were made.
    var out: [Batch.ID: Instant] = [:]
    /// What the quota was when, and each campaign's cap.
    var quotas: LimitHistory
    var caps: [Campaign.ID: LimitHistory] = [:]
    package var ticks = 0
    /// Calls of jobs that went out, by kind.
    var jobCalls = JobCalls()

    enum Step: Sendable {
        case start
        case event(Dispatcher.Event)
        case commit([Write])
        /// The answer to a commit that was begun at an instant comes.
        case committed([(write: Write, result: WriteResult)], begunAt: Instant)
        /// What a stopped process had still to do, decided at a time.
        case effects([Dispatcher.Effect], decidedAt: Now)
        case takeOver
        case wakeUp
        case goBack
        case arrival(Batch, Faults.CallFate)
        /// The world's own turn: operators, clocks, outages.
        case tick
        case client(Int)
        case planned(Planned)
        case moment(Story.Moment)
    }

    struct Scheduled: Sendable {
        let life: Int
        let step: Step
    }

    /// What a test lets happen at a time of its choice.
    package enum Planned: Sendable {
        case crash
        /// An operator asks for a change.
        case request(Write)
        /// The wall clock is set so far from the true time.
        case clock(Duration)
        /// A client submits a campaign.
        case submit([Account], Campaign.Settings)
        /// An operator puts accounts on the list of those that must not be addressed, or takes one
        /// off it.
        case suppress([Account])
        case unsuppress(Account)
        /// The process is stopped for so long, after its next commit.
        case stop(Duration)
        /// The database loses all that is committed in so long a time from now on.
        case lose(Duration)
    }

    package static let start = at(0).instant

    /// A world on a store of the test's own, or else on one in memory.
    package init(
        seed: UInt64,
        limits: Limits = Limits(),
        provider: ProviderModel = ProviderModel(),
        crashEvery: Int? = nil,
        store: Store? = nil,
        terms: (any Terms)? = nil
    ) throws {
        self.seed = seed
        self.limits = limits
        self.provider = provider
        self.crashEvery = crashEvery
        highest = limits
        quotas = LimitHistory(limits.messagesPerMinute, at: Self.start)
        random = SplitMix64(seed: seed)
        now = at(0)
        let options = Self.options(bootID: "boot", seed: random.next())
        hasHook = store == nil
        self.terms = terms
        nodes = [Node(name: "boot", bootedAt: Self.start, reading: Self.start)]
        if let terms {
            self.store = try terms.begin(options, lacksCalls: false)
            for name in ["second", "third"] {
                let reading = Int64.random(in: 5...1_000_000, using: &random) * 1_000_000_000
                nodes.append(
                    Node(
                        name: name,
                        bootedAt: Self.start,
                        reading: Instant(nanoseconds: reading)
                    )
                )
            }
        } else {
            self.store = try store ?? Store.inMemory(options: options)
        }
        if hasHook { self.store.subscribe([Telling.subscription]) }
        dispatcher = Dispatcher(
            limits: limits,
            fingerprint: story.fingerprint,
            zones: Self.zones,
            seed: random.next(),
            now: now
        )
    }

    // MARK: - Before the start

    /// Adds a running campaign with these accounts.
    package mutating func add(
        _ accounts: [Account],
        settings: Campaign.Settings = Campaign.Settings(),
        packetOverhead: Int = 200
    ) async throws -> Campaign.ID {
        let message = CheckedMessage(json: Array("{}".utf8), packetOverhead: packetOverhead)
        return try await create(accounts, message, settings: settings, start: true).campaign.id
    }

    /// Stores a campaign, and writes down that whoever submitted it was told so.
    mutating func create(
        _ accounts: [Account],
        _ message: CheckedMessage = CheckedMessage(json: Array("{}".utf8), packetOverhead: 200),
        settings: Campaign.Settings,
        start: Bool
    ) async throws -> Created {
        let id = Campaign.ID(at: now.timestamp, using: &random)
        let campaign = NewCampaign(
            id: id,
            name: "seed \(seed)",
            message: message,
            settings: settings,
            recipients: AccountRun(accounts),
            start: start
        )
        let created = try await store.create(campaign, now: now)
        campaigns.append(id)
        record.add(id, settings.onUnknown)
        promises.created(created.campaign, accounts)
        telling.created(created.campaign)
        doubts.add(id, at: real)
        caps[id] = LimitHistory(settings.messagesPerMinute ?? .max, at: real)
        return created
    }

    // MARK: - Life

    /// Runs until nothing is left to do, or for so long.
    package mutating func run(for duration: Duration = .seconds(100_000)) async throws {
        let end = real.advanced(by: duration)
        schedule(.start, after: .zero)
        if faults.hasTicks { schedule(.tick, after: .seconds(5)) }
        while let (at, next) = agenda.next() {
            guard at < end else { return }
            try await wonder(before: at)
            advance(to: at)
            guard try await take(next) else { continue }
            steps += 1
        }
        promises.ended()
    }

    /// Whether things still go wrong.
    var isTroubled: Bool { real < Self.start.advanced(by: faults.duration) }

    /// Takes one step; false if it belonged to a former life.
    private mutating func take(_ next: Scheduled) async throws -> Bool {
        switch next.step {
        case .arrival(let batch, let fate):
            arrive(batch, fate, life: next.life)
            return true
        case .tick:
            try await tick()
            return true
        case .client(let index):
            try await turn(ofClient: index)
            return true
        case .planned(let planned):
            if isUp { try await carryOut(planned) }
            return true
        case .moment(let moment):
            try await live(moment)
            return true
        case .goBack:
            try await goBack()
            return true
        case .takeOver:
            if next.life == life { takeOver() }
            return true
        case .wakeUp:
            wakeUp(next.life)
            return true
        case .start, .event, .commit, .committed, .effects:
            guard try await isForThisLife(next) else { return false }
        }
        switch next.step {
        case .start: try await start()
        case .commit(let writes): try await commit(writes)
        case .committed(let pairs, let begunAt): hear(pairs, begunAt: begunAt)
        case .effects(let effects, let decidedAt): perform(effects, decidedAt: decidedAt)
        case .event(let event):
            let clock = clock(of: event)
            if case .answered(let id, let outcome) = event { hear(id, outcome) }
            hand(event, at: clock)
            if case .answered(let id, let outcome) = event { note(id, outcome) }
        case .arrival, .tick, .client, .planned, .moment, .goBack, .takeOver, .wakeUp: break
        }
        return true
    }

    private mutating func start() async throws {
        if faults.changesAtRestart, chance(4) { drawLimits() }
        dispatcher = Dispatcher(
            limits: limits,
            fingerprint: story.fingerprint,
            zones: knownZones,
            seed: random.next(),
            now: now
        )
        try beginTerm()
        try await forget()
        isUp = true
        doubts.started(at: real)
        out = [:]
        let restored = try await store.restore(now: now)
        for batch in restored.inFlight {
            record.interrupted(batch)
            record.unknown(batch)
        }
        promises.restored(restored)
        hand(.restored(found(restored)))
    }

    private mutating func commit(_ writes: [Write]) async throws {
        if crashesNow() { return leave(.commit(writes)) }
        if isTroubled, faults.happens(faults.failedCommit, &random) {
            let isFull = Bool.random(using: &random)
            return hand(.commitFailed(isFull ? .full("no room") : .failed("I/O error")))
        }
        let begunAt = real
        let doubt = drawDoubt()
        let results: [WriteResult]
        do throws(QueueError) {
            results = try await store.commit(writes, now: now)
        } catch {
            guard doubt != nil || sabotage != nil else { throw error }
            return failed(error, after: doubt ?? .seconds(1))
        }
        let pairs = zip(writes, results).map { (write: $0, result: $1) }
        count(pairs)
        let answer = Step.committed(pairs, begunAt: begunAt)
        // Durable, and the dispatcher may never hear of it.
        if crashesNow() { return leave(answer) }
        if let length = stopsFor {
            stop(for: length)
            return leave(answer)
        }
        if let doubt { return schedule(answer, after: doubt) }
        hear(pairs, begunAt: begunAt)
    }

    /// Takes in what is durable now, whoever led when it was written.
    mutating func count(_ pairs: [(write: Write, result: WriteResult)]) {
        promises.committed(pairs)
        telling.committed(pairs)
        tally.committed(pairs, at: now.timestamp)
        for (write, result) in pairs {
            record.committed(write, result)
            // Whose turn it was is on the list: what was promised has come, without a call.
            if case .claimed(nil, let work?) = result, !record.list.accounts.isEmpty {
                doubts[work.id]?.promise = nil
            }
            if case .patch(let id, _) = write, case .changed(.success(let change)) = result {
                caps[id]?.set(change.work.settings.messagesPerMinute ?? .max, at: real)
            }
        }
    }

    private mutating func hear(
        _ pairs: [(write: Write, result: WriteResult)],
        begunAt: Instant
    ) {
        provenAt = begunAt
        let event = Dispatcher.Event.committed(pairs.map(\.result))
        hand(event, at: clock(of: event), of: pairs)
    }

    private mutating func hear(_ id: Batch.ID, _ outcome: Outcome) {
        guard out.removeValue(forKey: id) != nil else {
            return record.violated("a call is answered twice")
        }
        guard let batch = record.call(id) else { return }
        record.heard(outcome, of: batch)
        if case .unknown = outcome { record.unknown(batch) }
    }

    /// Whether a refusal may be free: only in a state that operators see.
    private mutating func note(_ id: Batch.ID, _ outcome: Outcome) {
        guard let batch = record.call(id), outcome.refusesEverybodyForNow(batch) else { return }
        let state = dispatcher.state(now).0
        record.refused(batch, isShown: state != .running)
    }

    mutating func hand(
        _ event: Dispatcher.Event,
        at clock: Now? = nil,
        of pairs: [(write: Write, result: WriteResult)] = []
    ) {
        promises.hears(event, pairs)
        if event.isUnforeseen { doubts.forget() }
        let clock = clock ?? now
        let effects = dispatcher.handle(event, now: clock)
        if sabotage == nil, !dispatcher.isConsistent(clock) {
            record.violated("an index of the dispatcher is wrong after \(event)")
        }
        perform(effects, decidedAt: now)
    }

    private mutating func perform(_ effects: [Dispatcher.Effect], decidedAt: Now) {
        for (index, effect) in effects.enumerated() {
            if crashesNow() || stops(before: effect) {
                return leave(.effects(Array(effects[index...]), decidedAt: decidedAt))
            }
            perform(effect, decidedAt: decidedAt)
        }
    }

    private mutating func perform(_ effect: Dispatcher.Effect, decidedAt: Now) {
        switch effect {
        case .commit(let writes):
            schedule(.commit(written(writes)), after: draw(1...8))
        case .call(let claimed):
            let batch = called(claimed)
            calls += 1
            out[batch.id] = now.instant
            if out.count > highest.inFlightLimit { record.violated("too many calls are out") }
            record.called(batch, limits: highest)
            promises.called(batch, now: decidedAt)
            doubts.moved(batch.campaign, at: real)
            send(batch)
        case .check(let accounts):
            if let excess = jobCalls.add(.check, limits, at: real) { record.violated(excess) }
            let (outcome, after) = check(accounts)
            schedule(.event(.checked(outcome)), after: after)
        case .jobCall(let id, let call):
            promises.asked(call)
            if let excess = jobCalls.add(call.kind, limits, at: real) { record.violated(excess) }
            let (answer, after) = ask(call)
            schedule(.event(.jobAnswered(id, answer)), after: after)
        case .wake(let instant):
            let wait = now.instant.duration(to: instant)
            let isAhead = decidedAt.instant < instant
            precondition(isAhead || sabotage != nil, "seed \(seed): a wake lies in the past")
            schedule(.event(.woke), after: max(.microseconds(1), wait) + oversleep)
        case .renewCredentials:
            story.renewed()
            schedule(.event(.credentialsRenewed), after: draw(1...100))
        case .report(.resent(_, let count)):
            resent += count
        case .reply(let request, let reply):
            promises.replied(request.id, reply)
        case .report(let report):
            story.reported(report, after: elapsed)
        case .stopped:
            break
        }
    }

    /// Whether the process ends here; it starts again a little later.
    mutating func crashesNow() -> Bool {
        guard isTroubled || crashEvery != nil else { return false }
        let isHit = crashEvery.map { Int.random(in: 0..<$0, using: &random) == 0 } ?? false
        guard isHit || faults.happens(faults.crash, &random) else { return false }
        if fallsAsleep() { return true }
        crash()
        return true
    }

    mutating func crash() {
        crashes += 1
        endLife()
        let pause = draw(100...5_000)
        if faults.hasReboots, Bool.random(using: &random) {
            nodes[node].reboot(at: real.advanced(by: pause))
        }
        schedule(.start, after: pauseOfTerms() ?? pause)
    }

    /// The process doesn't lead any more, whether or not it knows.
    mutating func endLife() {
        life += 1
        promises.crashed()
        record.crashed()
        isUp = false
        sleep = nil
        doubtUntil = real
    }

    /// Lets something happen so long from now.
    package mutating func plan(_ planned: Planned, after delay: Duration) {
        schedule(.planned(planned), after: delay)
    }

    private mutating func carryOut(_ planned: Planned) async throws {
        switch planned {
        case .crash: crash()
        case .request(let write): ask(write)
        case .clock(let offset):
            wallOffset = offset
            readClocks()
        case .submit(let accounts, let settings): try await submit(accounts, settings)
        case .suppress(let accounts): try await suppress(accounts)
        case .unsuppress(let account): try await unsuppress(account)
        case .stop(let length): stopsFor = length
        case .lose(let length):
            try await keep()
            schedule(.goBack, after: length)
        }
    }

    mutating func schedule(_ step: Step, after delay: Duration) {
        agenda.add(Scheduled(life: life, step: step), at: real.advanced(by: delay))
    }

    mutating func advance(to instant: Instant) {
        real = instant
        readClocks()
    }

    mutating func readClocks() {
        now.instant = nodes[node].clock(at: real)
        now.timestamp = at(0).timestamp.advanced(by: elapsed + wallOffset)
    }

    mutating func draw(_ milliseconds: ClosedRange<Int>) -> Duration {
        let range = milliseconds.lowerBound * 1_000...milliseconds.upperBound * 1_000
        return .microseconds(Int.random(in: range, using: &random))
    }

    // MARK: - Afterwards

    /// Every recipient of a campaign, in the order of their bytes.
    package func recipients(of id: Campaign.ID) async throws -> [Recipient] {
        try await store.allRecipients(of: id)
    }
}

extension Store {
    /// Every recipient of a campaign, page by page.
    func allRecipients(of id: Campaign.ID) async throws -> [Recipient] {
        var all: [Recipient] = []
        var after: Account?
        repeat {
            let page = try await recipients(
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
