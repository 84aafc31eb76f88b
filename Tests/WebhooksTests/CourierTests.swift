import DeliveryCore
import DeliveryEngine
import TestSupport
import Testing
import Webhooks

/// Which event goes to which hook when.
@Suite struct CourierTests {
    private let hook = HookKey(digest: "a")

    private func event(
        _ id: Int64,
        lane: UInt8 = 1,
        attempts: Int = 0,
        since: Now? = nil
    ) -> StoredEvent {
        StoredEvent(
            id: id,
            uuid: "event-\(id)",
            kind: .campaignStarted,
            lane: [lane],
            at: at(0).timestamp,
            attempts: attempts,
            failingSince: since?.timestamp,
            body: []
        )
    }

    /// One with these events read.
    private func makeCourier(
        _ events: [StoredEvent],
        now: Now = at(0)
    ) -> (
        Courier, [Courier.Effect]
    ) {
        var courier = Courier(seed: 1)
        _ = courier.handle(.configured([hook]), now: now)
        let effects = courier.handle(.loaded(hook, DueEvents(events: events)), now: now)
        return (courier, effects)
    }

    @Test func `a start asks for what is due, and an idle hook for nothing`() {
        var courier = Courier(seed: 1)
        let first = courier.handle(.configured([hook]), now: at(0))
        #expect(first == [.load(hook, by: at(0).timestamp, limit: 16)])
        #expect(courier.handle(.loaded(hook, DueEvents(events: [])), now: at(0)) == [])
        #expect(courier.handle(.woke, now: at(9)) == [])
        let again = courier.handle(.stored, now: at(10))
        #expect(again == [.load(hook, by: at(10).timestamp, limit: 16)])
        // Stored while it is read: read again.
        #expect(courier.handle(.stored, now: at(11)) == [])
        let more = courier.handle(.loaded(hook, DueEvents(events: [])), now: at(12))
        #expect(more == [.load(hook, by: at(12).timestamp, limit: 16)])
    }

    @Test func `four go at a time, and of a campaign one`() {
        let events = (1...6).map { event(Int64($0), lane: UInt8($0)) } + [event(7, lane: 1)]
        let (_, effects) = makeCourier(events)
        #expect(effects == events.prefix(4).map { .post(hook, $0) })
        let (_, same) = makeCourier([event(1), event(2)])
        #expect(same == [.post(hook, event(1))])
    }

