import DeliveryCore
import TestSupport
import Testing

struct WakeUpsTests {
    /// What is asked for when these instants are noted.
    private func ask(_ wakeUps: inout WakeUps, _ seconds: Double...) -> Instant? {
        wakeUps.begin()
        for second in seconds { wakeUps.note(at(second).instant) }
        return wakeUps.ask()
    }

    @Test func `only a wake-up before all that were asked for is asked for`() {
        var wakeUps = WakeUps()
        #expect(ask(&wakeUps) == nil)
        #expect(ask(&wakeUps, 9, 5, 7) == at(5).instant)
        #expect(ask(&wakeUps, 5) == nil)
        #expect(ask(&wakeUps, 6) == nil)
        #expect(ask(&wakeUps, 3) == at(3).instant)
        wakeUps.woke()
        #expect(ask(&wakeUps, 6) == nil, "another is on its way")
        #expect(ask(&wakeUps, 4) == at(4).instant)
        wakeUps.woke()
        wakeUps.woke()
        #expect(ask(&wakeUps, 9) == at(9).instant)
    }

    @Test func `a time of the wall clock is looked at again after half a minute`() {
        for (time, instant) in [(10.0, 10.0), (3_600, 30), (-5, 0)] {
            var wakeUps = WakeUps()
            wakeUps.begin()
            wakeUps.note(at(time).timestamp, now: at(0))
            #expect(wakeUps.ask() == at(instant).instant)
        }
    }
}
