import DeliveryCore
import Simulation
import Testing

/// A notice to three people, while everything is taken by campaigns of a hundred thousand.
struct NoticeTests {
    private static let notices = 30

    @Test(arguments: Priority.allCases)
    func `a notice of normal priority arrives within 3 seconds of its submission`(
        backlog: Priority
    ) async throws {
        var world = try World(seed: 3)
        for index in 0..<2 {
            _ = try await world.add(
                (0..<50_000).map { Account("user-\(index)-\($0)") },
                settings: Campaign.Settings(priority: backlog)
            )
        }
        var random = SplitMix64(seed: 4)
        // The first minute ends with a full window, which stays full from then on.
        for index in 0..<Self.notices {
            let at = Duration.milliseconds(Int.random(in: 60_000...400_000, using: &random))
            let accounts = (0..<3).map { Account("notice-\(index)-\($0)") }
            world.plan(.submit(accounts, Campaign.Settings(priority: .normal)), after: at)
        }
        try await world.run(for: .seconds(410))
        #expect(world.submissions.count == Self.notices)
        for submission in world.submissions {
            let soon = submission.at.advanced(by: .seconds(3))
            let count = world.provider.received(from: submission.at, to: soon, of: submission.id)
            let after = World.start.duration(to: submission.at)
            #expect(count == 3, "a notice submitted after \(after.inSeconds) s")
        }
        #expect(world.provider.busiestMinute <= 12_000)
        // The window is full all the while.
        let minute = World.start.advanced(by: .seconds(60))
        let used = world.provider.received(from: minute, to: minute.advanced(by: .seconds(300)))
        #expect(used > 5 * 11_800)
    }

    /// With the burst that a limit has by default, at any limit from 60 a minute on.
    @Test(arguments: [60, 300, 1_200, 12_000])
    func `a notice passes a campaign that fills the window, several times a minute`(
        limit: Int
    ) async throws {
        var limits = Limits()
        limits.messagesPerMinute = limit
        limits.burst = Limits.standardBurst(messagesPerMinute: limit)
        var world = try World(seed: 5, limits: limits, provider: ProviderModel(quota: limit))
        _ = try await world.add((0..<(limit * 8)).map { Account("user-\($0)") })
        // Notices that together use the kept part once in each stretch of ten seconds.
        for index in 0..<25 {
            let at = Duration.milliseconds(20_000 + index * 10_370)
            world.plan(.submit([Account("notice-\(index)")], Campaign.Settings()), after: at)
        }
        try await world.run(for: .seconds(300))
        #expect(world.submissions.count == 25)
        for submission in world.submissions {
            let soon = submission.at.advanced(by: .seconds(3))
            let count = world.provider.received(from: submission.at, to: soon, of: submission.id)
            let after = World.start.duration(to: submission.at)
            #expect(count == 1, "\(limit) a minute, submitted after \(after.inSeconds) s")
        }
        #expect(world.provider.busiestMinute <= limit)
    }
}
