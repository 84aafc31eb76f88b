import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Recipients lie in blocks of many, and whoever asks for them sees nothing of it.
@Suite struct RecipientBlockTests {
    private let stores = Stores()

    /// Accounts of many lengths, the longest of which few fit a block, in an order of no kind.
    private func makeMixedAccounts(_ count: Int, _ random: inout SplitMix64) -> [Account] {
        (0..<count).map { _ in
            let length = [1, 2, 3, 8, 16, 255].randomElement(using: &random) ?? 1
            let letters = Array("abz".utf8)
            return Account(
                checked: (0..<length).map { _ in letters.randomElement(using: &random) ?? 0 }
            )
        }
    }

    /// What each block has: its campaign, its key, and its accounts.
    private func blocks(of store: Store) async throws -> [(last: [UInt8], packed: [UInt8])] {
        try await store.engine.write(.request) { connection in
            var found: [(last: [UInt8], packed: [UInt8])] = []
            try connection.each(
                "SELECT last_account, accounts FROM recipient_block ORDER BY campaign, last_account"
            ) { found.append(($0.bytes(0), $0.bytes(1))) }
            return found
        }.get()
    }

    private func unpacked(_ packed: [UInt8]) -> [[UInt8]] {
        var accounts: [[UInt8]] = []
        var rest = packed[...]
        while let length = rest.popFirst() {
            accounts.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        return accounts
    }

    @Test(arguments: StoreKind.allCases, [1, 2, 3])
    func `runs of any length and order leave each account once, in order, in blocks of some size`(
        kind: StoreKind,
        seed: UInt64
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        var random = SplitMix64(seed: seed)
        var all: Set<Account> = []
        for count in [1, 1, 700, 2, 40, 3_000, 1, 200, 7, 1_000] {
            var accounts = makeMixedAccounts(count, &random)
            if let known = all.randomElement(using: &random) { accounts.append(known) }
            accounts += accounts.prefix(3)
            let new = Set(accounts).subtracting(all)
            let taken = try await store.take(AccountRun(accounts), into: makeID(), now: at(1))
            all.formUnion(new)
            #expect(
                taken
                    == Taken(
                        accepted: new.count,
                        duplicates: accounts.count - new.count,
                        total: all.count
                    )
            )
        }
        let sorted = all.sorted()
        #expect(try await store.everybody(pageSize: 1_000).map(\.account) == sorted)
        let blocks = try await blocks(of: store)
        #expect(blocks.flatMap { unpacked($0.packed) } == sorted.map(\.bytes))
        #expect(blocks.allSatisfy { unpacked($0.packed).last == $0.last })
        // Two of them lie on a page of 4,096 bytes, keys and all: where one was divided, a piece
        // may be an account longer than the others.
        #expect(blocks.allSatisfy { $0.packed.count <= 1_920 + 256 })
        let mean = blocks.map(\.packed.count).reduce(0, +) / blocks.count
        #expect(mean > 900, "blocks are half full, or fuller")
    }

