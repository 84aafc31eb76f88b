import DeliveryCore
import Simulation
import Testing

/// Who is served how much while all have work: classes 16 : 4 : 1, equal shares inside one.
struct SharesTests {
    /// A campaign, and how much of it arrived while the window was full.
    private struct Share {
        let id: Campaign.ID
        let priority: Priority
        let isPlain: Bool
        var count = 0
    }

    private static var limits: Limits {
        var limits = Limits()
        limits.messagesPerMinute = 24_000
        // Shares are told within 5 percent only where a batch is a small part of one.
        limits.batchAccounts = 40
        limits.inFlightLimit = 32
        return limits
    }

    private static let from = World.start.advanced(by: .seconds(60))
    private static let end = World.start.advanced(by: .seconds(240))

    private static func add(
        _ count: Int,
        _ settings: Campaign.Settings,
        named name: String = "user",
        isPlain: Bool = true,
        overhead: Int = 200,
        to world: inout World,
        _ shares: inout [Share]
    ) async throws {
        let number = shares.count
        let id = try await world.add(
            (0..<count).map { Account("\(name)-\(number)-\($0)") },
            settings: settings,
            packetOverhead: overhead
        )
        shares.append(Share(id: id, priority: settings.priority, isPlain: isPlain))
    }

    /// Two or more campaigns of each class, with enough for the whole time.
    private static func addPlain(_ world: inout World, _ shares: inout [Share]) async throws {
        for (priority, campaigns, count) in [
            (Priority.high, 3, 28_000), (.normal, 2, 12_000), (.low, 2, 4_000),
        ] {
            for _ in 0..<campaigns {
                try await add(count, .init(priority: priority), to: &world, &shares)
            }
        }
    }

    private static func run(_ world: inout World, _ shares: inout [Share]) async throws {
        try await world.run(for: World.start.duration(to: end))
        for index in shares.indices {
            shares[index].count = world.provider.received(
                from: from,
                to: end,
                of: shares[index].id
            )
        }
    }

    private static func check(_ shares: [Share]) {
        let all = Double(shares.reduce(0) { $0 + $1.count })
        for priority in Priority.allCases {
            let own = shares.filter { $0.priority == priority }
            let served = Double(own.reduce(0) { $0 + $1.count })
            let due = all * Double(priority.weight) / 21
            #expect(abs(served / due - 1) <= 0.05, "\(priority): \(served) of \(due)")
            let plain = own.filter(\.isPlain).map { Double($0.count) }
            let mean = plain.reduce(0, +) / Double(plain.count)
            #expect(plain.allSatisfy { abs($0 / mean - 1) <= 0.05 }, "\(priority): \(plain)")
        }
    }

    @Test func `classes share 16 to 4 to 1 and campaigns of one class equally`() async throws {
        var world = try World(
            seed: 1,
            limits: Self.limits,
            provider: ProviderModel(quota: 24_000)
        )
        var shares: [Share] = []
        try await Self.addPlain(&world, &shares)
        try await Self.run(&world, &shares)
        Self.check(shares)
    }

    @Test func `a capped, a bulky and a failing campaign leave the shares as they are`()
        async throws
    {
        var world = try World(
            seed: 2,
            limits: Self.limits,
            provider: ProviderModel(quota: 24_000)
        )
        var shares: [Share] = []
        try await Self.addPlain(&world, &shares)
        // Capped far below its share.
        let capped = Campaign.Settings(priority: .high, messagesPerMinute: 320)
        try await Self.add(5_000, capped, isPlain: false, to: &world, &shares)
        // A message so large that few accounts fit beside it: its share is as large as the others'.
        try await Self.add(
            12_000,
            .init(priority: .normal),
            overhead: Self.limits.packetBytes - 150,
            to: &world,
            &shares
        )
        // Everybody is refused for now, again and again.
        try await Self.add(
            1_000,
            .init(priority: .low),
            named: "err-91000",
            isPlain: false,
            to: &world,
            &shares
        )
        try await Self.run(&world, &shares)
        Self.check(shares)
        let cappedCount = shares[7].count
        #expect(cappedCount <= 960 && cappedCount >= 920, "\(cappedCount) under the cap")
        for share in shares {
            let gap = world.provider.longestGap(of: share.id, from: Self.from, to: Self.end)
            #expect(gap < .seconds(60), "\(share.priority) waited \(gap)")
        }
    }
}
