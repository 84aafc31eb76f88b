import DeliveryCore
import Testing
import fanoutd

@Suite struct SystemClockTests {
    @Test func `the monotonic clock goes on and never back`() {
        let clock = SystemClock()
        var last = clock.now().instant
        for _ in 0..<1_000 {
            let now = clock.now().instant
            #expect(now >= last)
            last = now
        }
    }

    @Test func `a sleep ends no sooner than asked`() async throws {
        let clock = SystemClock()
        let wanted = clock.now().instant.advanced(by: .milliseconds(2))
        try await clock.sleep(until: wanted)
        #expect(clock.now().instant >= wanted)
        try await clock.sleep(until: Instant(nanoseconds: 0))
    }

    @Test func `a boot has an id`() throws {
        #expect(try SystemClock.bootID().wholeMatch(of: #/[0-9a-f\-]{36}/#) != nil)
        #expect(try SystemClock.bootID() == SystemClock.bootID())
    }

    @Test func `the configuration reaches the dispatcher`() {
        var configuration = Configuration()
        let upkeep = Upkeep(retention: .seconds(30 * 86_400), interval: .seconds(3_600))
        #expect(configuration.dispatchLimits == Limits(upkeep: upkeep))
        configuration.limits.maxInFlight = 3
        configuration.tencent.timeoutSeconds = 4.5
        configuration.retry.maxAttempts = 2
        let limits = configuration.dispatchLimits
        #expect(limits.inFlightLimit == 3)
        #expect(limits.callTimeout == .milliseconds(4_500))
        #expect(limits.retry.attemptLimit == 2)
    }
}
