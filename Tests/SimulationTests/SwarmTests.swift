import DeliveryCore
import Foundation
import QueueFixtures
import QueueTables
import Simulation
import Testing

/// Whole lives in which everything goes wrong that a seed has drawn.
///
/// `SEEDS=n` runs so many lives, `SEEDS=a-b` those from one seed to another; `SEED=n` replays one.
/// `STORE=postgres` lives all of them on PostgreSQL.
struct SwarmTests {
    private static let lanes = 4

    /// The seeds of a lane.
    private static func seeds(_ lane: Int) -> [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["SEED"].flatMap(UInt64.init) { return lane == 0 ? [one] : [] }
        let named = environment["SEEDS"]?.split(separator: "-").compactMap { Int($0) } ?? []
        let (first, last) = (named.count > 1 ? named[0] : 1, named.last ?? 1_000)
        return stride(from: first + lane, through: last, by: lanes).map(UInt64.init)
    }

    @Test(arguments: 0..<lanes)
    func `whatever goes wrong, the promises hold`(lane: Int) async throws {
        for seed in Self.seeds(lane) {
            try await live(
                seed,
                isWide: true,
                isDeep: true,
                hasRules: true,
                hasTerms: true,
                isOnPostgres: Self.isOnPostgres
            )
        }
    }

    private static let isOnPostgres = ProcessInfo.processInfo.environment["STORE"] == "postgres"
    /// The first of the lives, which are lived on PostgreSQL as well.
    private static let countOnPostgres = 12

    @Test(
        .enabled(
            if: PostgresServer.missing == nil,
            "there is no PostgreSQL to live on: \(PostgresServer.missing ?? "")"
        ),
        arguments: 0..<2
    )
    func `the promises hold on PostgreSQL too`(lane: Int) async throws {
        for seed in stride(from: lane + 1, through: Self.countOnPostgres, by: 2) {
            try await live(
                UInt64(seed),
                isWide: true,
                isDeep: true,
                hasRules: true,
                hasTerms: true,
                isOnPostgres: true
            )
        }
    }

    /// Seeds that failed once: a repeat's doubt forgotten at a cancel (9, 28) and at an expiry
    /// (16, 24), and a wake that lay in the present (81).
    @Test(arguments: [UInt64(9), 16, 24, 28, 81])
    func `what went wrong once stays right`(seed: UInt64) async throws {
        try await live(seed, isWide: false)
    }

    /// Seeds of wide lives that failed once: hopeless accounts that were taken for an outage
    /// again and again (29, 82, 166, 193, 380).
    @Test(arguments: [UInt64(29), 82, 166, 193, 380])
    func `what went wrong in a wide life stays right`(seed: UInt64) async throws {
        try await live(seed, isWide: true)
    }

    /// Seeds of lives with jobs that failed once: look-ups due a year ahead (112, 137), calls of
    /// ended campaigns after a crash (1735), calls beyond the history beside others (1305), who is
    /// found behind a recall's first page (4263), and a campaign that nothing seemed to hold up while
    /// it was another's turn (755, 955).
    @Test(arguments: [UInt64(112), 137, 755, 955, 1_305, 1_735, 4_263])
    func `what went wrong in a life with jobs stays right`(seed: UInt64) async throws {
        try await live(seed, isWide: true, isDeep: true)
    }

    /// Seeds of lives with sending hours that failed once: the hours of the campaign whose turn it was
    /// ended by a clock that was set (286).
    @Test(arguments: [UInt64(286)])
    func `what went wrong in a life with sending hours stays right`(seed: UInt64) async throws {
        try await live(seed, isWide: true, isDeep: true, hasRules: true)
    }

    /// Seeds of today's lives that failed once.
    ///
    /// Mistakes of the world: a database that went back after its last sweep (51017), a stopped leader
    /// that committed once more before another one led (53177), and one that was woken and had forgotten
    /// the campaign it had just stored (68819). A notice could have passed, and nobody woke up for it,
    /// since the one before it didn't fit (59615). A batch came due by a clock that was set, while its
    /// campaign had other work that waited (17339).
    @Test(arguments: [UInt64(51_017), 53_177, 68_819, 59_615, 17_339])
    func `what went wrong in a life of today stays right`(seed: UInt64) async throws {
        try await live(seed, isWide: true, isDeep: true, hasRules: true, hasTerms: true)
    }

    @Test func `a life repeats itself`() async throws {
        let first = try await Life(seed: 7)
        let second = try await Life(seed: 7)
        #expect(first.summary == second.summary)
    }

    @Test func `every kind of trouble comes up`() {
        var seen = Faults()
        for seed in UInt64(1)...20 {
            var random = SplitMix64(seed: seed)
            var faults = Faults(using: &random)
            faults.widen(using: &random)
            faults.deepen(using: &random)
            faults.restrict(using: &random)
            faults.hasSuppressions = Bool.random(using: &random)
            faults.multiply(using: &random)
            seen = seen.union(faults)
        }
        #expect(seen.isComplete)
    }

    @Test func `leaders are replaced, stopped and woken, and databases go back`() async throws {
        var seen = World.TermFigures()
        for seed in UInt64(1)...20 {
            let life = try await Life(seed: seed, isDeep: true, hasRules: true, hasTerms: true)
            seen.add(life.termFigures)
        }
        #expect(seen.takeovers > 0 && seen.naps > 0 && seen.doubts > 0 && seen.wentBack > 0)
        #expect(seen.staleCommits > 0 && seen.staleCalls > 0, "\(seen)")
    }

