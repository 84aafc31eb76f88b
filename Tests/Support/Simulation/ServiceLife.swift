import DeliveryCore
import DeliveryEngine
import Logging
import QueueTables
import SQLiteQueue
import Synchronization
import TencentIMSimulator
import TestSupport

/// One life of the service as production runs it, but for its clock, its disk and its wire.
///
/// `World` drives the dispatcher and the store without the shell around them. Here the shell is what
/// is tried: `DeliveryService`, its clients and operators are tasks on an executor whose order the
/// seed decides, so that a request, an event of the loop, a commit and a stop meet in every order.
package final class ServiceLife: Sendable {
    let seed: UInt64
    let time = VirtualTime()
    let provider: WiredProvider
    let limits: Limits
    let clients: Mutex<Clients>
    private let executor: VirtualExecutor

    /// What the clients of all of a life's runs share.
    struct Clients: Sendable {
        var random: SplitMix64
        /// How many campaigns were begun.
        var made = 0
        /// Campaigns that somebody was told of.
        var campaigns: [Campaign.ID] = []
        /// Campaigns that somebody was told are gone.
        var deleted: Set<Campaign.ID> = []
        /// Requests that were made, and those that were answered.
        var asked = 0
        var answered = 0
    }

    /// What became of a life.
    package struct End: Sendable, Hashable {
        package var violations: [String]
        package var asked: Int
        package var answered: Int
        package var accepted: Int
        package var calls: Int
        package var elapsed: Duration
    }

    /// How long things go wrong.
    static let trouble: Duration = .seconds(300)
    /// A life that takes longer has stopped moving on.
    private static let longest: Duration = .seconds(500_000)

    package init(seed: UInt64) {
        self.seed = seed
        var random = SplitMix64(seed: seed)
        var limits = Limits(messagesPerMinute: Int.random(in: 60...600, using: &random))
        limits.batchAccounts = Int.random(in: 1...60, using: &random)
        limits.packetBytes = Int.random(in: 600...3_000, using: &random)
        limits.inFlightLimit = Int.random(in: 1...8, using: &random)
        limits.retry = RetryPolicy(
            attemptLimit: Int.random(in: 1...6, using: &random),
            base: .seconds(1),
            cap: .seconds(20)
        )
        self.limits = limits
        executor = VirtualExecutor(seed: random.next())
        provider = WiredProvider(
            SimulatedProvider.Rules(quota: limits.messagesPerMinute),
            time: time,
            limits: limits,
            calmAt: World.start.advanced(by: Self.trouble),
            seed: random.next()
        )
        clients = Mutex(Clients(random: SplitMix64(seed: random.next())))
    }

    func violated(_ text: String) {
        provider.note { $0.violated(text) }
    }

    func draw<T>(_ body: (inout SplitMix64) -> T) -> T {
        clients.withLock { body(&$0.random) }
    }

    func drawWait(_ milliseconds: ClosedRange<Int>) -> Duration {
        .milliseconds(draw { Int.random(in: milliseconds, using: &$0) })
    }

    var isTroubled: Bool {
        time.now().instant < World.start.advanced(by: Self.trouble)
    }

    /// Lives it to the end, and says what it broke.
    package func run() -> End {
        let isOver = Atomic<Bool>(false)
        // An unstructured task, since nothing but the executor below runs it.
        withExtendedLifetime(
            Task(executorPreference: executor) {
                await self.live()
                isOver.store(true, ordering: .releasing)
            }
        ) {
            repeat {
                executor.drain()
            } while !isOver.load(ordering: .acquiring) && elapsed < Self.longest
                && time.passToNext()
        }
        if !isOver.load(ordering: .acquiring) { violated("somebody waits for ever") }
        let report = provider.report
        if report.busiestMinute > limits.messagesPerMinute { violated("over the quota") }
        if report.refusals[90057] != nil { violated("refused for the quota") }
        if time.sleeperCount > 0 { violated("\(time.sleeperCount) tasks are left") }
        let (asked, answered) = clients.withLock { ($0.asked, $0.answered) }
        if asked != answered { violated("\(asked - answered) requests got no answer") }
        return End(
            violations: provider.record.violations,
            asked: asked,
            answered: answered,
            accepted: report.accepted,
            calls: report.calls,
            elapsed: elapsed
        )
    }

    private var elapsed: Duration { World.start.duration(to: time.now().instant) }

    /// Some runs that an operator ends at some time, and a last one that finishes all work.
    private func live() async {
        do {
            let options = Store.Options(
                bootID: "boot",
                seed: seed,
                accounts: accountRules,
                rowsPerStep: 20
            )
            var store = try Store.inMemory(options: options)
            for _ in 0..<draw({ Int.random(in: 1...3, using: &$0) }) {
                try await run(store, isLast: false)
                store = store.reopened(bootID: "boot")
            }
            try await run(store, isLast: true)
            try await check(store)
        } catch {
            violated("the queue failed: \(error)")
        }
    }

    /// One run of the process, from its start to a graceful stop.
    private func run(_ store: Store, isLast: Bool) async throws {
        let service = DeliveryService(
            queue: UnreliableQueue(store: store, life: self),
            provider: provider,
            settings: .init(limits: limits, fingerprint: "f", seed: draw { $0.next() }),
            time: time,
            logger: Logger(label: "life") { _ in SwiftLogNoOpLogHandler() }
        )
        let watcher = try await Watcher(store, service.changes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await service.run()
                watcher.stop()
            }
            group.addTask { try await watcher.follow(self.time) }
            group.addTask {
                let clients = ServiceClient(self, service, store)
                try await clients.visit(self.draw { Int.random(in: 1...4, using: &$0) })
                guard isLast else { return }
                try await clients.finish()
                service.drain()
            }
            if !isLast {
                await time.wait(drawWait(1...60_000))
                service.drain()
                let clients = ServiceClient(self, service, store)
                while !watcher.isStopped { try await clients.insist() }
            }
            try await group.waitForAll()
        }
        for lost in try await watcher.lost() { violated("nobody who watches heard of \(lost)") }
    }

    private func check(_ store: Store) async throws {
        let (campaigns, deleted) = clients.withLock { ($0.campaigns, $0.deleted) }
        for id in campaigns {
            guard let campaign = try await store.campaign(id) else {
                if !deleted.contains(id) { violated("campaign \(id) is gone") }
                continue
            }
            let recipients = try await store.allRecipients(of: id)
            provider.note { $0.check(campaign, recipients) }
        }
    }
}

