import DeliveryCore
import QueueTables
import TestSupport
import Testing

/// The filter that spares claims most questions to the list of accounts that must not be addressed.
@Suite struct SuppressionFilterTests {
    private func makeFilter(_ accounts: [Account]) -> SuppressionFilter {
        let filter = SuppressionFilter()
        filter.build(count: accounts.count) { add in
            for account in accounts { add(account.bytes) }
        }
        return filter
    }

    @Test(arguments: [1, 3, 100, 30_000])
    func `it names everybody it took in, and of others about one in a thousand`(count: Int) {
        let (listed, others) = (makeAccounts(count), makeAccounts(20_000, prefix: "other-"))
        let filter = makeFilter(listed)
        #expect(filter.candidates(among: AccountRun(listed)) == listed)
        #expect(filter.candidates(among: AccountRun(others)).count <= 40)
    }

    @Test func `an empty list takes no memory and names nobody`() {
        let filter = makeFilter([])
        #expect(filter.isBuilt && filter.footprint == 0)
        #expect(filter.candidates(among: AccountRun(makeAccounts(100))) == [])
    }

    @Test func `what comes in before it is built is left to the table`() {
        let filter = SuppressionFilter()
        filter.add(Account("bonnie"))
        #expect(!filter.isBuilt && filter.footprint == 0)
    }

    @Test func `a list that grows is named whole, with few others and little memory`() {
        let filter = makeFilter([])
        let listed = makeAccounts(60_000)
        for account in listed { filter.add(account) }
        #expect(filter.candidates(among: AccountRun(listed)) == listed)
        #expect(
            filter.candidates(among: AccountRun(makeAccounts(20_000, prefix: "other-"))).count <= 80
        )
        #expect(filter.footprint < 60_000 * 6)
        // Who comes and goes again and again takes nothing more.
        let before = filter.footprint
        for _ in 0..<5 { for account in listed { filter.add(account) } }
        #expect(filter.footprint == before)
    }

    @Test func `a long run is named whole, and taking it in again takes nothing more`() {
        let filter = makeFilter([])
        filter.add(Account("bonnie"))
        let listed = makeAccounts(60_000)
        var footprints: [Int] = []
        for _ in 0..<3 {
            for start in stride(from: 0, to: listed.count, by: 20_000) {
                let end = start + 20_000
                filter.add(AccountRun(listed[start..<end]), following: listed.count - end)
            }
            footprints.append(filter.footprint)
        }
        #expect(filter.candidates(among: AccountRun(listed)) == listed)
        #expect(
            filter.candidates(among: AccountRun(makeAccounts(20_000, prefix: "other-"))).count <= 40
        )
        #expect(footprints[0] < 60_000 * 8 && Set(footprints).count == 1)
    }

    @Test func `accounts of every length are told apart`() {
        let names = (1...40).map { String(repeating: "a", count: $0) }
        let listed = names.map { Account($0) }
        let filter = makeFilter(listed)
        #expect(filter.candidates(among: AccountRun(listed)) == listed)
        let others = names.map { Account($0 + "b") }
        #expect(filter.candidates(among: AccountRun(others)).count <= 2)
    }
}