    /// Narrow lives are those of the seeds that failed before there were wide ones, wide ones those
    /// before there were jobs, and deep ones those before there were sending hours and a suppression
    /// list.
    private func live(
        _ seed: UInt64,
        isWide: Bool,
        isDeep: Bool = false,
        hasRules: Bool = false,
        hasTerms: Bool = false,
        isOnPostgres: Bool = false
    ) async throws {
        let life = try await Life(
            seed: seed,
            isWide: isWide,
            isDeep: isDeep,
            hasRules: hasRules,
            hasTerms: hasTerms,
            isOnPostgres: isOnPostgres
        )
        let replay = "SEED=\(seed) swift test --filter SwarmTests"
        #expect(life.violations.isEmpty, "seed \(seed): \(replay)\n\(life.summary)")
    }
}

/// One life from a seed, and what it broke.
struct Life {
    let violations: [String]
    let summary: String
    let termFigures: World.TermFigures

    /// From seed 101 on every second life is crowded: its window stays full for minutes, which it
    /// takes to see what was let go too early.
    init(
        seed: UInt64,
        isWide: Bool = true,
        isDeep: Bool = false,
        hasRules: Bool = false,
        hasTerms: Bool = false,
        isOnPostgres: Bool = false,
        sabotage: Sabotage? = nil
    ) async throws {
        let file = try sabotage?.trigger.map { try TriggeredStore(trigger: $0) }
        defer { file?.remove() }
        var random = SplitMix64(seed: seed ^ 0x5EED)
        var breadth = SplitMix64(seed: seed ^ 0xB4EAD)
        var depth = SplitMix64(seed: seed ^ 0xDEE9)
        var hours = SplitMix64(seed: seed ^ 0x40_025)
        var list = SplitMix64(seed: seed ^ 0x1157)
        var nodes = SplitMix64(seed: seed ^ 0x0DE5)
        var terms = Faults()
        if hasTerms { terms.multiply(using: &nodes) }
        // Whoever shares a database has terms.
        terms.hasTerms = terms.hasTerms || isOnPostgres
        let options = World.options(bootID: "boot", seed: seed)
        let database: (any Terms)? =
            if isOnPostgres { try PostgresTerms(options) } else {
                terms.hasTerms ? try SharedTables(options) : nil
            }
        var limits = Limits()
        limits.messagesPerMinute = Int.random(in: 30...600, using: &random)
        if seed > 100, seed.isMultiple(of: 2) { limits.messagesPerMinute /= 8 }
        limits.burst = Int.random(in: 10...200, using: &random)
        limits.batchAccounts = Int.random(in: 1...60, using: &random)
        limits.packetBytes = Int.random(in: 300...2_000, using: &random)
        limits.inFlightLimit = Int.random(in: 1...8, using: &random)
        limits.retry = RetryPolicy(
            attemptLimit: Int.random(in: 1...6, using: &random),
            base: .seconds(1),
            cap: .seconds(20)
        )
        var world = try World(
            seed: seed,
            limits: limits,
            provider: ProviderModel(
                quota: limits.messagesPerMinute,
                window: ProviderModel.Window(using: &breadth)
            ),
            store: file?.store,
            terms: database
        )
        world.sabotage = sabotage
        world.faults = Faults(using: &random)
        world.faults.hasTerms = terms.hasTerms
        world.faults.doubtfulCommit = terms.doubtfulCommit
        world.faults.goesBack = terms.goesBack
        if isWide {
            world.faults.widen(using: &breadth)
            world.limits.upkeep.interval = .seconds(60)
            if world.faults.hasRetention {
                let wait = Int.random(in: 60...600, using: &breadth)
                world.limits.upkeep.retention = .seconds(wait)
            }
        }
        if isDeep {
            world.faults.deepen(using: &depth)
            // Shorter than the settling time, by more than a late call takes.
            let delay = Int.random(in: 0...40, using: &depth)
            world.provider.histories.delay = .seconds(delay)
        }
        if hasRules {
            world.faults.restrict(using: &hours)
            world.faults.hasSuppressions = Bool.random(using: &list)
        }
        for index in 0..<Int.random(in: 1...5, using: &random) {
            let accounts = Invention.accounts(campaign: index, using: &random)
            var settings = Invention.settings(world.now.timestamp, using: &random)
            if world.faults.hasJobs { settings.onUnknown = Invention.policy(using: &depth) }
            if world.faults.hasHours {
                settings.sendBetween = Invention.hours(world.now.timestamp, using: &hours)
            }
            _ = try await world.add(accounts, settings: settings)
            // Some are on the list before the first claim.
            if world.faults.hasSuppressions, Bool.random(using: &list) {
                try await world.suppress(accounts.filter { _ in Bool.random(using: &list) })
            }
        }
        try await world.run(for: .seconds(200_000))
        try await world.check()
        let elapsed = World.start.duration(to: world.real).inSeconds
        violations = world.record.violations
        termFigures = world.termFigures
        let shown = violations.prefix(5).joined(separator: "\n")
        summary = """
            \(violations.count) violations: \(shown)
            \(world.calls) calls, \(world.steps) steps, \(world.crashes) crashes, \(elapsed) s
            \(world.termFigures)
            \(world.faults)
            """
    }
}