/// The store behind a disk that is slow, and full or broken now and then.
private struct UnreliableQueue: Queue {
    let store: Store
    let life: ServiceLife

    var faults: AsyncStream<QueueError> { store.faults }

    func restore(now: Now) async throws(QueueError) -> Restored {
        await life.time.wait(life.drawWait(0...50))
        return try await store.restore(now: now)
    }

    func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult] {
        await life.time.wait(life.drawWait(0...8))
        if life.isTroubled, life.draw({ Int.random(in: 0..<50, using: &$0) }) == 0 {
            throw life.draw { Bool.random(using: &$0) } ? .full("no room") : .failed("I/O error")
        }
        let results = try await store.commit(writes, now: now)
        life.provider.note { record in
            for (write, result) in zip(writes, results) { record.committed(write, result) }
        }
        // Durable, and the loop hears of it later.
        await life.time.wait(life.drawWait(0...4))
        return results
    }
}

/// A page that follows what changes, as the event stream does.
private final class Watcher: Sendable {
    private let store: Store
    private let feed: ChangeFeed
    private let watch: ChangeFeed.Watch
    private let state: Mutex<State>

    private struct State: Sendable {
        var seen: [Campaign.ID: Campaign]
        var isStopped = false
    }

    init(_ store: Store, _ feed: ChangeFeed) async throws {
        self.store = store
        self.feed = feed
        watch = feed.watch()
        let campaigns = try await store.campaigns(
            matching: .init(states: []),
            before: nil,
            limit: 1_000
        ).campaigns
        let seen = Dictionary(uniqueKeysWithValues: campaigns.map { ($0.id, $0) })
        state = Mutex(State(seen: seen))
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func stop() {
        state.withLock { $0.isStopped = true }
    }

    func follow(_ time: VirtualTime) async throws {
        while !isStopped {
            try await time.sleep(until: time.now().instant.advanced(by: .milliseconds(250)))
            try await look()
        }
    }

    private func look() async throws {
        for id in feed.changes(of: watch) {
            let campaign = try await store.campaign(id)
            state.withLock { $0.seen[id] = campaign }
        }
    }

    /// Campaigns that aren't as they were last seen, after a last look.
    func lost() async throws -> [Campaign.ID] {
        try await look()
        feed.end(watch)
        let campaigns = try await store.campaigns(
            matching: .init(states: []),
            before: nil,
            limit: 1_000
        ).campaigns
        var seen = state.withLock { $0.seen }
        let changed = campaigns.filter { seen.removeValue(forKey: $0.id) != $0 }
        return changed.map(\.id) + seen.keys.sorted()
    }
}
