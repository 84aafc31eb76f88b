import DeliveryCore
import TestSupport
import Testing

struct FairSharesTests {
    private func makeFlow(_ number: UInt64, _ priority: Priority) -> FairShares.Flow {
        FairShares.Flow(id: makeID(number), priority: priority)
    }

    /// Lets these and no others have work.
    private func enter(_ flows: [FairShares.Flow], in shares: inout FairShares) {
        for other in shares.flows { shares.leave(other.id) }
        for flow in flows {
            shares.enter(flow, order: Int64(flow.id.low & 0xFF), size: 500)
        }
    }

    /// Serves batches of random sizes and says what each flow got.
    private func serve(
        _ total: Int,
        to flows: [FairShares.Flow],
        from shares: inout FairShares
    ) -> [Campaign.ID: Int] {
        enter(flows, in: &shares)
        var random = SplitMix64(seed: 5)
        var served: [Campaign.ID: Int] = [:]
        var sum = 0
        while sum < total, let next = shares.next() {
            let count = Int.random(in: 1...500, using: &random)
            shares.served(next, count: count)
            served[next.id, default: 0] += count
            sum += count
        }
        return served
    }

    private func isNear(_ value: Int, _ expected: Double) -> Bool {
        abs(Double(value) - expected) <= expected * 0.05
    }

    @Test func `classes share 16 to 4 to 1`() throws {
        var shares = FairShares()
        let flows = [
            makeFlow(1, .low), makeFlow(2, .normal), makeFlow(3, .high),
        ]
        let served = serve(420_000, to: flows, from: &shares)
        #expect(isNear(served[makeID(3)] ?? 0, 320_000))
        #expect(isNear(served[makeID(2)] ?? 0, 80_000))
        #expect(isNear(served[makeID(1)] ?? 0, 20_000))
    }

    @Test func `campaigns of a class share equally, however many they are`() {
        var shares = FairShares()
        let flows =
            [makeFlow(1, .high)] + (2...5).map { makeFlow(UInt64($0), .normal) }
        let served = serve(200_000, to: flows, from: &shares)
        #expect(isNear(served[makeID(1)] ?? 0, 160_000))
        for number in 2...5 {
            #expect(isNear(served[makeID(UInt64(number))] ?? 0, 10_000))
        }
    }

    @Test func `a newcomer gets its share at once and no more`() {
        var shares = FairShares()
        let old = makeFlow(1, .normal)
        let new = makeFlow(2, .normal)
        _ = serve(100_000, to: [old], from: &shares)
        let served = serve(40_000, to: [old, new], from: &shares)
        #expect(isNear(served[old.id] ?? 0, 20_000))
        #expect(isNear(served[new.id] ?? 0, 20_000))
    }

    @Test func `a class that was away has no credit for it`() {
        var shares = FairShares()
        let low = makeFlow(1, .low)
        let normal = makeFlow(2, .normal)
        _ = serve(100_000, to: [low, normal], from: &shares)
        _ = serve(100_000, to: [low], from: &shares)
        let served = serve(100_000, to: [low, normal], from: &shares)
        #expect(isNear(served[normal.id] ?? 0, 80_000))
        #expect(isNear(served[low.id] ?? 0, 20_000))
    }

    @Test func `the turn stays until it is served`() {
        var shares = FairShares()
        let flows = [makeFlow(1, .normal), makeFlow(2, .normal)]
        enter(flows, in: &shares)
        #expect(shares.next() == flows[0])
        #expect(shares.next() == flows[0])
        shares.served(flows[0], count: 10)
        #expect(shares.next() == flows[1])
    }

    @Test func `what is given back counts as not served`() {
        var shares = FairShares()
        let flows = [makeFlow(1, .normal), makeFlow(2, .normal)]
        enter(flows, in: &shares)
        _ = shares.next()
        shares.served(flows[0], count: 500)
        shares.served(flows[0], count: -500)
        #expect(shares.next() == flows[0])
    }

    @Test func `nobody's turn comes without flows`() {
        var shares = FairShares()
        #expect(shares.next() == nil)
    }
}

struct RetryPolicyTests {
    private let policy = RetryPolicy()

    @Test func `the bound doubles up to the cap`() {
        let bounds = (1...9).map { policy.bound(spentAttempts: $0) }
        #expect(bounds == [5, 10, 20, 40, 80, 160, 300, 300, 300].map { .seconds($0) })
        #expect(policy.bound(spentAttempts: 100) == .seconds(300))
        #expect(policy.bound(spentAttempts: 0) == .seconds(5))
    }

    @Test func `waits are spread evenly and end on whole seconds`() {
        var random = SplitMix64(seed: 4)
        let now = at(0.5).timestamp
        let waits = (0..<2_000).map { _ in
            now.duration(to: policy.dueAt(spentAttempts: 3, now: now, using: &random)).milliseconds
        }
        #expect(waits.allSatisfy { (0...21_000).contains($0) && ($0 + 500) % 1_000 == 0 })
        let early = waits.count { $0 < 10_000 }
        #expect((900...1_100).contains(early))
    }

    @Test func `a short base has a short grain`() {
        var random = SplitMix64(seed: 4)
        let quick = RetryPolicy(base: .milliseconds(50), cap: .milliseconds(100))
        let now = at(0).timestamp
        for _ in 0..<100 {
            let wait = now.duration(to: quick.dueAt(spentAttempts: 9, now: now, using: &random))
            #expect(wait >= .zero && wait <= .milliseconds(110))
        }
    }

    @Test func `the last attempt is final`() {
        var random = SplitMix64(seed: 4)
        let now = at(0).timestamp
        #expect(policy.verdict(spentAttempts: 8, now: now, using: &random) == .failed)
        #expect(policy.verdict(spentAttempts: 7, now: now, using: &random) != .failed)
    }
}

struct SplitMix64Tests {
    @Test func `the sequence of a seed is fixed`() {
        // The reference implementation's first numbers for the seed 1234567.
        var random = SplitMix64(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        ]
        #expect((0..<3).map { _ in random.next() } == expected)
    }
}
