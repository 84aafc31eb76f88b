import DeliveryCore
import TestSupport
import Testing

@Suite struct `A sending plan` {
    private func makeAccounts(_ count: Int, bytes: Int = 16) -> [Account] {
        (0..<count).map { index in
            let digits = String(index)
            return Account(String(repeating: "u", count: bytes - digits.count) + digits)
        }
    }

    @Test(arguments: [
        // Ten to a batch, in all, in the largest.
        (1, 1, 1), (10, 1, 10), (11, 2, 10), (20, 2, 10), (95, 10, 10),
    ])
    func `fills batches up to their limit`(count: Int, batches: Int, largest: Int) {
        let limits = Limits(batchAccounts: 10)
        let exact = SendingPlan(
            makeAccounts(count),
            packetOverhead: 100,
            rules: accountRules,
            limits: limits
        )
        let rough = SendingPlan(
            count: count,
            meanAccountBytes: 16,
            packetOverhead: 100,
            rules: accountRules,
            limits: limits
        )
        #expect(exact == rough)
        #expect(exact.batches == batches)
        #expect(exact.largestBatchAccounts == largest)
        // 16 bytes, two quotes and a comma, which the last has not.
        #expect(exact.largestPacketBytes == 100 + 19 * largest - 1)
    }

    @Test(arguments: [
        (1_000, 200, 42), (998, 200, 42), (997, 200, 41), (1_100, 200, 47), (219, 200, 1),
    ])
    func `keeps packets within their bytes`(packet: Int, overhead: Int, largest: Int) {
        let limits = Limits(packetBytes: packet)
        let count = 3 * largest
        let exact = SendingPlan(
            makeAccounts(count),
            packetOverhead: overhead,
            rules: accountRules,
            limits: limits
        )
        #expect(exact.largestBatchAccounts == largest)
        #expect(exact.largestPacketBytes == overhead + 19 * largest - 1)
        #expect(exact.largestPacketBytes < packet)
        #expect(exact.batches == 3)
    }

    @Test func `counts an account once and escapes as they are sent`() {
        let accounts = ["b", "a\"", "b", "\u{E9}", "e\u{301}"].map { Account($0) }
        let plan = SendingPlan(accounts, packetOverhead: 50, rules: accountRules, limits: Limits())
        #expect(plan.batches == 1)
        #expect(plan.largestBatchAccounts == 4)
        #expect(plan.largestPacketBytes == 50 + 4 + 6 + 5 + 6 - 1)
    }

    @Test(arguments: [
        // A burst goes at once, the rest at 200 a second, until 11,970 fill the minute's window.
        (1, 0), (1_500, 0), (1_501, 1), (1_700, 1), (11_970, 53), (11_971, 60), (13_470, 60),
        (30_000, 143), (1_000_000, 5_005),
    ])
    func `takes the time that the quota asks for`(count: Int, seconds: Int) {
        let plan = SendingPlan(
            count: count,
            meanAccountBytes: 8,
            packetOverhead: 200,
            rules: accountRules,
            limits: Limits()
        )
        #expect(plan.seconds == seconds)
    }

    @Test func `takes the time that the calls a second ask for`() {
        let limits = Limits(messagesPerMinute: 600_000, callsPerSecond: 2, batchAccounts: 10)
        let plan = SendingPlan(
            count: 100,
            meanAccountBytes: 8,
            packetOverhead: 9,
            rules: accountRules,
            limits: limits
        )
        #expect(plan.batches == 10)
        #expect(plan.seconds == 9)
    }

    @Test func `a quota of one is one batch a minute`() {
        let limits = Limits(messagesPerMinute: 1)
        let plan = SendingPlan(
            makeAccounts(5),
            packetOverhead: 100,
            rules: accountRules,
            limits: limits
        )
        #expect(plan.batches == 5)
        #expect(plan.seconds == 240)
    }
}
