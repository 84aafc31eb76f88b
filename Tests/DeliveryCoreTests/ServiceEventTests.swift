import DeliveryCore
import TestSupport
import Testing

/// What happens to all sending, as hooks are told it.
@Suite struct ServiceEventTests {
    private let one = Dispatcher.Request(id: 1)

    private var limits: Limits {
        var limits = Limits()
        limits.serviceEvents = [
            .serviceHalted, .serviceUnreachable, .serviceRecovered, .serviceStoreRecovered,
        ]
        return limits
    }

    private func refused(_ harness: inout DispatcherHarness) -> [Dispatcher.Effect] {
        harness.answer(.refused(.credentials, code: 70_003, text: "no"), 1)
    }

    @Test func `a halt is told once, with the quota, and its end`() {
        var harness = DispatcherHarness.calling(limits: limits)
        let effects = refused(&harness)
        let events = effects.events
        #expect(events.map(\.kind) == [.serviceHalted] && events.first?.at == at(1).timestamp)
        #expect(events.first?.quota.reason?.code == 70_003)
        #expect(effects.services.map(\.halt?.fingerprint) == ["f"], "in one commit")
        let durable = effects.writes.map { write -> WriteResult in
            if case .record = write { .recorded(makeWork(retries: 3), opened: []) } else { .done }
        }
        #expect(harness.tell(.committed(durable), 3).events == [])
        #expect(
            harness.tell(.pauseRequested(one, isPaused: false), 4).events.map(\.kind)
                == [.serviceRecovered]
        )
    }

    @Test func `what nobody wants isn't stored`() {
        var harness = DispatcherHarness.calling()
        #expect(refused(&harness).events == [])
    }

    @Test func `a halt that a start finds was told before, and its end wasn't`() {
        var restored = Restored()
        let reason = Campaign.Reason(code: 70_003, text: "no")
        restored.service.halt = ServiceRecord.Halt(reason: reason, fingerprint: "f")
        var same = DispatcherHarness(limits: limits)
        #expect(same.tell(.restored(restored), 0).events == [])
        var other = DispatcherHarness(limits: limits, fingerprint: "g")
        #expect(other.tell(.restored(restored), 0).events.map(\.kind) == [.serviceRecovered])
    }

    @Test func `a store that can be written again is told, and what waited for it`() {
        var harness = DispatcherHarness.calling(limits: limits)
        _ = harness.tell(.storeFailed(.failed("I/O error")), 1)
        _ = harness.tell(.woke, 2)
        #expect(harness.tell(.commitFailed(.failed("I/O error")), 2.1).events == [])
        _ = harness.tell(.woke, 3.2)
        let back = harness.tell(.committed([.done]), 3.3)
        #expect(back.events.map(\.kind) == [.serviceStoreRecovered])
        // Its own commit fails: it is told with the next one.
        _ = harness.tell(.commitFailed(.failed("I/O error")), 3.4)
        #expect(
            harness.tell(.woke, 4.5).events.map(\.kind) == [.serviceStoreRecovered]
        )
    }

    @Test func `an outage is told with the next commit, and a pause doesn't end it`() {
        var harness = DispatcherHarness(limits: limits)
        let open = (1...3).map { makeOpen($0, count: 1) }
        _ = harness.tell(.restored(Restored(campaigns: [makeWork()], open: open)), 0)
        let claims = (1...3).map { WriteResult.claimed(makeBatch($0, count: 1), makeWork()) }
        _ = harness.tell(.committed(claims), 0.1)
        for number in 1...3 as ClosedRange<Int64> {
            #expect(harness.answer(number, .unknown(.timeout), 1).events == [])
        }
        let recorded = WriteResult.recorded(makeWork(), opened: [])
        let events = harness.tell(.committed([recorded]), 1.1).events
        #expect(events.map(\.kind) == [.serviceUnreachable])
        #expect(events.map(\.at) == [at(1).timestamp])
        #expect(events.first?.quota.state == .unreachable)
        _ = harness.tell(.committed([recorded, recorded, .done]), 1.2)
        #expect(harness.tell(.pauseRequested(one, isPaused: true), 1.3).events == [])
    }
}

extension [Dispatcher.Effect] {
    fileprivate var events: [ServiceEvent] {
        writes.compactMap { write in
            if case .event(let event) = write { event } else { nil }
        }
    }
}
