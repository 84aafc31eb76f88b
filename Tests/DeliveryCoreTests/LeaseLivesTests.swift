import DeliveryCore
import Testing

/// Lives of several nodes on one lease, in which everything goes wrong that a seed has drawn.
@Suite struct LeaseLivesTests {
    private static let lanes = 2
    private static let count: UInt64 = 200

    private func live(
        _ seed: UInt64,
        trouble: LeaseWorld.Trouble? = nil,
        mistake: LeaseWorld.Mistake? = nil
    ) -> LeaseWorld {
        var world = LeaseWorld(seed: seed, trouble: trouble, mistake: mistake)
        world.run()
        return world
    }

    @Test(arguments: 0..<lanes)
    func `no two nodes call at once, and a leader that is gone is replaced`(lane: Int) {
        var all = LeaseWorld.Figures()
        for seed in stride(from: UInt64(1 + lane), through: Self.count, by: Self.lanes) {
            let world = live(seed)
            #expect(
                world.violations.isEmpty,
                "seed \(seed): \(world.violations.prefix(3)), \(world.trouble)"
            )
            all.add(world.figures)
        }
        #expect(all.calls > 100_000 && all.refusedCalls > 1_000 && all.stoppedCalls > 10)
        #expect(all.takeovers > 500 && all.doubts > 500 && all.wentBack > 50)
    }

    @Test func `after the database was away the same leader goes on`() {
        var trouble = LeaseWorld.Trouble()
        trouble.hasOutages = true
        for seed in UInt64(1)...50 {
            let world = live(seed, trouble: trouble)
            #expect(world.violations.isEmpty && world.figures.outages > 0)
            #expect(world.figures.takeovers == 1, "seed \(seed)")
        }
    }

    @Test func `a leader that nothing happens to stays`() {
        for seed in UInt64(1)...10 {
            let world = live(seed, trouble: LeaseWorld.Trouble())
            #expect(world.violations.isEmpty && world.figures.takeovers == 1)
            #expect(world.figures.refusedCalls == 0 && world.figures.doubts == 0)
        }
    }

    @Test(arguments: LeaseWorld.Mistake.allCases)
    func `a planted mistake is caught`(mistake: LeaseWorld.Mistake) {
        var outages = LeaseWorld.Trouble()
        outages.hasOutages = true
        let isAboutOutages = mistake == .silenceWhileAway
        let isCaught = (UInt64(1)...Self.count).contains { seed in
            let world = live(seed, trouble: isAboutOutages ? outages : nil, mistake: mistake)
            let isUnsafe = world.violations.contains {
                $0.contains("calls and another leads") || $0.contains("takes over after")
            }
            return isUnsafe || isAboutOutages && world.figures.takeovers > 1
        }
        #expect(isCaught)
    }
}

extension LeaseWorld.Figures {
    fileprivate mutating func add(_ other: LeaseWorld.Figures) {
        calls += other.calls
        stoppedCalls += other.stoppedCalls
        refusedCalls += other.refusedCalls
        takeovers += other.takeovers
        doubts += other.doubts
        wentBack += other.wentBack
        outages += other.outages
    }
}
