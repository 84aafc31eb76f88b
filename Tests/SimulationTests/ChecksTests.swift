import DeliveryCore
import Simulation
import TestSupport
import Testing

/// The checks of the simulation find what breaks a promise, and nothing else.
struct ChecksTests {
    private static let campaign = makeID()

    private static func arrivals(_ calls: [(seconds: Int, count: Int)]) -> [ProviderModel.Arrival] {
        calls.map { .init(at: at(Double($0.seconds)).instant, count: $0.count, campaign: campaign) }
    }

    private func excess(
        _ calls: [(seconds: Int, count: Int)],
        _ history: LimitHistory,
        sparesSingles: Bool = false
    ) -> String? {
        history.excess(
            of: Self.arrivals(calls),
            travel: .seconds(16),
            sparesSingles: sparesSingles
        )
    }

    @Test func `a minute over its limit is found and one at its limit isn't`() {
        let history = LimitHistory(100, at: World.start)
        #expect(excess([(0, 60), (59, 41)], history) != nil)
        #expect(excess([(0, 60), (59, 40)], history) == nil)
        #expect(excess([(0, 60), (60, 100)], history) == nil)
    }

    @Test func `what spans a change of the limit is held against the larger`() {
        var history = LimitHistory(100, at: World.start)
        history.set(50, at: at(100).instant)
        #expect(excess([(90, 60), (110, 40)], history) == nil)
        #expect(excess([(115, 60), (120, 40)], history) == nil)
        #expect(excess([(117, 60), (120, 40)], history) != nil)
        history.set(200, at: at(200).instant)
        #expect(excess([(190, 50), (210, 150)], history) == nil)
        #expect(excess([(190, 50), (199, 1)], history) != nil)
    }

    @Test func `a single call over a lowered cap is spared where that is asked for`() {
        let history = LimitHistory(10, at: World.start)
        #expect(excess([(0, 20)], history) != nil)
        #expect(excess([(0, 20), (60, 10)], history, sparesSingles: true) == nil)
        #expect(excess([(0, 20), (59, 1)], history, sparesSingles: true) != nil)
    }

    private static func counts(
        _ calls: [(seconds: Int, count: Int)],
        by provider: inout ProviderModel
    ) -> [Bool] {
        calls.map {
            provider.counts(makeBatch(count: $0.count), at: at(Double($0.seconds)).instant)
        }
    }

    @Test func `a rolling window refuses what the last 60 seconds have no room for`() {
        var provider = ProviderModel(quota: 10, window: .rolling)
        let fits = Self.counts([(0, 10), (59, 1), (60, 9)], by: &provider)
        #expect(fits == [true, false, true])
        #expect(provider.refusals == 1)
    }

    @Test func `an aligned window starts anew at its offset`() {
        // The clock reads 1,000 s at the start, which is 10 s into a minute with this offset.
        var provider = ProviderModel(quota: 10, window: .aligned(offset: .seconds(30)))
        let fits = Self.counts([(0, 10), (49, 1), (50, 10)], by: &provider)
        #expect(fits == [true, false, true])
        #expect(provider.busiestWindow == 11)
        #expect(provider.busiestMinute == 21)
    }
}
