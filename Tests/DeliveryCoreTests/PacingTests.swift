import DeliveryCore
import TestSupport
import Testing

struct TokenBucketTests {
    private let start = at(0).instant

    private func makeBucket(tokens: Int = 60, capacity: Int = 10) -> TokenBucket {
        TokenBucket(tokens: tokens, per: .seconds(60), capacity: capacity, now: at(0).instant)
    }

    @Test func `a full bucket gives its capacity and then one token each interval`() {
        var bucket = makeBucket()
        #expect(bucket.available(10, now: start) == start)
        bucket.take(10, now: start)
        #expect(bucket.available(1, now: start) == at(1).instant)
        #expect(bucket.available(5, now: at(2).instant) == at(5).instant)
        #expect(bucket.available(3, now: at(4).instant) == at(4).instant)
    }

    @Test func `rest fills it no further than its capacity`() {
        var bucket = makeBucket()
        bucket.take(10, now: at(1_000).instant)
        #expect(bucket.available(1, now: at(1_000).instant) == at(1_001).instant)
    }

    @Test func `more than the capacity leaves a debt`() {
        var bucket = makeBucket()
        #expect(bucket.available(15, now: start) == start)
        bucket.take(15, now: start)
        #expect(bucket.available(1, now: start) == at(6).instant)
    }

    @Test func `what is put back can be taken again`() {
        var bucket = makeBucket()
        bucket.take(10, now: start)
        bucket.putBack(4)
        #expect(bucket.available(4, now: start) == start)
        #expect(bucket.available(5, now: start) == at(1).instant)
    }

    @Test func `an emptied bucket starts from nothing`() {
        var bucket = makeBucket()
        bucket.limit(to: 0, now: start)
        #expect(bucket.available(1, now: start) == at(1).instant)
        #expect(bucket.available(10, now: start) == at(10).instant)
    }

    @Test func `a resized bucket keeps its debt`() {
        var bucket = makeBucket()
        bucket.take(4, now: start)
        let resized = bucket.resized(tokens: 120, per: .seconds(60), capacity: 20, now: start)
        #expect(resized.available(16, now: start) == start)
        #expect(resized.available(18, now: start) == at(1).instant)
    }

    @Test func `no stretch of time passes more than the capacity and the rate`() {
        var random = SplitMix64(seed: 11)
        var bucket = TokenBucket(tokens: 700, per: .seconds(60), capacity: 90, now: start)
        var taken: [(at: Instant, count: Int)] = []
        var now = start
        for _ in 0..<2_000 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...900, using: &random)))
            let count = Int.random(in: 1...90, using: &random)
            guard bucket.available(count, now: now) <= now else { continue }
            bucket.take(count, now: now)
            taken.append((now, count))
        }
        #expect(taken.count > 100)
        for first in taken.indices {
            var sum = 0
            for last in first..<min(taken.count, first + 200) {
                sum += taken[last].count
                let seconds = taken[first].at.duration(to: taken[last].at).inSeconds
                #expect(Double(sum) <= 90 + 700 * seconds / 60 + 1)
            }
        }
    }
}

struct WindowLedgerTests {
    @Test func `room comes back when a release is due`() {
        var ledger = WindowLedger(limit: 100)
        ledger.hold(60)
        ledger.hold(40)
        #expect(ledger.room == 0)
        #expect(ledger.available(1, now: at(0).instant) == nil)
        ledger.release(40, at: at(61).instant)
        ledger.release(60, at: at(60).instant)
        #expect(ledger.available(50, now: at(1).instant) == at(60).instant)
        #expect(ledger.available(61, now: at(1).instant) == at(61).instant)
        ledger.advance(to: at(60).instant)
        #expect(ledger.room == 60)
        ledger.advance(to: at(61).instant)
        #expect(ledger.held == 0)
    }

    @Test func `a lowered limit leaves less than no room`() {
        var ledger = WindowLedger(limit: 100)
        ledger.hold(80)
        ledger.limit = 50
        #expect(ledger.room == -30)
        ledger.cancel(80)
        #expect(ledger.room == 50)
    }

    /// How the planted faults let recipients go.
    enum Release: CaseIterable {
        case byAnswer
        case bySend
        case beforeGrace
    }

    /// The most recipients that the provider counts in any minute, of calls sent as the ledger allows.
    private func busiestMinute(seed: UInt64, release: Release) -> Int {
        var random = SplitMix64(seed: seed)
        var ledger = WindowLedger(limit: 1_000)
        var answers: [(at: Instant, release: Instant, count: Int)] = []
        var counted: [(at: Instant, count: Int)] = []
        var now = at(0).instant
        let slow = Int.random(in: 1...20, using: &random)
        while now < at(300).instant {
            now = now.advanced(by: .milliseconds(50))
            for answer in answers where answer.at <= now {
                ledger.release(answer.count, at: answer.release)
            }
            answers.removeAll { $0.at <= now }
            ledger.advance(to: now)
            let count = Int.random(in: 1...200, using: &random)
            guard ledger.room >= count, Int.random(in: 0..<4, using: &random) > 0 else { continue }
            ledger.hold(count)
            let isSlow = Int.random(in: 0..<slow, using: &random) == 0
            let out = Duration.milliseconds(
                Int.random(in: 1...(isSlow ? 9_000 : 100), using: &random)
            )
            let back = Duration.milliseconds(Int.random(in: 1...100, using: &random))
            // One in ten isn't answered in time: seen at its deadline, counted up to 5 s after it.
            let isUnknown = Int.random(in: 0..<10, using: &random) == 0
            let end = isUnknown ? now.advanced(by: .seconds(10)) : now.advanced(by: out + back)
            let late = Duration.milliseconds(Int.random(in: 0...5_000, using: &random))
            counted.append((isUnknown ? end.advanced(by: late) : now.advanced(by: out), count))
            let hold: Duration =
                isUnknown && release != .beforeGrace
                ? LedgerEntry.window + LedgerEntry.grace : LedgerEntry.window
            let from = release == .bySend ? now : end
            answers.append((end, from.advanced(by: hold), count))
        }
        counted.sort { $0.at < $1.at }
        var busiest = 0
        var sum = 0
        var first = 0
        for last in counted.indices {
            sum += counted[last].count
            while counted[first].at.duration(to: counted[last].at) >= .seconds(60) {
                sum -= counted[first].count
                first += 1
            }
            busiest = max(busiest, sum)
        }
        return busiest
    }

