import DeliveryCore
import TestSupport
import Testing

/// What operators are told of a campaign's pace and end.
struct ForecastTests {
    private let id = makeID()

    /// When a campaign of low priority with 3,000 left ends beside these, in seconds.
    private func eta(beside others: [CampaignWork], cap: Int? = nil) -> Double? {
        var harness = DispatcherHarness()
        let own = makeWork(priority: .low, cap: cap, fresh: 3_000)
        _ = harness.tell(.restored(Restored(campaigns: [own] + others)), 0)
        let end = harness.dispatcher.eta(
            of: id,
            state: .running,
            settings: own.settings,
            remaining: 3_000,
            at(0)
        )
        return end.map { at(0).timestamp.duration(to: $0).inSeconds }
    }

    @Test func `a campaign alone has the whole quota, or its cap`() throws {
        #expect(try #require(eta(beside: [])) < 20)
        #expect(try #require(eta(beside: [], cap: 300)) >= 600)
    }

    @Test func `a rival with a cap takes no more than that`() throws {
        let rival = makeWork(2, priority: .high, cap: 60, fresh: 100_000)
        let capped = try #require(eta(beside: [rival]))
        #expect(capped < 20, "15 s at 11,940 a minute")
        let free = try #require(eta(beside: [makeWork(2, priority: .high, fresh: 100_000)]))
        #expect(free > 200, "a seventeenth of the quota")
    }

    @Test func `a class shares what its capped campaigns leave`() throws {
        let capped = (2...5).map { makeWork($0, priority: .low, cap: 60, fresh: 9_000) }
        #expect(try #require(eta(beside: capped)) < 20)
        let equal = (2...5).map { makeWork($0, priority: .low, fresh: 9_000) }
        #expect(try #require(eta(beside: equal)) >= 75)
    }

    @Test func `nothing ends before the next call may go`() throws {
        var harness = DispatcherHarness.calling(work: makeWork(fresh: 1_003))
        _ = harness.answer(
            .refused(.throttled(atLeast: .seconds(3_600)), code: 60_028, text: ""),
            1
        )
        let end = harness.dispatcher.eta(
            of: id,
            state: .running,
            settings: Campaign.Settings(),
            remaining: 1,
            at(2)
        )
        #expect(try #require(end) >= harness.dispatcher.nextCallAt(at(2)))
        #expect(try #require(end) >= at(3_601).timestamp)
    }

    @Test func `a scheduled campaign that nobody has heard of yet has its end`() throws {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored()), 0)
        let startAt = at(500).timestamp
        let end = harness.dispatcher.eta(
            of: makeID(9),
            state: .scheduled,
            settings: Campaign.Settings(startAt: startAt),
            remaining: 12_000,
            at(0)
        )
        #expect(try #require(end) == at(560).timestamp)
    }

    @Test func `recipients count as addressed when their call goes out, and never below zero`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 900)])), 10.9)
        #expect(harness.dispatcher.messagesLastMinute(of: id, at(10.95)) == 0)
        // A claim for 500, which bytes cut in the next second.
        let left = makeWork(fresh: 565)
        let cut = WriteResult.claimed(makeBatch(count: 335), left)
        _ = harness.tell(.committed([cut, .claimed(nil, left)]), 11.1)
        for second in [12.0, 60, 70.5] {
            #expect(harness.dispatcher.messagesLastMinute(of: id, at(second)) == 335)
        }
        #expect(harness.dispatcher.messagesLastMinute(of: id, at(71.5)) == 0)
    }

    @Test func `an operator's retry of those left unknown is told of as resent`() {
        var harness = DispatcherHarness()
        let work = makeWork(onUnknown: .leave, retries: 3, retryDueAt: at(0).timestamp)
        _ = harness.tell(.restored(Restored(campaigns: [work])), 0)
        let batch = makeBatch(maybeAcceptedBefore: Set(makeAccounts(2)))
        let effects = harness.tell(.committed([.claimed(batch, makeWork(onUnknown: .leave))]), 1)
        #expect(effects.contains(.report(.resent(id, count: 2))))
    }
}
