import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// The list of accounts that must not be addressed, as operators keep it.
@Suite struct SuppressionTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases)
    func `an account is put on the list, gets another reason and keeps its time`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let account = Account("bonnie")
        #expect(try await store.suppression(of: account) == nil)
        let first = try await store.suppress(account, reason: "asked for it", now: at(1))
        #expect(
            first
                == Suppression(
                    account: account,
                    reason: "asked for it",
                    createdAt: at(1).timestamp
                )
        )
        #expect(try await store.suppression(of: account) == first)
        let second = try await store.suppress(account, reason: nil, now: at(2))
        #expect(second == Suppression(account: account, createdAt: at(1).timestamp))
        #expect(try await store.suppression(of: account) == second)
        #expect(try await store.suppress(AccountRun(), now: at(3)).total == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `who is taken off the list is gone, and who isn't on it can't be`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        try await store.suppress(makeAccounts(3))
        let second = makeAccounts(3)[1]
        #expect(try await store.unsuppress(second, now: at(1)))
        #expect(try await store.unsuppress(second, now: at(2)) == false)
        #expect(try await store.suppression(of: second) == nil)
        let all = try await store.suppressions(after: nil, limit: 9).suppressions
        #expect(all.map(\.account) == [makeAccounts(3)[0], makeAccounts(3)[2]])
        #expect(try await store.suppress(AccountRun(), now: at(3)).total == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `a run counts who is new and who is there, and leaves those as they are`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let accounts = makeAccounts(250)
        _ = try await store.suppress(accounts[7], reason: "by law", now: at(1))
        var random = SplitMix64(seed: 5)
        let run = AccountRun((accounts + accounts[0..<30]).shuffled(using: &random))
        let taken = try await store.suppress(run, now: at(2))
        #expect(taken == Taken(accepted: 249, duplicates: 31, total: 250))
        let again = try await store.suppress(AccountRun(accounts), now: at(3))
        #expect(again == Taken(accepted: 0, duplicates: 250, total: 250))
        let kept = try await store.suppression(of: accounts[7])
        #expect(kept?.reason == "by law" && kept?.createdAt == at(1).timestamp)
        #expect(try await store.suppression(of: accounts[8])?.createdAt == at(2).timestamp)
    }

    @Test func `a long run takes several transactions and comes in whole`() async throws {
        let store = try stores.make(.sqliteInMemory)
        let count = CommitSize.slice + 1_000
        let run = AccountRun(makeAccounts(count).reversed())
        let taken = try await store.suppress(run, now: at(1))
        #expect(taken == Taken(accepted: count, duplicates: 0, total: count))
    }

    @Test(arguments: StoreKind.allCases)
    func `pages follow the order of the accounts' bytes, to the last`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let names = ["a\"b", "b", "a", "\u{E9}", "e\u{301}", "[1]"]
        let accounts = names.map { Account($0) }
        try await store.suppress(accounts)
        var found: [Account] = []
        var after: Account?
        repeat {
            let page = try await store.suppressions(after: after, limit: 2)
            #expect(page.suppressions.count == 2)
            found += page.suppressions.map(\.account)
            after = page.next
        } while after != nil
        #expect(found == accounts.sorted())
        #expect(try await store.suppressions(after: found.last, limit: 2).suppressions == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `what a claim knows of the list grows with it and survives a restart`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(9)), now: at(0))
        // The list is empty as the first claim asks about it.
        #expect(try await store.claim(makeClaim(accountLimit: 2)).accounts.count == 2)
        _ = try await store.suppress(makeAccounts(9)[2], reason: nil, now: at(1))
        try await store.suppress([makeAccounts(9)[4]])
        let second = try await store.claim(makeClaim(accountLimit: 2))
        #expect(Array(second.accounts) == [makeAccounts(9)[3], makeAccounts(9)[5]])
        try await store.suppress([makeAccounts(9)[6], makeAccounts(9)[7]])
        #expect(try await store.unsuppress(makeAccounts(9)[7], now: at(2)))
        let reopened = store.reopened(bootID: "boot-2")
        #expect(try await reopened.claim(makeClaim(accountLimit: 9)).accounts.count == 2)
        #expect(try await reopened.counts() == makeCounts([\.sending: 6, \.suppressed: 3]))
    }
}