    @Test(arguments: 0..<30)
    func `no minute of the provider's exceeds the limit, whatever the delays`(seed: Int) {
        let busiest = busiestMinute(seed: UInt64(seed), release: .byAnswer)
        #expect(busiest <= 1_000, "seed \(seed)")
        #expect(busiest > 900, "seed \(seed) uses too little to show anything")
    }

    @Test(arguments: [Release.bySend, .beforeGrace])
    func `letting go too early is noticed`(release: Release) {
        let busiest = (0..<30).map { busiestMinute(seed: UInt64($0), release: release) }.max()
        #expect(busiest ?? 0 > 1_000)
    }
}

struct LedgerEntryTests {
    private func makeEntry(release: Double?, last: Double?) -> LedgerEntry {
        LedgerEntry(
            campaign: makeID(),
            count: 9,
            timeout: .seconds(10),
            releaseAt: release.map { at($0).instant },
            lastInstantOfBoot: last.map { at($0).instant }
        )
    }

    @Test(arguments: [
        // A call that was out: a minute, its timeout and the grace, after a reboot too.
        (Double?.none, Double?.none, Double?.some(175)),
        (nil, 50, 175),
        // Answered in this boot: as it was.
        (130, nil, 130),
        (100, nil, nil),
        (99, nil, nil),
        // Answered in an earlier boot: what was left of it when that boot last wrote.
        (540, 500, 140),
        (500, 500, nil),
        (400, 500, nil),
    ])
    func `a hold after a restart lasts as long as it must`(
        release: Double?,
        last: Double?,
        until: Double?
    ) {
        let hold = makeEntry(release: release, last: last).hold(at: at(100).instant)
        #expect(hold?.until == until.map { at($0).instant })
        #expect(hold?.count ?? 9 == 9)
    }
}

struct ThrottleBackoffTests {
    @Test func `a throttle answer halves the pace once for the calls that were out`() {
        var backoff = ThrottleBackoff()
        #expect(!backoff.isSlowed(now: at(0).instant))
        backoff.throttled(callSentAt: at(0).instant, atLeast: .zero, now: at(1).instant)
        backoff.throttled(callSentAt: at(0.5).instant, atLeast: .zero, now: at(1.1).instant)
        #expect(backoff.applied(to: 1_600, now: at(1.1).instant) == 800)
        backoff.throttled(callSentAt: at(2.5).instant, atLeast: .zero, now: at(3).instant)
        #expect(backoff.applied(to: 1_600, now: at(3).instant) == 400)
    }

    @Test func `it waits as long as it was told, at least a second`() {
        var backoff = ThrottleBackoff()
        backoff.throttled(callSentAt: at(0).instant, atLeast: .zero, now: at(0).instant)
        #expect(backoff.waits(now: at(0.9).instant))
        #expect(!backoff.waits(now: at(1).instant))
        backoff.throttled(callSentAt: at(2).instant, atLeast: .seconds(60), now: at(2).instant)
        backoff.throttled(callSentAt: at(2).instant, atLeast: .zero, now: at(3).instant)
        #expect(backoff.waitUntil == at(62).instant)
    }

    @Test func `it grows back step by step and never above the whole`() {
        var backoff = ThrottleBackoff()
        backoff.throttled(callSentAt: at(0).instant, atLeast: .zero, now: at(0).instant)
        #expect(backoff.growsAt(now: at(5).instant) == at(10).instant)
        #expect(backoff.applied(to: 1_600, now: at(10).instant) == 900)
        #expect(backoff.applied(to: 1_600, now: at(80).instant) == 1_600)
        #expect(backoff.applied(to: 1_600, now: at(10_000).instant) == 1_600)
        #expect(backoff.growsAt(now: at(80).instant) == nil)
        #expect(!backoff.isSlowed(now: at(80).instant))
    }

    @Test func `it never stops altogether`() {
        var backoff = ThrottleBackoff()
        for second in 0..<20 {
            let now = at(Double(second)).instant
            backoff.throttled(callSentAt: now, atLeast: .zero, now: now)
        }
        #expect(backoff.applied(to: 1_600, now: at(19).instant) >= 100)
        #expect(backoff.applied(to: 1, now: at(19).instant) == 1)
    }
}

struct RecentCountTests {
    @Test func `it forgets what is older than a minute`() {
        var recent = RecentCount()
        recent.add(10, now: at(0).instant)
        recent.add(5, now: at(30).instant)
        #expect(recent.sum(now: at(59).instant) == 15)
        #expect(recent.sum(now: at(60).instant) == 5)
        #expect(recent.sum(now: at(500).instant) == 0)
    }
}
