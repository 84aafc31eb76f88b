import DeliveryCore
import TestSupport
import Testing

/// The window, the pace and the part kept for notices, as one.
struct AdmissionTests {
    private func make(_ messagesPerMinute: Int = 6_000, burst: Int = 500) -> Admission {
        let limits = Limits(messagesPerMinute: messagesPerMinute, burst: burst)
        return Admission(Quota(limits), now: at(0).instant)
    }

    private func fit(
        _ admission: inout Admission,
        _ count: Int,
        isNotice: Bool = false,
        at seconds: Double = 0
    ) -> Fit {
        let now = at(seconds).instant
        return admission.fit(count, isFixed: false, isNotice: isNotice, now: now)
    }

    @Test func `a burst goes at once and then the bucket paces`() {
        var admission = make()
        #expect(fit(&admission, 500) == .fits(500))
        admission.reserve(500, now: at(0).instant)
        #expect(fit(&admission, 100) == .waits(until: at(1).instant))
        #expect(fit(&admission, 30, isNotice: true) == .fits(30), "a notice waits for no bucket")
        admission.advance(to: at(1).instant)
        #expect(fit(&admission, 100, at: 1) == .fits(100))
    }

    @Test func `what is given back can be reserved again, and a call that isn't made costs none`() {
        var admission = make()
        let first = admission.callAvailable(now: at(0).instant)
        for _ in 1...100 {
            admission.reserve(500, now: at(0).instant)
            admission.giveBack(500, isWhole: true)
        }
        #expect(admission.callAvailable(now: at(0).instant) == first)
        #expect(fit(&admission, 500) == .fits(500))
        admission.reserve(500, now: at(0).instant)
        admission.giveBack(200, isWhole: false)
        #expect(fit(&admission, 200) == .fits(200))
        for _ in 1...10 { admission.reserve(1, now: at(0).instant) }
        #expect(admission.callAvailable(now: at(0).instant) > first)
    }

    /// 30 recipients of 6,000 are kept for notices.
    @Test func `a batch is cut to the room that is left, without what is kept for notices`() {
        var admission = make(burst: 6_000)
        admission.reserve(5_900, now: at(0).instant)
        #expect(fit(&admission, 500) == .fits(70))
        admission.reserve(50, now: at(0).instant)
        #expect(fit(&admission, 500) == .waits(until: nil), "twenty are too few to be worth a call")
        #expect(fit(&admission, 30, isNotice: true) == .fits(30))
        admission.release(5_900, at: at(60).instant, now: at(1).instant)
        #expect(fit(&admission, 500, at: 1) == .waits(until: at(60).instant))
        admission.release(50, at: at(1).instant, now: at(1).instant)
        #expect(fit(&admission, 100, isNotice: true, at: 1) == .fits(100))
        // Twice as much is kept while nothing is released for a while.
        #expect(fit(&admission, 500, at: 50) == .waits(until: at(60).instant))
        // What waited for the window doesn't all go at once when there is room.
        admission.advance(to: at(60).instant)
        #expect(fit(&admission, 1_500, at: 60) == .fits(1_500))
        #expect(fit(&admission, 2_000, at: 60) == .waits(until: at(65).instant))
    }

    @Test func `a throttle answer halves the rate, and an operator ends the wait alone`() {
        var admission = make()
        let reason = Campaign.Reason(code: 60_028, text: "")
        let now = at(0).instant
        admission.throttled(reason, callSentAt: now, atLeast: .seconds(60), now: now)
        #expect(admission.throttle == reason)
        #expect(admission.backoff.waits(now: at(59).instant))
        #expect(admission.rate(now: now) == 3_000)
        admission.resume(now: at(1).instant)
        #expect(!admission.backoff.waits(now: at(1).instant))
        #expect(admission.rate(now: at(1).instant) == 3_000)
        admission.emptyBucket(now: at(1).instant)
        admission.advance(to: at(1).instant)
        #expect(fit(&admission, 50, at: 1) == .waits(until: at(2).instant))
    }

    @Test func `what was held before the start counts whole, whatever the limit is`() {
        var admission = make(600)
        let hold = Hold(campaign: makeID(), count: 900, until: at(50).instant)
        admission.restore(hold)
        #expect(fit(&admission, 1, isNotice: true) == .waits(until: at(50).instant))
        admission.reconfigure(
            Quota(Limits(messagesPerMinute: 1_000, burst: 500)),
            now: at(1).instant
        )
        #expect(fit(&admission, 200, isNotice: true, at: 1) == .fits(100))
    }
}
