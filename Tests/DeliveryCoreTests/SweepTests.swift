import DeliveryCore
import TestSupport
import Testing

/// When what nobody needs any more is removed, and that it holds nothing up.
struct SweepTests {
    private static var limits: Limits {
        var limits = Limits()
        limits.upkeep = Upkeep(retention: .seconds(600), interval: .seconds(3_600))
        return limits
    }

    private let sweep = Write.sweep(Write.Sweep(untouchedSince: nil))

    private func sweep(since seconds: Double) -> Write {
        .sweep(Write.Sweep(untouchedSince: at(seconds).timestamp))
    }

    private func swept(hasMore: Bool = false, retired: [Campaign.ID] = []) -> WriteResult {
        .swept(WriteResult.Swept(retired: retired, hasMore: hasMore))
    }

    @Test func `a start sweeps, step after step with a rest between, and then every hour`() {
        var harness = DispatcherHarness(limits: Self.limits)
        #expect(harness.tell(.woke, 0).writes.isEmpty)
        #expect(harness.tell(.restored(Restored()), 1).writes == [sweep(since: -599)])
        let first = harness.tell(.committed([swept(hasMore: true)]), 2)
        #expect(first == [.wake(at: at(2.025).instant)])
        #expect(harness.tell(.woke, 2.025).writes == [sweep(since: -597.975)])
        let last = harness.tell(.committed([swept()]), 3)
        #expect(last == [.wake(at: at(3_603).instant)])
        #expect(harness.tell(.woke, 3_603).writes == [sweep(since: 3_003)])
    }

    @Test func `a step shares the commit of claims and comes last in it`() {
        var harness = DispatcherHarness(limits: Self.limits)
        let restored = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 9_000)])), 0)
        #expect(restored.writes.count == 4)
        #expect(restored.writes.last == sweep(since: -600))
        let results = (1...3).map {
            WriteResult.claimed(makeBatch(Int64($0), count: 500), makeWork(fresh: 7_500))
        }
        let called = harness.tell(.committed(results + [swept(hasMore: true)]), 0)
        #expect(called.calls.count == 3)
        // An answer's commit in the time of rest has no step in it.
        let answered = harness.answer(.answered(messageKey: "k", refused: []), 0.01)
        #expect(answered.resolutions.count == 1)
        #expect(answered.writes.count == 1)
    }

    @Test func `a delete is followed by a sweep, whatever the retention`() {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored()), 0)
        let one = Dispatcher.Request(id: 1)
        let write = Write.delete(makeID())
        #expect(harness.tell(.requested(one, write), 1).writes == [write])
        let deleted = harness.tell(.committed([makeChange(makeWork(state: .completed))]), 1.1)
        #expect(deleted.writes == [sweep])
        #expect(harness.tell(.committed([swept()]), 1.2).isEmpty)
    }

    @Test func `what is past its time is reported`() {
        var harness = DispatcherHarness(limits: Self.limits)
        _ = harness.tell(.restored(Restored()), 0)
        let done = harness.tell(.committed([swept(retired: [makeID(7)])]), 1)
        #expect(done.first == .report(.retired(makeID(7))))
    }

    @Test func `while the store fails nothing is swept, and for a minute after`() {
        var harness = DispatcherHarness(limits: Self.limits)
        _ = harness.tell(.restored(Restored()), 0)
        _ = harness.tell(.commitFailed(.failed("I/O error")), 1)
        let again = harness.tell(.woke, 2)
        #expect(again.writes == [.service(ServiceRecord())])
        let back = harness.tell(.committed([.done]), 2.1)
        #expect(back.writes.isEmpty)
        #expect(back.wakes == [at(61).instant])
        #expect(harness.tell(.woke, 61).writes == [sweep(since: -539)])
    }

    @Test func `nothing is swept while draining`() {
        var harness = DispatcherHarness.calling()
        var limits = Self.limits
        limits.upkeep.retention = .seconds(60)
        #expect(harness.tell(.drain, 1).writes.isEmpty)
        #expect(harness.tell(.reconfigured(limits, fingerprint: "f"), 1).writes.isEmpty)
        let answered = harness.answer(.answered(messageKey: "k", refused: []), 2)
        #expect(!answered.writes.contains(sweep(since: -58)))
    }

    @Test func `a changed retention holds at once`() {
        var harness = DispatcherHarness(limits: Self.limits)
        _ = harness.tell(.restored(Restored()), 0)
        _ = harness.tell(.committed([swept()]), 1)
        var limits = Self.limits
        limits.upkeep.retention = .seconds(60)
        let changed = harness.tell(.reconfigured(limits, fingerprint: "f"), 100)
        #expect(changed.writes == [sweep(since: 40)])
    }
}
