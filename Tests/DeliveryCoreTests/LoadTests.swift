import DeliveryCore
import TestSupport
import Testing

/// Thousands of campaigns at once.
struct LoadTests {
    @Test func `an event's cost doesn't grow with the campaigns`() {
        func looksPerEvent(_ campaigns: Int) -> Double {
            var load = LoadModel(campaigns)
            // The start looks at every one.
            let (looks, events) = (load.dispatcher.lookCount, load.events)
            for _ in 0..<1_500 { load.step() }
            #expect(load.served > 0)
            return Double(load.dispatcher.lookCount - looks) / Double(load.events - events)
        }
        let few = looksPerEvent(20)
        let many = looksPerEvent(2_000)
        #expect(many < 4, "\(many) campaigns are looked at for an event, of few \(few)")
    }

    @Test func `the index is up to date after every event`() {
        var load = LoadModel(60, seed: 3)
        for _ in 0..<600 {
            load.step()
            #expect(load.dispatcher.isConsistent(load.now))
        }
    }
}
