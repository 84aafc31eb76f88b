import DeliveryCore
import QueueTables
import Simulation
import TestSupport
import Testing

/// Campaigns that are sent within their hours, over days; a world begins at 22:13:20 UTC.
@Suite(.serialized)
struct HoursTests {
    private static let day = Duration.seconds(86_400)

    private func world(
        _ limits: Limits = Limits(messagesPerMinute: 600, batchAccounts: 50)
    ) throws -> World {
        try World(seed: 1, limits: limits)
    }

    private func settings(_ from: Int, _ to: Int, _ zone: String = "UTC") -> Campaign.Settings {
        let hours = SendingHours(
            opensAt: 22 * 60 + from,
            closesAt: 22 * 60 + to,
            timeZone: zone
        )
        return Campaign.Settings(sendBetween: hours)
    }

    @Test func `a large campaign takes its minutes each day, through a crash, and nothing is lost`()
        async throws
    {
        var world = try world()
        // From 100 s to 400 s of each day.
        let id = try await world.add(makeAccounts(7_000), settings: settings(15, 20))
        world.stage(.crash, after: .seconds(250))
        try await world.run(for: .seconds(300_000))
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 7_000)
        let times = world.story.calls.map {
            $0.after.inSeconds.truncatingRemainder(dividingBy: 86_400)
        }
        #expect(times.allSatisfy { $0 >= 100 && $0 < 400 })
        let days = Set(world.story.calls.map { Int($0.after.inSeconds) / 86_400 })
        #expect(days == [0, 1, 2])
        // They begin with the opening, not with the next look at it.
        for day in days {
            let first = world.story.calls.first { Int($0.after.inSeconds) / 86_400 == day }
            let start = try #require(first).after - Self.day * day
            #expect(start < .seconds(100.1))
        }
    }

    @Test func `retries and repeats wait for the next opening, and calls that are out end`()
        async throws
    {
        var world = try World.scripted { call in
            // Everything in the last minute is lost, and repeated the next day.
            call.after > .seconds(340) && call.after < .seconds(400) ? .lost : nil
        }
        world.limits = Limits(messagesPerMinute: 600, batchAccounts: 50)
        let id = try await world.add(makeAccounts(4_000), settings: settings(15, 20))
        try await world.run(for: .seconds(300_000))
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 4_000)
        #expect(world.story.calls.contains { $0.after > .seconds(340) && $0.after < .seconds(400) })
        #expect(world.story.calls.allSatisfy { $0.after < .seconds(400) || $0.after > Self.day })
        #expect(world.resent > 0)
    }

    @Test func `the clock of the zone decides, also when it steps`() async throws {
        var world = try world()
        // An hour is skipped after 150 s: 22:15:50 is followed by 23:15:50.
        let closed = try await world.add(
            makeAccounts(2_000, prefix: "closed-"),
            settings: settings(0, 59, World.steppedZone)
        )
        let opened = try await world.add(
            makeAccounts(300, prefix: "opened-"),
            settings: settings(60, 119, World.steppedZone)
        )
        var patch = CampaignPatch()
        patch.sendBetween = .some(nil)
        world.stage(.write(.patch(closed, patch)), after: .seconds(320))
        try await world.run(for: .seconds(300_000))
        let ending = try await Ending(&world, of: [closed, opened])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 2_300)
        let calls = { (id: Campaign.ID) in
            world.story.calls.filter { $0.batch.campaign == id }.map(\.after.inSeconds)
        }
        #expect(calls(closed).allSatisfy { $0 < 150 || $0 >= 320 })
        #expect(calls(closed).contains { $0 < 150 } && calls(closed).contains { $0 >= 320 })
        let first = try #require(calls(opened).first)
        // The other one has left the bucket empty.
        #expect(first >= 150 && first < 160)
    }

    @Test func `a wall clock that is set into the hours or out of them is followed`() async throws {
        var world = try world()
        let id = try await world.add(makeAccounts(6_000), settings: settings(15, 20))
        // An hour early, and later the same hour back.
        world.plan(.clock(.seconds(-3_600)), after: .seconds(200))
        world.plan(.clock(.zero), after: .seconds(300))
        try await world.run(for: .seconds(300_000))
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 6_000)
        let calls = world.story.calls.map(\.after.inSeconds)
        #expect(calls.allSatisfy { !(200...300).contains($0) })
        #expect(calls.contains { $0 > 300 && $0 < 400 })
    }

    @Test func `one that expires before its next hours expires unsent, and others aren't held up`()
        async throws
    {
        var world = try world()
        var late = settings(30, 40)
        late.expiresAt = Timestamp(milliseconds: 1_700_000_000_000).advanced(by: .seconds(600))
        let expiring = try await world.add(makeAccounts(50, prefix: "late-"), settings: late)
        let other = try await world.add(makeAccounts(500))
        try await world.run(for: .seconds(700))
        let ending = try await Ending(&world, of: [expiring])
        #expect(ending.states == [.expired])
        #expect(ending.counts.expired == 50)
        #expect(try #require(try await world.store.campaign(other)).counts.sent == 500)
        #expect(world.story.calls.allSatisfy { $0.batch.campaign == other })
    }
}
