import TencentIMSimulator
import Testing

@Suite struct QuotaTests {
    @Test func `a rolling window takes the quota in any 60 seconds and no one more`() {
        var provider = SimulatedProvider(rules: .init(quota: 10))
        #expect(provider.answer(makeCall(to: makeAccounts(10)), at: 30).status == .ok)
        #expect(provider.answer(makeCall(), at: 89.999) == .fail(90057))
        // At 90 seconds the ten have left; the one that was refused counts still.
        #expect(provider.answer(makeCall(to: makeAccounts(9)), at: 90).status == .ok)
        #expect(provider.answer(makeCall(), at: 90.001) == .fail(90057))
        #expect(provider.report.refusals == [90057: 2])
    }

    @Test func `an aligned window begins anew with each minute of the clock`() {
        var provider = SimulatedProvider(rules: .init(quota: 10, window: .minute))
        // The fixture's time begins 20 seconds into a minute.
        #expect(provider.answer(makeCall(to: makeAccounts(10)), at: 39.9).status == .ok)
        #expect(provider.answer(makeCall(), at: 39.99) == .fail(90057))
        #expect(provider.answer(makeCall(to: makeAccounts(10)), at: 40).status == .ok)
    }

    @Test(arguments: [
        SimulatedProvider.Rules(quota: nil), SimulatedProvider.Rules(quota: 1, window: .off),
    ])
    func `without a quota or a window everything goes`(rules: SimulatedProvider.Rules) {
        var provider = SimulatedProvider(rules: rules)
        for _ in 0..<50 { #expect(provider.answer(makeCall(to: makeAccounts(500))).code == 0) }
    }

    @Test func `the busiest minute is that of a rolling window, whatever the quota's is`() {
        var provider = SimulatedProvider(rules: .init(quota: nil, window: .off))
        for (seconds, count) in [(0.0, 5), (30.0, 7), (59.9, 1), (60.0, 2), (200.0, 9)] {
            _ = provider.answer(makeCall(to: makeAccounts(count)), at: seconds)
        }
        #expect(provider.report.busiestMinute == 13)
        #expect(provider.report.busiestSecond == 9)
    }

    @Test func `the busiest minute agrees with a plain count over thousands of calls`() {
        var provider = SimulatedProvider(rules: .init(quota: nil, window: .off))
        var random: UInt64 = 12_345
        var calls: [(at: Double, count: Int)] = []
        var seconds = 0.0
        for _ in 0..<5_000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            seconds += Double(random >> 40) / Double(1 << 24) / 10
            let count = Int(random >> 33 & 7) + 1
            calls.append((seconds, count))
            _ = provider.answer(makeCall(to: makeAccounts(count)), at: seconds)
        }
        var busiest = 0
        var first = 0
        for index in calls.indices {
            while calls[first].at + 60 <= calls[index].at { first += 1 }
            busiest = max(busiest, calls[first...index].reduce(0) { $0 + $1.count })
        }
        #expect(provider.report.busiestMinute == busiest)
    }
}
