import DeliveryCore
import QueueTables
import Simulation
import TestSupport
import Testing

/// `start_at`, `expires_at`, a campaign's own cap, and an operator's `retry`, over the minutes.
///
/// One after the other: a hundred lives at once would keep the tests with sockets from their turn.
@Suite(.serialized)
struct TimesAndRetriesTests {
    private static func time(_ seconds: Int) -> Timestamp {
        Timestamp(milliseconds: 1_700_000_000_000).advanced(by: .seconds(seconds))
    }

    @Test func `a campaign starts at its time, also after a crash that lasts over it`() async throws
    {
        var world = try World(seed: 1)
        let early = Campaign.Settings(startAt: Self.time(600))
        let first = try await world.add(makeAccounts(1_000, prefix: "first-"), settings: early)
        let late = Campaign.Settings(startAt: Self.time(1_200))
        let second = try await world.add(makeAccounts(1_000, prefix: "second-"), settings: late)
        // The process is away for 0.1 to 5 s.
        world.stage(.crash, after: .milliseconds(1_199_950))
        try await world.run()
        let starts = [first, second].map { id in
            world.story.calls.first { $0.batch.campaign == id }?.after ?? .zero
        }
        #expect(starts[0] >= .seconds(600) && starts[0] < .seconds(601))
        #expect(starts[1] >= .seconds(1_200) && starts[1] < .seconds(1_206))
        let ending = try await Ending(&world, of: [first, second])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 2_000)
    }

    @Test(arguments: [UnknownPolicy.resend, .leave])
    func `at its end a campaign's calls in flight count and the rest has expired`(
        onUnknown: UnknownPolicy
    ) async throws {
        var world = try World.scripted { call in
            // Two in the last seconds: one is answered after the end, of one nobody knows.
            switch call.after {
            case .seconds(256)..<(.seconds(260)): .lost
            case .seconds(260)..<(.seconds(265)): .slow
            default: nil
            }
        }
        let settings = Campaign.Settings(expiresAt: Self.time(265), onUnknown: onUnknown)
        let id = try await world.add(makeAccounts(100_000), settings: settings)
        let other = try await world.add(makeAccounts(100, prefix: "other-"))
        try await world.run()
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.states == [.expired])
        #expect(world.story.calls.allSatisfy { $0.after < .seconds(265) })
        let out = world.story.calls(from: .seconds(256), to: .seconds(260))
        #expect(!out.isEmpty)
        #expect(ending.counts.unknown == out.reduce(0) { $0 + $1.batch.accounts.count })
        let slow = world.story.calls(from: .seconds(260), to: .seconds(265))
        #expect(!slow.isEmpty)
        #expect(slow.allSatisfy { world.provider.isAccepted($0.batch.accounts[0]) })
        let addressed = Set(world.story.calls.flatMap(\.batch.accounts)).count - 100
        #expect(ending.counts.sent == addressed - ending.counts.unknown)
        #expect(ending.counts.expired == 100_000 - addressed)
        #expect(try #require(try await world.store.campaign(other)).counts.sent == 100)
        print("FIGURE expired: \(ending.counts)")
    }

    @Test func `what waits for a retry or was never started expires, too`() async throws {
        var world = try World(seed: 1)
        let settings = Campaign.Settings(expiresAt: Self.time(60))
        let retrying = try await world.add(
            makeAccounts(50, prefix: "err-91000-"),
            settings: settings
        )
        let paused = try await world.add(makeAccounts(50), settings: settings)
        let never = try await world.add(
            makeAccounts(50, prefix: "never-"),
            settings: Campaign.Settings(startAt: Self.time(50), expiresAt: Self.time(55))
        )
        world.stage(.write(.transition(never, .pause)), after: .seconds(1))
        try await world.run(for: .seconds(300))
        let ending = try await Ending(&world, of: [retrying, never])
        #expect(ending.violations.isEmpty)
        #expect(ending.states == [.expired, .expired])
        // Maybe one's last attempt came before.
        #expect(ending.counts.expired + ending.counts.failed == 100, "\(ending.counts)")
        #expect(ending.counts.failed <= 2)
        #expect(try #require(try await world.store.campaign(paused)).state == .completed)
    }

    @Test func `a cap holds in any minute, is used, and leaves the others the quota`() async throws
    {
        var world = try World(seed: 1)
        let capped = try await world.add(
            makeAccounts(2_000, prefix: "capped-"),
            settings: Campaign.Settings(priority: .high, messagesPerMinute: 200)
        )
        let other = try await world.add(makeAccounts(60_000))
        try await world.run()
        let own = world.story.calls.filter { $0.batch.campaign == capped }
        let busiest = own.map { call in
            own.reduce(0) { sum, earlier in
                let isWithin =
                    earlier.after <= call.after && call.after - earlier.after < .seconds(60)
                return sum + (isWithin ? earlier.batch.accounts.count : 0)
            }
        }.max()
        let last = try #require(own.last).after.inSeconds
        let end = try #require(world.story.calls.last { $0.batch.campaign == other }).after
        print(
            "FIGURE cap of 200: busiest minute \(busiest ?? 0), 2,000 in \(last) s, others \(end)"
        )
        #expect(try #require(busiest) <= 200)
        // Ten minutes' worth, the first at once.
        #expect(last < 9 * 60 + 10)
        #expect(end < .seconds(5 * 60 + 10))
        let ending = try await Ending(&world, of: [capped, other])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 62_000)
    }

    @Test func `a retry reopens just those whose status and code it names`() async throws {
        var world = try World.scripted { call in
            call.batch.accounts[0].text.hasPrefix("z") && call.after < .seconds(900) ? .lost : nil
        }
        var limits = Limits()
        limits.batchAccounts = 100
        world.limits = limits
        let accounts =
            makeAccounts(100, prefix: "err-91000-") + makeAccounts(100, prefix: "missing-")
            + makeAccounts(200)
            + makeAccounts(100, prefix: "z-")
        let id = try await world.add(
            accounts,
            settings: Campaign.Settings(onUnknown: .leave)
        )
        let filters = [
            RetryFilter(failed: true, unknown: false, codes: [91_000]),
            RetryFilter(failed: false, unknown: true),
            RetryFilter(failed: true, unknown: true, codes: [1]),
            RetryFilter(),
        ]
        for (index, filter) in filters.enumerated() {
            world.stage(.write(.retry(id, filter)), after: .seconds(20_000 * (index + 1)))
        }
        try await world.run()
        let addressed = (0...4).map { index in
            let start = Duration.seconds(20_000 * index)
            let calls = world.story.calls(from: start, to: start + .seconds(20_000))
            let names = calls.flatMap(\.batch.accounts).map { $0.text.prefix(3) }
            return Dictionary(grouping: names, by: { $0 }).mapValues(\.count)
        }
        print("FIGURE retry: \(addressed)")
        let attempts = Limits().retry.attemptLimit * 100
        #expect(addressed[0]["use"] == 200)
        // Attempts count from 0 again; a hundred refused alone look like an outage, which is probed.
        #expect(Array(addressed[1].keys) == ["err"])
        #expect((addressed[1]["err"] ?? 0) >= attempts)
        #expect(addressed[2].values.reduce(0, +) == 100 && addressed[2]["err"] == nil)
        #expect(addressed[3].isEmpty)
        #expect((addressed[4]["err"] ?? 0) >= attempts && addressed[4]["use"] == nil)
        // Whatever the outage excused, each has spent all its attempts and no more.
        let hopeless = try await world.recipients(of: id).filter { $0.code == 91_000 }
        #expect(hopeless.count == 100)
        #expect(hopeless.allSatisfy { $0.attempts == Limits().retry.attemptLimit })
        let campaign = try #require(try await world.store.campaign(id))
        #expect(campaign.state == .completed)
        #expect(campaign.counts.sent == 300 && campaign.counts.failed == 200)
    }
}
