import DeliveryCore
import TestSupport
import Testing

/// Calls of a campaign go out only within its sending hours.
///
/// The tests' clock begins on a Tuesday at 22:13:20 UTC.
struct SendingHoursTests {
    private let ok = Outcome.answered(messageKey: "k", refused: [])
    private let one = Dispatcher.Request(id: 1)
    private let id = makeID()
    /// From 22:15:00 on, 100 s after the beginning, to 22:20:00.
    private let soon = SendingHours(opensAt: 22 * 60 + 15, closesAt: 22 * 60 + 20, timeZone: "UTC")
    /// To 22:15:00.
    private let ending = SendingHours(opensAt: 22 * 60, closesAt: 22 * 60 + 15, timeZone: "UTC")

    private func work(
        _ hours: SendingHours?,
        fresh: Int = 3,
        retries: Int = 0,
        dueAt: Timestamp? = nil
    ) -> CampaignWork {
        var work = makeWork(fresh: fresh)
        work.settings.sendBetween = hours
        work.retryCount = retries
        work.retryDueAt = dueAt
        return work
    }

    private func running(_ works: [CampaignWork], open: [OpenBatch] = []) -> DispatcherHarness {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: works, open: open)), 0)
        return harness
    }

    private func isConsistent(_ harness: DispatcherHarness, _ seconds: Double) -> Bool {
        harness.dispatcher.isConsistent(at(seconds))
    }

    @Test func `before they open nothing is claimed, and a wake-up comes for the opening`() {
        var harness = DispatcherHarness()
        let start = harness.tell(.restored(Restored(campaigns: [work(soon)])), 0)
        #expect(start.claims.isEmpty)
        #expect(start.wakes == [at(30).instant])
        #expect(harness.dispatcher.closedCampaignCount == 1)
        for second in [30.0, 60, 90] { #expect(harness.tell(.woke, second).claims.isEmpty) }
        #expect(harness.tell(.woke, 99.999).claims.isEmpty)
        #expect(harness.tell(.woke, 100).claims.map(\.campaign) == [id])
        #expect(harness.dispatcher.closedCampaignCount == 0)
        #expect(isConsistent(harness, 100))
    }

    @Test func `retries and repeats wait for the opening as well`() {
        let retrying = work(soon, fresh: 0, retries: 2, dueAt: at(5).timestamp)
        var harness = running([retrying], open: [makeOpen(7, count: 2)])
        let before = harness.tell(.woke, 50)
        #expect(before.claims.isEmpty && before.reclaims.isEmpty)
        let after = harness.tell(.woke, 100)
        #expect(after.claims.count == 1 && after.reclaims.count == 1)
    }

    @Test func `a claim that is durable after the closing doesn't go out, and goes later`() {
        var harness = running([work(ending)])
        // The claim was planned at once, and its commit takes until the hours are over.
        let late = harness.tell(
            .committed([.claimed(makeBatch(count: 3), work(ending, fresh: 0))]),
            100
        )
        #expect(late.calls.isEmpty)
        #expect(late.resolutions == [.held(dueAt: at(100).timestamp)])
        #expect(harness.held == 0)
        _ = harness.tell(.committed([.recorded(work(ending, fresh: 0), opened: [])]), 100.1)
        #expect(harness.tell(.woke, 130).reclaims.isEmpty)
        let nextDay = 86_400 - 800.0
        #expect(harness.tell(.woke, nextDay).reclaims == [Batch.ID(rawValue: 1)])
        #expect(isConsistent(harness, nextDay))
    }

    @Test func `one that is durable a moment before the closing goes out`() {
        var harness = running([work(ending)])
        let claimed = WriteResult.claimed(makeBatch(count: 3), work(ending, fresh: 0))
        #expect(harness.tell(.committed([claimed]), 99.999).calls.count == 1)
        // And its answer counts, whatever the hour.
        #expect(harness.answer(ok, 101).resolutions.count == 1)
    }

    @Test func `a change of the hours holds at once`() {
        var harness = running([work(soon)])
        func change(_ hours: SendingHours?, _ seconds: Double) -> [Dispatcher.Effect] {
            var patch = CampaignPatch()
            patch.sendBetween = .some(hours)
            _ = harness.tell(.requested(one, .patch(id, patch)), seconds)
            let change = WriteResult.Change(campaign: makeCampaign(), work: work(hours))
            return harness.tell(.committed([.changed(.success(change))]), seconds)
        }
        #expect(change(ending, 1).claims.count == 1)
        _ = harness.tell(.committed([.claimed(nil, work(ending, fresh: 0))]), 1)
        #expect(change(soon, 2).claims.isEmpty)
        #expect(change(nil, 3).claims.count == 1)
    }

    @Test func `a wall clock that is set is followed, whichever way`() {
        var harness = running([work(soon)])
        let jump = Now(instant: at(1).instant, timestamp: at(120).timestamp)
        #expect(harness.dispatcher.handle(.woke, now: jump).claims.count == 1)
        let back = Now(instant: at(2).instant, timestamp: at(50).timestamp)
        let result = WriteResult.claimed(makeBatch(count: 3), work(soon, fresh: 0))
        let effects = harness.dispatcher.handle(.committed([result]), now: back)
        #expect(effects.calls.isEmpty && effects.resolutions.count == 1)
        #expect(harness.dispatcher.isConsistent(back))
    }

    @Test func `outside its hours it takes nothing of the others' shares`() {
        var other = makeWork(2, fresh: 50_000)
        other.order = 2
        var closed = work(soon, fresh: 50_000)
        closed.settings.priority = .high
        var harness = running([closed, other])
        let eta = { (harness: inout DispatcherHarness, seconds: Double) in
            harness.dispatcher.eta(
                of: other.id,
                state: .running,
                settings: other.settings,
                remaining: 12_000,
                at(seconds)
            )
        }
        let alone = eta(&harness, 1)
        // Once it is open it has four fifths.
        _ = harness.tell(.woke, 100)
        let beside = eta(&harness, 100)
        #expect(at(1).timestamp.duration(to: alone ?? .init(milliseconds: 0)).inSeconds < 100)
        #expect(at(100).timestamp.duration(to: beside ?? .init(milliseconds: 0)).inSeconds > 290)
    }

    @Test func `an end is reckoned by sending time`() {
        var harness = running([work(soon, fresh: 72_000)])
        func end(_ count: Int) -> Double? {
            harness.dispatcher.eta(
                of: id,
                state: .running,
                settings: work(soon).settings,
                remaining: count,
                at(10)
            ).map { at(0).timestamp.duration(to: $0).inSeconds }
        }
        // 12,000 a minute, in five minutes a day from 100 s on.
        #expect(end(24_000) == 220)
        #expect(end(72_000) == 86_560)
        #expect(
            harness.dispatcher.eta(
                of: id,
                state: .running,
                settings: work(SendingHours(opensAt: 0, closesAt: 1, timeZone: "No/Where"))
                    .settings,
                remaining: 1,
                at(10)
            ) == nil
        )
    }

    // MARK: - What is said

    private func told(_ explanation: Explanation) -> [String] {
        explanation.causes.map { cause in
            let end = cause.until.map { at(0).timestamp.duration(to: $0).inSeconds }
            return "\(cause.kind.rawValue)\(end.map { " until \($0)" } ?? ""): \(cause.text)"
        }
    }

    private var campaign: Campaign {
        var campaign = makeCampaign()
        campaign.counts.queued = 3
        return campaign
    }

    @Test func `outside its hours it says which they are and when they open`() {
        let harness = running([work(soon)])
        let explanation = harness.dispatcher.explain(campaign, takesIn: false, at(10))
        #expect(
            told(explanation) == [
                "outside_hours until 100.0: it is sent from 22:15 to 22:20 (UTC) only, which is again"
                    + " in 90 s"
            ]
        )
        #expect(explanation.causes.first?.remedy?.contains("send_between") == true)
        #expect(
            told(harness.dispatcher.explain(at(10))) == [
                "outside_hours until 100.0: 1 campaign waits for its sending hours; the first opens in"
                    + " 90 s"
            ]
        )
        #expect(
            harness.dispatcher.explain(campaign, takesIn: false, at(100)).causes.map(\.kind) != [
                .outsideHours
            ]
        )
    }

    @Test func `a retry that is due later is the longer wait, and few days are named`() {
        var hours = soon
        hours.days = [.wednesday, .tuesday]
        let harness = running([work(hours, fresh: 0, retries: 2, dueAt: at(150).timestamp)])
        #expect(
            told(harness.dispatcher.explain(campaign, takesIn: false, at(10))) == [
                "backoff until 150.0: 2 recipients wait for their next attempt; the first is due in"
                    + " 3 min",
                "outside_hours until 100.0: it is sent from 22:15 to 22:20 (UTC) on tue, wed only,"
                    + " which is again in 90 s",
            ]
        )
    }

    @Test func `a planned one that starts outside its hours says both`() {
        var planned = makeCampaign(state: .scheduled)
        planned.settings.sendBetween = soon
        planned.settings.startAt = at(60).timestamp
        let causes = running([]).dispatcher.explain(planned, takesIn: false, at(10)).causes
        #expect(causes.map(\.kind) == [.outsideHours, .scheduled])
        #expect(causes[0].until == at(100).timestamp)
        planned.settings.startAt = at(160).timestamp
        let within = running([]).dispatcher.explain(planned, takesIn: false, at(10)).causes
        #expect(within.map(\.kind) == [.scheduled])
    }

    @Test func `hours of a zone that isn't known are closed, and that is said`() {
        let harness = running([work(SendingHours(opensAt: 0, closesAt: 1, timeZone: "No/Where"))])
        let causes = harness.dispatcher.explain(campaign, takesIn: false, at(10)).causes
        #expect(causes.map(\.kind) == [.outsideHours])
        #expect(causes[0].until == nil)
        #expect(causes[0].text.contains("doesn't know that time zone"))
        let all = harness.dispatcher.explain(at(10)).causes
        #expect(
            told(harness.dispatcher.explain(at(10))) == [
                "outside_hours: 1 campaign waits for its sending hours; this machine doesn't know the"
                    + " time zone"
            ],
            "\(all)"
        )
    }

    @Test func `a clock that was set into the hours is noticed by the wake-up that it names`() {
        let harness = running([work(soon)])
        let jump = Now(instant: at(1).instant, timestamp: at(120).timestamp)
        let causes = harness.dispatcher.explain(campaign, takesIn: false, jump).causes
        #expect(causes.map(\.kind) == [.backoff])
        #expect(causes[0].text.hasPrefix("3 recipients are due since the clock was set"))
        #expect(causes[0].until == at(149).timestamp)
    }

    // MARK: - In an outage

    @Test func `in an outage a campaign outside its hours isn't tried, nor waited for`() {
        var harness = running(
            [work(ending, fresh: 50)],
            open: [makeOpen(1, count: 1), makeOpen(2, count: 1), makeOpen(3, count: 1)]
        )
        let claims = (Int64(1)...3).map {
            WriteResult.claimed(makeBatch($0, count: 1), work(ending, fresh: 50))
        }
        _ = harness.tell(.committed(claims + [.claimed(nil, work(ending, fresh: 0))]), 99)
        for number in Int64(1)...3 { _ = harness.answer(number, .notSent("refused"), 101) }
        let recorded = WriteResult.recorded(work(ending, fresh: 50), opened: [])
        _ = harness.tell(.committed([recorded]), 101)
        _ = harness.tell(.committed([recorded, recorded]), 101)
        #expect(harness.tell(.woke, 102).contains(.check([])))
        let probed = harness.tell(.checked(.answered(missing: [], unclear: [])), 102.1)
        #expect(probed.claims.isEmpty && probed.reclaims.isEmpty)
        // Nobody looks for a trial each second through the night.
        #expect(harness.dispatcher.state(at(103)).0 == .running)
        #expect(harness.tell(.woke, 104).wakes.allSatisfy { $0 > at(110).instant })
    }
}
