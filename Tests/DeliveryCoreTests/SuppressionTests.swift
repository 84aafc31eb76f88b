import DeliveryCore
import TestSupport
import Testing

/// What the dispatcher does where claims find that those whose turn it is must not be addressed.
struct SuppressionTests {
    private let ok = Outcome.answered(messageKey: "k", refused: [])

    private func opening(_ batch: OpenBatch) -> (DispatcherHarness, [Dispatcher.Effect]) {
        var harness = DispatcherHarness()
        let restored = Restored(campaigns: [makeWork(fresh: 0)], open: [batch])
        let effects = harness.tell(.restored(restored), 0)
        return (harness, effects)
    }

    private let open = makeOpen()

    @Test func `a claim of nobody gives back what it reserved, and the next one goes at once`() {
        var harness = DispatcherHarness()
        let first = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 6_000)])), 0)
        #expect(first.claims.map(\.accountLimit) == [500, 500, 500])
        let left = [4_000, 3_000, 2_000].map { WriteResult.claimed(nil, makeWork(fresh: $0)) }
        let next = harness.tell(.committed(left), 0.01)
        #expect(next.calls.isEmpty && next.claims.map(\.accountLimit) == [500, 500, 500])
        #expect(harness.held == 1_500)
        #expect(harness.dispatcher.isConsistent(at(0.01)))
        // Calls of it never went out, so nothing of the quota is used.
        let none = [Int](repeating: 0, count: 3).map {
            WriteResult.claimed(nil, makeWork(state: .completed, fresh: $0))
        }
        let done = harness.tell(.committed(none), 0.02)
        #expect(done == [.report(.campaign(makeID(), .completed, nil))])
        #expect(harness.held == 0)
        #expect(harness.dispatcher.isConsistent(at(0.02)))
    }

    @Test func `while claims get on without a call, something is said to hold it up`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 500_000)])), 0)
        for step in 1...300 {
            let time = Double(step) * 0.02
            let left = (0..<3).map { _ in
                WriteResult.claimed(nil, makeWork(fresh: 500_000 - 1_500 * step))
            }
            let effects = harness.tell(.committed(left), time)
            #expect(effects.claims.count == 3 && effects.count == 1)
        }
        let explanation = harness.dispatcher.explain(makeCampaign(), takesIn: false, at(6.001))
        #expect(!explanation.isMoving && explanation.lastCallAt == nil)
        // What claims have reserved is missing in the bucket until they come back.
        #expect(explanation.causes.map(\.kind) == [.pace])
    }

    @Test func `a batch that some have left goes out smaller, and waits as such`() {
        var (harness, first) = opening(open)
        #expect(first.reclaims == [open.id] && harness.held == 3)
        let smaller = makeBatch(count: 2)
        let called = harness.tell(.committed([.claimed(smaller, makeWork())]), 0.1)
        #expect(called == [.call(smaller)])
        #expect(harness.held == 2)
        let held = harness.answer(.notSent("refused"), 0.2)
        #expect(held.resolutions.count == 1)
        let again = harness.tell(.committed([.recorded(makeWork(), opened: [])]), 60)
        #expect(again.reclaims == [open.id])
        #expect(harness.held == 2)
    }

    @Test func `a batch that all have left is forgotten, and who else there is goes out`() {
        var (harness, _) = opening(open)
        let next = harness.tell(.committed([.claimed(nil, makeWork(fresh: 5))]), 0.1)
        #expect(next.reclaims.isEmpty && next.claims.map(\.accountLimit) == [5])
        #expect(harness.held == 5)
        #expect(harness.dispatcher.isConsistent(at(0.1)))
    }

    @Test func `where a batch was all there was, its campaign is over`() {
        var (harness, _) = opening(open)
        let done = harness.tell(.committed([.claimed(nil, makeWork(state: .completed))]), 0.1)
        #expect(done == [.report(.campaign(makeID(), .completed, nil))])
        #expect(harness.held == 0)
    }

    @Test func `where the last ones are on the list while others are called, the end comes once`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 600)])), 0)
        let called = harness.tell(
            .committed([
                .claimed(makeBatch(count: 500), makeWork(fresh: 100)),
                .claimed(nil, makeWork()),
            ]),
            0.1
        )
        #expect(called.calls.count == 1 && called.writes.isEmpty)
        _ = harness.answer(ok, 0.2)
        let over = WriteResult.recorded(makeWork(state: .completed), opened: [])
        #expect(
            harness.tell(.committed([over]), 0.3)
                == [.report(.campaign(makeID(), .completed, nil))]
        )
    }
}