    @Test(arguments: StoreKind.allCases)
    func `a list that comes in order fills its blocks, however it is cut`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        let accounts = makeAccounts(3_000)
        var left = accounts[...]
        for count in [1, 1, 172, 1, 1_000, 3, 3_000] {
            _ = try await store.take(AccountRun(left.prefix(count)), into: makeID(), now: at(1))
            left = left.dropFirst(count)
        }
        let blocks = try await blocks(of: store)
        // Ten letters and their length.
        #expect(blocks.dropLast().allSatisfy { $0.packed.count == 174 * 11 })
        #expect(blocks.flatMap { unpacked($0.packed) } == accounts.map(\.bytes))
    }

    @Test(arguments: StoreKind.allCases)
    func `long walks and claims read on where an answer of blocks ends`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        // Seven fit a block.
        let prefix = String(repeating: "x", count: 240)
        let accounts = makeAccounts(2_000, prefix: prefix).sorted()
        _ = try await store.create(makeNewCampaign(accounts: accounts, start: false), now: at(0))
        #expect(try await store.everybody(pageSize: 1_500).map(\.account) == accounts)
        _ = try await store.change(makeStart(.check), now: at(1))
        let step = try await store.step(makeStep(.check, walk: 1_500), now: at(2))
        #expect(step.walked.map(\.account) == Array(accounts.prefix(1_500)))
        try await store.step(makeStep(.check, results: [], end: .completed), now: at(3))
        try await store.commit(.transition(makeID(), .start), now: at(4))
        let claim = makeClaim(accountLimit: 900, byteLimit: 900_000)
        #expect(
            try await Array(store.claim(claim, now: at(5)).accounts) == Array(accounts.prefix(900))
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `an answer names whom it likes, and only the call's own recipients get a verdict`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let accounts = makeAccounts(2_000)
        let some = accounts.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        _ = try await store.create(makeNewCampaign(accounts: some), now: at(0))
        _ = try await store.claim(makeClaim(accountLimit: 100, byteLimit: 90_000), now: at(1))
        let batch = try await store.claim(
            makeClaim(accountLimit: 500, byteLimit: 90_000),
            now: at(1)
        )
        // The first and the last of the call, of two blocks, one beyond each end, and strangers.
        let own = [0, 1, 173, 174, 498, 499].map { batch.accounts[$0] }
        let others = [
            some[99], some[600], accounts[201], accounts[603], Account("a"), Account("z"),
        ]
        let verdicts = (own + others).map { makeVerdict($0) }
        try await store.commit(makeRecord(batch.id, .settled(messageKey: "k", verdicts: verdicts)))
        let failed = try await store.everybody(matching: RecipientFilter(statuses: [.failed]))
        #expect(failed.map(\.account) == own)
        #expect(try await store.contradictions() == [])
        for account in others.suffix(4) {
            #expect(try await store.recipient(account, of: makeID()) == nil)
        }
        #expect(try await store.recipient(some[600], of: makeID())?.status == .queued)
    }

    @Test(arguments: StoreKind.allCases)
    func `however many a check has failed, claims and walks pass over them`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let accounts = makeAccounts(1_400)
        let present = accounts.enumerated().filter { $0.offset % 100 == 99 }.map(\.element)
        let missing = accounts.filter { !present.contains($0) }
        _ = try await store.create(makeNewCampaign(accounts: accounts, start: false), now: at(0))
        _ = try await store.change(makeStart(.check), now: at(1))
        let walk = try await store.step(makeStep(.check, walk: 1_400), now: at(2))
        #expect(walk.walked.count == 1_400)
        let results = makeResults(missing, .missing) + makeResults(present, .present)
        try await store.step(makeStep(.check, results: results, end: .completed), now: at(3))
        #expect(try await store.counts() == makeCounts([\.queued: 14, \.failed: 1_386]))
        let queued = try await store.everybody(matching: RecipientFilter(statuses: [.queued]))
        #expect(queued.map(\.account) == present)
        _ = try await store.change(makeStart(.check), now: at(4))
        let again = try await store.step(makeStep(.check, walk: 1_400), now: at(5))
        #expect(again.walked.map(\.account) == present)
        try await store.step(makeStep(.check, results: [], end: .completed), now: at(6))
        try await store.commit(.transition(makeID(), .start), now: at(7))
        #expect(try await Array(store.claim(now: at(8)).accounts) == present)
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `a block that breaks off is told as damage`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(300)), now: at(0))
        let cut: Value = .blob(Array("\u{A}user-00000\u{A}user".utf8))
        let result = await store.engine.write(.request) { connection in
            try connection.transaction {
                try connection.run("UPDATE recipient_block SET accounts = ?", cut)
            }
        }
        try result.get()
        let error = await #expect(throws: QueueError.self) { try await store.everybody() }
        #expect("\(String(describing: error))".contains("a list of accounts that breaks off"))
        await #expect(throws: NothingClaimed.self) { try await store.claim() }
    }
}
