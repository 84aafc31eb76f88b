import DeliveryCore
import TestSupport
import Testing

/// A retry of millions goes in steps, and whoever asked for it hears of the end.
struct RetryStepTests {
    private let id = makeID()
    private let one = Dispatcher.Request(id: 1)

    private func position(_ name: String, requeued: Int) -> RetryPosition {
        RetryPosition(account: Account(name), generation: 0, requeued: requeued)
    }

    private func stepped(_ requeued: Int, next: RetryPosition? = nil) -> WriteResult {
        makeChange(makeWork(state: .paused), requeued: requeued, next: next)
    }

    /// A harness whose first step is through, with more to look at.
    private func makeHarness() -> DispatcherHarness {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored()), 0)
        _ = harness.tell(.requested(one, .retry(id, RetryFilter())), 1)
        let first = harness.tell(.committed([stepped(5, next: position("e", requeued: 5))]), 1.1)
        #expect(first.wakes == [at(1.125).instant])
        #expect(first.replies.isEmpty)
        return harness
    }

    @Test func `each step waits a little, and the reply comes after the last with all counted`() {
        var harness = makeHarness()
        #expect(harness.tell(.woke, 1.12).writes.isEmpty)
        let next = Write.retry(id, RetryFilter(), after: position("e", requeued: 5))
        #expect(harness.tell(.woke, 1.125).writes == [next])
        let last = harness.tell(.committed([stepped(9)]), 1.2)
        guard case .changed(let change)? = last.replies.first else {
            Issue.record("no reply: \(last)")
            return
        }
        #expect(last.replies.count == 1 && change.requeued == 9)
        #expect(harness.tell(.woke, 2).writes.isEmpty)
    }

    @Test func `calls go on between two steps`() {
        var harness = makeHarness()
        let admitted = harness.tell(.admitted(makeWork(2, fresh: 3)), 1.11)
        #expect(admitted.claims.count == 1)
        let claimed = WriteResult.claimed(makeBatch(1, count: 3), makeWork(2))
        let called = harness.tell(.committed([claimed]), 1.12)
        #expect(called.calls.count == 1 && called.writes.isEmpty)
    }

    @Test func `two retries take turns, a step a commit`() {
        var harness = makeHarness()
        let two = Dispatcher.Request(id: 2)
        let filter = RetryFilter(unknown: false)
        #expect(harness.tell(.requested(two, .retry(id, filter)), 1.11).writes.count == 1)
        let other = position("b", requeued: 2)
        #expect(harness.tell(.committed([stepped(2, next: other)]), 1.12).writes.isEmpty)
        let first = harness.tell(.woke, 1.145)
        #expect(
            first.writes == [.retry(id, RetryFilter(), after: position("e", requeued: 5))]
        )
        #expect(harness.tell(.committed([stepped(5)]), 1.15).replies.count == 1)
        #expect(harness.tell(.woke, 1.175).writes == [.retry(id, filter, after: other)])
    }

    @Test func `a fault of the store between two steps ends it, and so does a drain`() {
        var failing = makeHarness()
        _ = failing.tell(.admitted(makeWork(2, fresh: 3)), 1.11)
        let failed = failing.tell(.commitFailed(.failed("I/O error")), 1.12)
        #expect(failed.replies == [.failed(.failed("I/O error"))])
        var draining = makeHarness()
        #expect(draining.tell(.drain, 1.11).replies == [.stopping])
        var late = makeHarness()
        _ = late.tell(.woke, 1.125)
        #expect(late.tell(.drain, 1.13).isEmpty)
        let ended = late.tell(.committed([stepped(7, next: position("g", requeued: 7))]), 1.14)
        #expect(ended == [.reply(one, .stopping), .stopped])
    }
}
