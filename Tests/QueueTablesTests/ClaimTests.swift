import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

@Suite struct ClaimTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases)
    func `claims walk the accounts in the order of their bytes and never repeat`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        var random = SplitMix64(seed: 3)
        let accounts = makeAccounts(25)
        let shuffled = accounts.shuffled(using: &random)
        _ = try await store.create(makeNewCampaign(accounts: shuffled), now: at(0))
        var claimed: [Account] = []
        while case .claimed(let batch?, _) = try await store.commit(makeClaim(accountLimit: 4)) {
            claimed += batch.accounts
        }
        #expect(claimed == accounts)
        #expect(try await store.counts() == makeCounts([\.sending: 25]))
    }

    @Test(arguments: StoreKind.allCases)
    func `a batch ends by bytes, but always holds one account`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        // "user-00000" takes 10 bytes, two quotes and a comma.
        let two = try await store.claim(makeClaim(byteLimit: 38))
        #expect(two.accounts.count == 2)
        #expect(try await store.claim(makeClaim(byteLimit: 1)).accounts.count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `sequences rise and a repeat keeps its numbers`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let first = try await store.claim(makeClaim(accountLimit: 3, random: 11))
        let second = try await store.claim(makeClaim(accountLimit: 3, random: 12))
        #expect(second.numbers.sequence > first.numbers.sequence)
        let doubt = Resolution.repeated(
            dueAt: at(2).timestamp,
            info: "timeout",
            code: nil
        )
        try await store.commit(makeRecord(first.id, doubt))
        // A refusal later on doesn't clear the doubt.
        _ = try await store.claim(makeReclaim(first.id))
        try await store.commit(makeRecord(first.id, .held(dueAt: at(3).timestamp)))
        let again = try await store.claim(makeReclaim(first.id))
        #expect(again.numbers.sequence == first.numbers.sequence)
        #expect(again.numbers.random == 11)
        #expect(again.accounts == first.accounts)
        #expect(again.maybeAccepted)
        #expect(again.attempts == 1)
        #expect(try await store.campaign(makeID())?.resent == 6)
    }

    @Test(arguments: StoreKind.allCases)
    func `refused accounts are retried when due, with their attempts`(kind: StoreKind) async throws
    {
        let store = try stores.make(kind)
        let accounts = makeAccounts(4)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let batch = try await store.claim()
        let verdicts = [
            makeVerdict(accounts[1]),
            makeVerdict(accounts[2], .retry(dueAt: at(9).timestamp), code: 91_000),
        ]
        let settled = Resolution.settled(messageKey: "k1", verdicts: verdicts)
        let result = try await store.commit(makeRecord(batch.id, settled))
        guard case .recorded(let work?, _) = result else { throw NothingClaimed() }
        #expect(work.retryCount == 1)
        #expect(work.retryDueAt == at(9).timestamp)
        let due = makeClaim(source: .dueRetries)
        #expect(try await store.commit(due, now: at(8)) == .claimed(nil, work))
        let retry = try await store.claim(due, now: at(9))
        #expect(retry.accounts == AccountRun([accounts[2]]))
        #expect(retry.earlierAttempts == [1])
        let last = Resolution.settled(messageKey: "k2", verdicts: [])
        try await store.commit(makeRecord(retry.id, last), now: at(10))
        let all = try await store.everybody()
        #expect(all.map(\.status) == [.sent, .failed, .sent, .sent])
        #expect(all.map(\.messageKey) == ["k1", nil, "k2", "k1"])
        #expect(all.map(\.attempts) == [1, 1, 2, 1])
        #expect(all.map(\.code) == [0, 70_107, 0, 0])
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.state == .completed)
        #expect(campaign.finishedAt == at(10).timestamp)
        #expect(campaign.failures == [Campaign.Failure(code: 70_107, count: 1)])
    }

    @Test(arguments: StoreKind.allCases)
    func `accounts that JSON has to escape are told apart by their bytes`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let names = ["a\"b", "a\\b", "a\\\"b", "[1,\"c\"]", "null", "1", "\u{E9}", "e\u{301}"]
        let accounts = names.map { Account($0) }.sorted()
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let batch = try await store.claim()
        let verdicts = accounts.enumerated().map { index, account in
            makeVerdict(account, .retry(dueAt: at(2).timestamp), code: 91_000 + index)
        }
        try await store.commit(makeRecord(batch.id, .settled(messageKey: nil, verdicts: verdicts)))
        let all = try await store.everybody()
        #expect(all.map(\.account) == accounts)
        #expect(all.map(\.code) == accounts.indices.map { 91_000 + $0 })
        let again = try await store.claim(makeClaim(source: .dueRetries), now: at(3))
        #expect(again.accounts == AccountRun(accounts))
        try await store.commit(makeRecord(again.id, .held(dueAt: at(3).timestamp)))
        let held = try await store.claim(makeReclaim(again.id), now: at(4))
        #expect(held.earlierAttempts == [Int](repeating: 1, count: accounts.count))
    }

    @Test(arguments: StoreKind.allCases)
    func `a split makes two held halves with new numbers`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(5)), now: at(0))
        let batch = try await store.claim()
        let result = try await store.commit(makeRecord(batch.id, .split(.tooLarge)))
        guard case .recorded(let work?, let halves) = result else { throw NothingClaimed() }
        #expect(halves.map(\.count) == [3, 2])
        #expect(work.accountLimit == 3)
        #expect(try await store.counts() == makeCounts([\.queued: 5]))
        let first = try await store.claim(makeReclaim(halves[0].id))
        let second = try await store.claim(makeReclaim(halves[1].id))
        #expect(Array(first.accounts) + second.accounts == Array(batch.accounts))
        #expect(Set([batch, first, second].map(\.numbers.sequence)).count == 3)
        // The split batch is gone: a late record of it changes nothing.
        #expect(try await store.commit(makeRecord(batch.id)) == .recorded(nil, opened: []))
    }

    @Test(arguments: StoreKind.allCases)
    func `a half of a doubted batch says so in its call`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(4)), now: at(0))
        let batch = try await store.claim()
        let result = try await store.commit(makeRecord(batch.id, .split(.refused)))
        guard case .recorded(let work?, let halves) = result else { throw NothingClaimed() }
        #expect(work.accountLimit == nil)
        #expect(!batch.isHalf)
        for half in halves { #expect(try await store.claim(makeReclaim(half.id)).isHalf) }
    }

    @Test(arguments: StoreKind.allCases)
    func `a cancel ends what no call is out for, and a late retry with it`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let accounts = makeAccounts(10)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let flying = try await store.claim(makeClaim(accountLimit: 2))
        let held = try await store.claim(makeClaim(accountLimit: 2))
        let doubted = try await store.claim(makeClaim(accountLimit: 2))
        let dueAt = at(5).timestamp
        let doubt = Resolution.repeated(
            dueAt: dueAt,
            info: "timeout",
            code: nil
        )
        try await store.commit(makeRecord(held.id, .held(dueAt: dueAt)))
        try await store.commit(makeRecord(doubted.id, doubt))
        let result = try await store.commit(.transition(makeID(), .cancel), now: at(2))
        guard case .changed(.success(let change)) = result else { throw NothingClaimed() }
        #expect(change.closed == [held.id, doubted.id])
        #expect(change.campaign.state == .canceled)
        #expect(change.campaign.finishedAt == nil)
        let between = makeCounts([\.sending: 2, \.canceled: 6, \.unknown: 2])
        #expect(change.campaign.counts == between)
        let verdicts = [makeVerdict(accounts[0], .retry(dueAt: dueAt), code: 91_000)]
        let late = Resolution.settled(messageKey: "k", verdicts: verdicts)
        try await store.commit(makeRecord(flying.id, late), now: at(3))
        #expect(try await store.status(accounts[0]) == .canceled)
        #expect(try await store.status(accounts[1]) == .sent)
        #expect(try await store.status(accounts[9]) == .canceled)
        #expect(try await store.campaign(makeID())?.finishedAt == at(3).timestamp)
    }

    @Test(arguments: StoreKind.allCases)
    func `nothing is claimed unless the campaign runs`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(start: false), now: at(0))
        guard case .claimed(nil, _) = try await store.commit(makeClaim()) else {
            Issue.record("a draft is claimed from")
            return
        }
        #expect(try await store.commit(makeClaim(makeID(9))) == .claimed(nil, nil))
    }
}

/// What an answer says that no recipient and no text of ours could be.
@Suite struct StrangeAnswerTests {
    private let stores = Stores()

    @Test(arguments: StoreKind.allCases)
    func `an account with a NUL is nobody's, and the others' verdicts count`(
        kind: StoreKind
    )
        async throws
    {
        let store = try stores.make(kind)
        let accounts = makeAccounts(10)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let batch = try await store.claim()
        let strange = Account(checked: accounts[3].bytes + [0, 0x41])
        let verdicts = [makeVerdict(strange), makeVerdict(accounts[5])]
        try await store.commit(makeRecord(batch.id, .settled(messageKey: "k", verdicts: verdicts)))
        #expect(try await store.counts().sent == 9)
        #expect(try await store.status(accounts[5]) == .failed)
    }
}
