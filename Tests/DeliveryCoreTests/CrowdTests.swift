import DeliveryCore
import Testing

/// Thousands of campaigns at once.
struct CrowdTests {
    @Test func `an event's cost doesn't grow with the campaigns`() {
        func looksPerEvent(_ campaigns: Int) -> Double {
            var crowd = Crowd(campaigns)
            // The start looks at every one.
            let (looks, events) = (crowd.dispatcher.lookCount, crowd.events)
            for _ in 0..<1_500 { crowd.step() }
            #expect(crowd.served > 0)
            return Double(crowd.dispatcher.lookCount - looks) / Double(crowd.events - events)
        }
        let few = looksPerEvent(20)
        let many = looksPerEvent(2_000)
        #expect(many < 4, "\(many) campaigns are looked at for an event, of few \(few)")
    }

    @Test func `the index is up to date after every event`() {
        var crowd = Crowd(60, seed: 3)
        for _ in 0..<600 {
            crowd.step()
            #expect(crowd.dispatcher.isIndexUpToDate(crowd.now))
        }
    }
}