    @Test func `what was told is recorded before its campaign's next event goes`() {
        var (courier, _) = makeCourier([event(1), event(2)])
        let settled = courier.handle(.answered(hook, event: 1, .status(204)), now: at(1))
        #expect(
            settled == [.report(hook, .settled), .record([.removed(hook, event: 1)])]
        )
        let next = courier.handle(.recorded(expired: [:]), now: at(2))
        #expect(next == [.post(hook, event(2)), .load(hook, by: at(2).timestamp, limit: 16)])
    }

    @Test func `an event is tried again after 5 s to 6 h, for three days`() {
        let waits: [Double] = [5, 30, 120, 600, 1_800, 7_200, 21_600, 21_600]
        var (courier, _) = makeCourier([event(1)])
        var now = at(0)
        var attempts = 0
        var since: Now?
        var elapsed = 0.0
        while true {
            let effects = courier.handle(.answered(hook, event: 1, .status(500)), now: now)
            since = since ?? now
            attempts += 1
            let results = effects.results
            if results.contains(.removed(hook, event: 1)) { break }
            guard case .postponed(_, 1, attempts, at(0).timestamp, let dueAt)? = results.first
            else {
                Issue.record("\(effects)")
                return
            }
            let wait = now.timestamp.duration(to: dueAt).inSeconds
            let wanted = waits[min(attempts, waits.count) - 1]
            #expect(wait >= wanted * 0.9 - 0.001 && wait <= wanted * 1.1 + 0.001)
            _ = courier.handle(.recorded(expired: [:]), now: now)
            // The rest ends within the millisecond in which the event is due.
            elapsed += wait + 0.001
            now = at(elapsed)
            let again = event(1, attempts: attempts, since: since)
            _ = courier.handle(.woke, now: now)
            let posted = courier.handle(
                .loaded(hook, DueEvents(events: [again])),
                now: now
            )
            #expect(posted.first == .post(hook, again))
        }
        #expect(elapsed <= 3 * 86_400 && elapsed > 2.5 * 86_400)
        #expect(attempts > 14 && attempts < 20)
    }

    @Test func `a hook that fails gets one event at a time, with rests`() {
        let events = (1...5).map { event(Int64($0), lane: UInt8($0)) }
        var (courier, first) = makeCourier(events)
        #expect(first.posts == [1, 2, 3, 4])
        for id in 1...4 as ClosedRange<Int64> {
            let effects = courier.handle(.answered(hook, event: id, .failed("no")), now: at(1))
            #expect(effects.posts == [])
        }
        _ = courier.handle(.recorded(expired: [:]), now: at(1))
        _ = courier.handle(.recorded(expired: [:]), now: at(1))
        #expect(courier.handle(.woke, now: at(100)).posts == [], "four failed in a row")
        #expect(courier.handle(.woke, now: at(140)).posts == [5])
        let settled = courier.handle(.answered(hook, event: 5, .status(200)), now: at(141))
        #expect(settled.contains(.report(hook, .recovered)))
    }

    @Test func `events that a hook didn't take for three days are given up together`() {
        var (courier, _) = makeCourier([event(1)])
        let day = 86_400.0
        _ = courier.handle(.answered(hook, event: 1, .failed("no")), now: at(0))
        _ = courier.handle(.recorded(expired: [:]), now: at(0))
        let second = event(2, lane: 2)
        _ = courier.handle(.woke, now: at(3 * day))
        _ = courier.handle(.loaded(hook, DueEvents(events: [second])), now: at(3 * day))
        let effects = courier.handle(.answered(hook, event: 2, .failed("no")), now: at(3 * day))
        #expect(effects.results.contains(.expired(hook, before: at(0).timestamp)))
        let told = courier.handle(.recorded(expired: [hook: 7]), now: at(3 * day))
        #expect(told.contains(.report(hook, .gaveUp(7))))
    }

    @Test func `410 stops a hook until a reload, and its event waits`() {
        var (courier, _) = makeCourier([event(1), event(2, lane: 2)])
        let gone = courier.handle(.answered(hook, event: 1, .status(410)), now: at(1))
        #expect(gone == [.report(hook, .stopped)])
        #expect(courier.standing(of: hook, at(1)).isStopped)
        #expect(courier.handle(.stored, now: at(2)) == [])
        // What was out is recorded all the same.
        let other = courier.handle(.answered(hook, event: 2, .status(200)), now: at(3))
        #expect(other.results == [.removed(hook, event: 2)])
        _ = courier.handle(.recorded(expired: [:]), now: at(3))
        let again = courier.handle(.configured([hook]), now: at(4))
        #expect(again == [.load(hook, by: at(4).timestamp, limit: 16)])
        #expect(!courier.standing(of: hook, at(4)).isStopped)
    }

    @Test func `a store that fails is asked again, and nothing is sent twice meanwhile`() {
        var (courier, _) = makeCourier([event(1)])
        let settled = courier.handle(.answered(hook, event: 1, .status(200)), now: at(1))
        #expect(settled.results == [.removed(hook, event: 1)])
        let failed = courier.handle(.recordFailed, now: at(2))
        #expect(failed == [.wake(at: at(3).instant)])
        #expect(courier.handle(.woke, now: at(3)).results == [.removed(hook, event: 1)])
    }

    @Test func `what a reading shows of an event that is out is left alone`() {
        var (courier, _) = makeCourier([event(1)])
        #expect(courier.handle(.stored, now: at(1)).count == 1)
        // Read before the result was written.
        _ = courier.handle(.answered(hook, event: 1, .status(200)), now: at(2))
        _ = courier.handle(.recorded(expired: [:]), now: at(2))
        let stale = courier.handle(.loaded(hook, DueEvents(events: [event(1)])), now: at(3))
        #expect(stale.posts == [])
    }

    @Test func `a hook that isn't configured any more gets nothing`() {
        var (courier, _) = makeCourier([event(1)])
        #expect(courier.handle(.configured([]), now: at(1)) == [])
        #expect(courier.handle(.answered(hook, event: 1, .status(200)), now: at(2)) == [])
        #expect(courier.handle(.stored, now: at(2)) == [])
    }

    @Test func `a drain waits for what is out, for two seconds`() {
        var (courier, _) = makeCourier([event(1)])
        #expect(courier.handle(.drain, now: at(1)) == [.wake(at: at(3).instant)])
        var answered = courier
        _ = answered.handle(.answered(hook, event: 1, .status(200)), now: at(2))
        #expect(answered.handle(.recorded(expired: [:]), now: at(2)) == [.stopped])
        #expect(courier.handle(.woke, now: at(3)) == [.stopped])
    }

    @Test(
        arguments: [
            (HookAnswer.status(200), true), (.status(204), true), (.status(301), false),
            (.status(400), false), (.status(500), false), (.failed("no"), false),
        ]
    )
    func `only 2xx settles an event`(answer: HookAnswer, isSettled: Bool) {
        var (courier, _) = makeCourier([event(1)])
        let effects = courier.handle(.answered(hook, event: 1, answer), now: at(1))
        #expect(effects.results.contains(.removed(hook, event: 1)) == isSettled)
        #expect((answer.error == nil) == isSettled)
    }
}

extension [Courier.Effect] {
    fileprivate var posts: [Int64] {
        compactMap { if case .post(_, let event) = $0 { event.id } else { nil } }
    }

    fileprivate var results: [HookResult] {
        flatMap { effect in
            if case .record(let results) = effect { results } else { [HookResult]() }
        }
    }
}
