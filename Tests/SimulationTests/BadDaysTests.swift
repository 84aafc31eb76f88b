import DeliveryCore
import QueueTables
import Simulation
import TestSupport
import Testing

/// What Tencent says when it doesn't want a call, and what is done about it over the minutes.
///
/// One after the other: a hundred lives at once would keep the tests with sockets from their turn.
@Suite(.serialized)
struct BadDaysTests {
    typealias Fate = Faults.CallFate

    // MARK: - Throttled

    @Test(arguments: [60_007, 60_011, 90_057])
    func `one throttle answer halves the pace, which comes back in steps`(code: Int) async throws {
        var limits = Limits()
        limits.burst = 500
        let first = ThrottleOnce(code: code, at: .seconds(120))
        var world = try World.scripted(limits: limits) { first.fate(of: $0) }
        let id = try await world.add(makeAccounts(60_000))
        try await world.run(for: .seconds(400))
        let story = world.story
        let throttled = try #require(story.calls.first { $0.after >= .seconds(120) }).after
        #expect(
            story.calls(from: throttled + .milliseconds(500), to: throttled + .seconds(1)).isEmpty
        )
        // A quarter of the limit in 15 s at full pace, half of it at half: the bucket was emptied, too.
        var tens: [Int] = []
        for step in 0..<12 {
            let start = throttled + .milliseconds(500) + .seconds(10 * step)
            let calls = story.calls(from: start, to: start + .seconds(10))
            tens.append(calls.reduce(0) { $0 + $1.batch.accounts.count })
        }
        print("FIGURE \(code): recipients in each 10 s \(tens), a minute \(story.perMinute)")
        #expect(tens[0] <= 1_000)
        #expect(tens[..<4].reduce(0, +) <= 5_500)
        #expect(tens[8...].reduce(0, +) >= 7_000)
        #expect(story.states.map(\.state) == [.throttled, .running])
        let ending = try await Ending(&world, of: [id])
        #expect(ending.counts.failed == 0)
        let recipients = try await world.recipients(of: id)
        #expect(recipients.allSatisfy { $0.attempts <= 1 })
        #expect(world.provider.busiestMinute <= 12_000)
    }

    /// The first call from a time on is refused.
    final class ThrottleOnce: Sendable {
        private let code: Int
        private let at: Duration

        init(code: Int, at: Duration) {
            self.code = code
            self.at = at
        }

        /// Calls are 2.5 s apart, so one falls into each such stretch.
        func fate(of call: Story.Call) -> Fate? {
            call.after >= at && call.after < at + .milliseconds(2_500)
                ? TencentAnswers.refusal(code, call.batch) : nil
        }
    }

    @Test func `while every call is throttled few are made, and none costs an attempt`()
        async throws
    {
        var world = try World.scripted { call in
            call.after < .seconds(600) ? TencentAnswers.refusal(60_007, call.batch) : nil
        }
        let id = try await world.add(makeAccounts(20_000))
        try await world.run()
        let calls = world.story.calls(from: .zero, to: .seconds(600))
        print(
            "FIGURE throttled for ten minutes: \(calls.count) calls; then \(world.story.perMinute)"
        )
        // The pace that comes back between two answers lets a batch of 500 go every 20 s.
        #expect(calls.count <= 35)
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 20_000)
        #expect(try await world.recipients(of: id).allSatisfy { $0.attempts == 1 })
    }

    @Test(arguments: [(70_050, 60), (60_028, 3_600)])
    func `a lock-out is waited for`(code: Int, seconds: Int) async throws {
        var world = try World.scripted { call in
            call.after < .seconds(2) ? TencentAnswers.refusal(code, call.batch) : nil
        }
        let id = try await world.add(makeAccounts(2_000))
        try await world.run()
        let later = try #require(world.story.calls.first { $0.after > .seconds(2) })
        #expect(later.after >= .seconds(seconds))
        #expect(later.after <= .seconds(seconds + 45))
        let ending = try await Ending(&world, of: [id])
        #expect(ending.counts.sent == 2_000)
    }

    // MARK: - Credentials

    @Test(arguments: [70_009, 60_006, 90_009])
    func `refused credentials cost no call but those in flight, until there are others`(
        code: Int
    ) async throws {
        var world = try World.scripted { call in
            call.after < .seconds(500) ? TencentAnswers.refusal(code, call.batch) : nil
        }
        let ids = [
            try await world.add(makeAccounts(20_000)),
            try await world.add(makeAccounts(3, prefix: "notice-")),
        ]
        world.stage(.crash, after: .seconds(100))
        world.stage(.crash, after: .seconds(200))
        world.stage(.reconfigure(Limits(), fingerprint: "other"), after: .seconds(1_000))
        try await world.run()
        let refused = world.story.calls(from: .zero, to: .seconds(1_000))
        // The burst of three batches and the notice were out when the first answer came.
        #expect(refused.count <= 4)
        #expect(refused.allSatisfy { $0.after < .seconds(1) })
        let ending = try await Ending(&world, of: ids)
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 20_003)
        for id in ids {
            #expect(try await world.recipients(of: id).allSatisfy { $0.attempts == 1 })
        }
        print("FIGURE \(code): \(refused.count) calls, then silence for 1,000 s and two crashes")
    }

    @Test func `a resume tries refused credentials with one call`() async throws {
        var world = try World.scripted { call in
            call.after < .seconds(150) ? TencentAnswers.refusal(70_009, call.batch) : nil
        }
        let id = try await world.add(makeAccounts(20_000))
        world.stage(.pause(false), after: .seconds(100))
        world.stage(.pause(false), after: .seconds(200))
        try await world.run()
        #expect(world.story.calls(from: .seconds(1), to: .seconds(200)).count == 1)
        let ending = try await Ending(&world, of: [id])
        #expect(ending.counts.sent == 20_000)
        let states = world.story.states.map(\.state)
        #expect(states.filter { $0 == .halted }.count == 2)
    }

    @Test(arguments: [true, false])
    func `an expired signature is renewed once and tried by one call`(isCured: Bool) async throws {
        var world = try World.scripted { call in
            call.after < .milliseconds(500) || !isCured
                ? TencentAnswers.refusal(70_001, call.batch) : nil
        }
        let id = try await world.add(makeAccounts(20_000))
        // Answers come 0.5 s after their calls, so that the renewed one can be told from the rest.
        world.provider.delayIn = 250...251
        world.provider.delayOut = 250...251
        try await world.run(for: .seconds(3_600))
        #expect(world.story.renewals == 1)
        let after = world.story.calls.filter { $0.after >= .milliseconds(500) }
        if isCured {
            #expect(try await Ending(&world, of: [id]).counts.sent == 20_000)
            // The one that tries is answered before the next goes out.
            #expect(after[1].after - after[0].after >= .milliseconds(500))
        } else {
            #expect(after.count == 1)
            #expect(world.story.states.last?.state == .halted)
            #expect(world.story.states.last?.reason?.code == 70_001)
        }
    }

    // MARK: - Unreachable

    @Test func `an unreachable endpoint is probed after growing rests, and nobody is addressed`()
        async throws
    {
        var world = try World.scripted { call in
            call.after >= .seconds(30) && call.after < .seconds(630) ? .notSent : nil
        }
        world.story.checkScript = { check in
            check.after >= .seconds(30) && check.after < .seconds(630) ? .notSent("refused") : nil
        }
        let id = try await world.add(makeAccounts(40_000))
        try await world.run()
        // Three calls that didn't go out are the evidence.
        #expect(world.story.calls(from: .seconds(40), to: .seconds(630)).isEmpty)
        let probes = world.story.checks.filter { $0.after < .seconds(630) }
        #expect(probes.allSatisfy { $0.accounts.isEmpty })
        let rests = zip(probes, probes.dropFirst()).map { ($1.after - $0.after).inSeconds }
        print("FIGURE unreachable: \(probes.count) probes, rests \(rests.map { Int($0) })")
        let planned = [2.0, 4, 8, 16, 32, 60, 60, 60, 60]
        #expect(rests.count >= planned.count)
        for (rest, least) in zip(rests, planned) {
            #expect(rest >= least && rest < least + 3)
        }
        let back = try #require(world.story.calls.first { $0.after >= .seconds(630) })
        #expect(back.after < .seconds(700))
        #expect(back.batch.accounts.count == 1, "a trial")
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 40_000)
        #expect(try await world.recipients(of: id).allSatisfy { $0.attempts == 1 })
        #expect(world.story.states.map(\.state) == [.unreachable, .running])
    }

    @Test func `an account that never gets through doesn't keep the others waiting`() async throws {
        var world = try World.scripted { call in
            if call.batch.accounts[0].text.hasPrefix("hopeless") {
                return TencentAnswers.refusal(91_000, call.batch)
            }
            return call.after >= .seconds(2) && call.after < .seconds(120) ? .lost : nil
        }
        let hopeless = try await world.add(makeAccounts(1, prefix: "hopeless-"))
        let others = try await world.add(makeAccounts(20_000))
        try await world.run()
        let ending = try await Ending(&world, of: [others])
        #expect(ending.counts.sent == 20_000)
        let last = try #require(world.story.calls.last { $0.batch.campaign == others })
        print("FIGURE hopeless account: the others are done after \(last.after)")
        #expect(last.after < .seconds(420))
        let one = try #require(try await world.store.campaign(hopeless))
        #expect(one.counts.failed == 1)
        #expect(ending.lastCall < .seconds(10_000))
    }

    @Test(arguments: [UnknownPolicy.resend, .leave])
    func `many hopeless accounts in calls of their own don't keep the others waiting`(
        onUnknown: UnknownPolicy
    ) async throws {
        var limits = Limits()
        limits.batchAccounts = 1
        let isHopeless = { @Sendable (call: Story.Call) in
            call.batch.accounts[0].text.hasPrefix("err")
        }
        var world = try World.scripted(limits: limits) { call in
            isHopeless(call) ? TencentAnswers.refusal(91_000, call.batch) : nil
        }
        let hopeless = try await world.add(makeAccounts(30, prefix: "err-"))
        let others = try await world.add(
            makeAccounts(200),
            settings: Campaign.Settings(onUnknown: onUnknown)
        )
        try await world.run()
        let last = try #require(world.story.calls.last { $0.batch.campaign == others })
        let ending = try await Ending(&world, of: [hopeless, others])
        print(
            "FIGURE hopeless alone: others done after \(last.after), all after \(ending.lastCall)"
        )
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 200)
        #expect(ending.counts.failed == 30)
        #expect(last.after < .seconds(600))
        #expect(ending.lastCall < .seconds(6 * 3_600))
    }

    @Test func `a message that breaks every call doesn't keep the others waiting`() async throws {
        var world = try World.scripted { call in
            call.batch.accounts[0].text.hasPrefix("poison") ? .badGateway(isAccepted: false) : nil
        }
        let poison = try await world.add(makeAccounts(20, prefix: "poison-"))
        world.stage(
            .submit(makeAccounts(3, prefix: "notice-"), Campaign.Settings()),
            after: .seconds(300)
        )
        try await world.run(for: .seconds(4_000))
        let notice = try #require(world.story.calls.first { $0.batch.campaign != poison })
        // The rest between probes is at most 60 s.
        #expect(notice.after < .seconds(362))
        let ending = try await Ending(&world, of: [poison] + world.story.submitted)
        #expect(ending.counts.sent == 3)
        #expect(ending.counts.failed == 0)
    }

    // MARK: - Too large, and accounts in doubt

    @Test func `a packet that is too large is halved, and later batches have the size that works`()
        async throws
    {
        var world = try World.scripted { call in
            call.batch.accounts.count > 60 ? TencentAnswers.refusal(93_000, call.batch) : nil
        }
        let id = try await world.add(makeAccounts(10_000))
        try await world.run()
        let sizes = world.story.calls.map(\.batch.accounts.count)
        let refused = sizes.filter { $0 > 60 }
        let worked = try #require(sizes.firstIndex { $0 <= 60 })
        print("FIGURE 93000: refused \(refused), then \(sizes[worked])")
        #expect(sizes[worked...].allSatisfy { $0 <= 60 })
        #expect(refused.count <= 20)
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 10_000)
        #expect(try await world.recipients(of: id).allSatisfy { $0.attempts == 1 })
    }

    @Test(arguments: [93_000, 90_055])
    func `a single account that is too large halts its campaign alone`(code: Int) async throws {
        var limits = Limits()
        limits.inFlightLimit = 8
        var world = try World.scripted(limits: limits) { call in
            call.batch.accounts[0].text.hasPrefix("large")
                ? TencentAnswers.refusal(code, call.batch) : nil
        }
        let large = try await world.add(makeAccounts(2_000, prefix: "large-"))
        let other = try await world.add(makeAccounts(2_000, prefix: "other-"))
        try await world.run(for: .seconds(3_600))
        let halted = try #require(try await world.store.campaign(large))
        #expect(halted.state == .halted)
        #expect(halted.reason?.code == code)
        #expect(halted.counts.queued == 2_000)
        let sizes = world.story.calls.filter { $0.batch.campaign == large }
            .map(\.batch.accounts.count)
        print("FIGURE \(code) always: \(sizes)")
        #expect(sizes.last == 1)
        #expect(sizes.filter { $0 == 1 }.count <= 2)
        #expect(try #require(try await world.store.campaign(other)).counts.sent == 2_000)
    }

    /// Calls with this account are refused as a whole.
    private static func poisoned(by name: String) throws -> World {
        try World.scripted { call in
            call.batch.accounts.contains { $0.text == name }
                ? TencentAnswers.refusal(90_012, call.batch) : nil
        }
    }

    @Test func `who isn't imported is looked up and fails, the others of the call go again`()
        async throws
    {
        var world = try Self.poisoned(by: "missing-7")
        let id = try await world.add(makeAccounts(499) + [Account("missing-7")])
        try await world.run()
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 499)
        #expect(ending.counts.failed == 1)
        #expect(world.story.calls.map(\.batch.accounts.count) == [500, 499])
        #expect(world.story.checks.map(\.accounts.count) == [500])
        let failed = try #require(try await world.recipients(of: id).first { $0.status == .failed })
        #expect(failed.account.text == "missing-7")
        #expect(failed.code == 90_012)
        #expect(try await world.recipients(of: id).allSatisfy { $0.attempts == 1 })
    }

    @Test func `where a look-up explains nothing, halves find the one account that is at fault`()
        async throws
    {
        var world = try Self.poisoned(by: "user-00999")
        let id = try await world.add(makeAccounts(1_000))
        try await world.run()
        let ending = try await Ending(&world, of: [id])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.sent == 999)
        #expect(ending.counts.failed == 1)
        let sizes = world.story.calls.map(\.batch.accounts.count).sorted()
        #expect(sizes.count <= 2 + 2 * 9, "two calls for each halving: \(sizes)")
        #expect(world.story.checks.count == 1)
    }

    // MARK: - Unknown

    @Test func `with 30 percent of calls unknown for an hour nobody fails`() async throws {
        var limits = Limits()
        limits.messagesPerMinute = 1_200
        limits.burst = 150
        limits.batchAccounts = 50
        var world = try World.scripted(limits: limits) { call in
            var random = SplitMix64(seed: UInt64(call.number))
            _ = random.next()
            return Int.random(in: 0..<100, using: &random) < 30
                ? .badGateway(isAccepted: random.next() % 2 == 0) : nil
        }
        let id = try await world.add(makeAccounts(50_000))
        let left = try await world.add(
            makeAccounts(10_000, prefix: "left-"),
            settings: Campaign.Settings(onUnknown: .leave)
        )
        try await world.run()
        let ending = try await Ending(&world, of: [id, left])
        #expect(ending.violations.isEmpty)
        #expect(ending.counts.failed == 0)
        let resend = try #require(try await world.store.campaign(id))
        let leave = try #require(try await world.store.campaign(left))
        print(
            "FIGURE 30 % of \(world.calls) calls: resend \(resend.counts.unknown) of 50,000 unknown,"
                + " \(resend.resent) resent; leave \(leave.counts.unknown) of 10,000 unknown"
        )
        // 0.3 to the 8th is one batch in 15,000.
        #expect(resend.counts.unknown <= 50)
        #expect(leave.counts.unknown > 2_000 && leave.counts.unknown < 4_000)
    }

    @Test func `a repeat is the same call, and under leave there is none`() async throws {
        var world = try World.scripted { call in
            call.after < .seconds(1) ? .answerLost : nil
        }
        let id = try await world.add(makeAccounts(400))
        let left = try await world.add(
            makeAccounts(300, prefix: "left-"),
            settings: Campaign.Settings(onUnknown: .leave)
        )
        try await world.run()
        let calls = world.story.calls
        #expect(calls.count == 3)
        let same = calls.filter { $0.batch.campaign == id }.map(\.batch)
        #expect(same.count == 2)
        #expect(same[0].accounts == same[1].accounts)
        #expect(same[0].numbers.sequence == same[1].numbers.sequence)
        #expect(same[0].numbers.random == same[1].numbers.random)
        #expect(try #require(try await world.store.campaign(id)).counts.sent == 400)
        #expect(try #require(try await world.store.campaign(left)).counts.unknown == 300)
    }
}
