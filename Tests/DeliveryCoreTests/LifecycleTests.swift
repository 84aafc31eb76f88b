import DeliveryCore
import TestSupport
import Testing

struct LifecycleTests {
    @Test(
        arguments: [
            (.restoring, .restored, .running), (.restoring, .drainRequested, .stopped),
            (.running, .drainRequested, .draining), (.draining, .drainRequested, .draining),
            (.draining, .drained, .stopped), (.stopped, .drainRequested, .stopped),
        ] as [(Lifecycle, Lifecycle.Event, Lifecycle)]
    )
    func `every event that may come leads on`(
        state: Lifecycle,
        event: Lifecycle.Event,
        next: Lifecycle
    ) {
        #expect(state.next(after: event) == next)
    }

    @Test func `a queue that is restored twice is refused, and an end of no drain`() async {
        await #expect(processExitsWith: .failure) {
            _ = Lifecycle.running.next(after: .restored)
        }
        await #expect(processExitsWith: .failure) {
            _ = Lifecycle.running.next(after: .drained)
        }
        await #expect(processExitsWith: .failure) {
            var harness = DispatcherHarness()
            _ = harness.tell(.restored(Restored()), 0)
            _ = harness.tell(.restored(Restored()), 1)
        }
    }

    @Test func `a drain before anything was sent stops at once`() {
        var harness = DispatcherHarness()
        #expect(harness.tell(.drain, 0) == [.stopped])
        #expect(harness.tell(.woke, 1).isEmpty)
    }
}
