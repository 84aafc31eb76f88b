import Codecs
import DeliveryCore
import Glibc
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

    @Test(
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (-1, 999_000_000, "1969-12-31T23:59:59.999Z"),
            // The first second whose nanoseconds fit no 64 bits.
            (9_223_372_037, 1_000_000, "2262-04-11T23:47:17.001Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59.000Z"),
            (Int.max, 0, "9999-12-31T23:59:59.000Z"), (Int.min, 0, "0001-01-01T00:00:00.000Z"),
        ]
    )
    func `a wall clock may show any year`(seconds: Int, nanoseconds: Int, text: String) {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        #expect(RFC3339.text(milliseconds: Timestamp(time).milliseconds) == text)
    }

    @Test func `a sleep ends no sooner than asked`() async throws {
        let clock = SystemClock()
        let wanted = clock.now().instant.advanced(by: .milliseconds(2))
        try await clock.sleep(until: wanted)
        #expect(clock.now().instant >= wanted)
        try await clock.sleep(until: Instant(nanoseconds: 0))
    }

    @Test func `a boot has an id`() throws {
        #expect(try SystemClock.bootID().wholeMatch(of: #/[0-9a-f\-]{36} time:\[\d+\]/#) != nil)
        #expect(try SystemClock.bootID() == SystemClock.bootID())
    }

    @Test func `the configuration reaches the dispatcher`() {
        var configuration = Configuration()
        let upkeep = Upkeep(retention: .seconds(30 * 86_400), interval: .seconds(3_600))
        #expect(configuration.dispatchLimits == Limits(upkeep: upkeep))
        configuration.limits.maxInFlight = 3
        configuration.provider.timeoutSeconds = 4.5
        configuration.retry.maxAttempts = 2
        configuration.jobs.checkCallsPerSecond = 3
        configuration.jobs.verifyCallsPerSecond = 4
        configuration.jobs.recallCallsPerSecond = 5
        configuration.jobs.verifySettleSeconds = 7.5
        configuration.provider.historyDays = 30
        let limits = configuration.dispatchLimits
        #expect(limits.inFlightLimit == 3)
        #expect(limits.callTimeout == .milliseconds(4_500))
        #expect(limits.retry.attemptLimit == 2)
        #expect(limits.checksPerSecond == 3)
        #expect(limits.verifiesPerSecond == 4)
        #expect(limits.recallsPerSecond == 5)
        #expect(limits.settleTime == .milliseconds(7_500))
        #expect(limits.historyReach == .seconds(30 * 86_400))
    }
}
