import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// What becomes of calls of unknown outcome that are looked up in the provider's history before
/// anything goes out again.
@Suite struct LookUpTests {
    private let stores = Stores()
    private let settings = Campaign.Settings(onUnknown: .verify)
    private let lookedUp = Resolution.lookedUp(
        from: at(30).timestamp,
        info: "timeout",
        code: nil
    )

    /// A store in which a call to the first three of six accounts had an unknown outcome.
    private func makeStore(_ kind: StoreKind, rowsPerStep: Int = 5_000) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: rowsPerStep)
        let campaign = makeNewCampaign(accounts: makeAccounts(6), settings: settings)
        _ = try await store.create(campaign, now: at(0))
        let batch = try await store.claim(makeClaim(accountLimit: 3), now: at(1))
        try await store.commit(makeRecord(batch.id, lookedUp), now: at(11))
        return store
    }

    /// Those that are due for a look-up.
    private func due(_ store: Store, by now: Now = at(30)) async throws -> [JobTarget] {
        try await store.step(makeStep(.settle, due: now), now: now).due
    }

    private let accounts = Array(makeAccounts(3))

    @Test(arguments: StoreKind.allCases)
    func `its accounts are retrying, and each is due with the call that is looked for`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        #expect(try await store.counts() == makeCounts([\.retrying: 3, \.queued: 3]))
        let first = try #require(try await store.recipient(accounts[0], of: makeID()))
        #expect(first.status == .retrying && first.info == "timeout" && first.attempts == 1)
        #expect(first.nextAttemptAt == at(30).timestamp)
        let early = try await store.step(makeStep(.settle, due: at(29)), now: at(29))
        #expect(early.isRunning && early.due.isEmpty && early.job == nil)
        #expect(early.nextDueAt == at(30).timestamp)
        #expect(early.work?.lookUpDueAt == at(30).timestamp && early.work?.retryCount == 0)
        let step = try await store.step(makeStep(.settle, due: at(30)), now: at(30))
        #expect(step.due.map(\.account) == accounts && step.nextDueAt == nil)
        let call = UnknownCall(
            numbers: CallNumbers(sequence: 1, random: 7),
            sender: Array("admin".utf8),
            sentAt: at(1).timestamp,
            endedAt: at(11).timestamp
        )
        #expect(step.due.allSatisfy { $0.calls == [call] && $0.attempts == 1 && $0.failures == 0 })
        #expect(step.message?.json == Array("{\"a\":1}".utf8))
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `no more are handed out than are asked for, and the next is due at once`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let step = try await store.step(makeStep(.settle, due: at(31), dueLimit: 2), now: at(31))
        #expect(step.due.map(\.account) == Array(accounts.prefix(2)))
        #expect(step.nextDueAt == at(30).timestamp)
        let asked = try await store.step(makeStep(.settle), now: at(31))
        #expect(asked.due.isEmpty && asked.nextDueAt == at(30).timestamp)
    }

    @Test(arguments: StoreKind.allCases)
    func `found, they are sent by that call, with its key`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        let call = try #require(try await due(store).first?.calls.first)
        let found = makeResults(Array(accounts.prefix(2)), .found(makeFound(call)))
        let step = try await store.step(makeStep(.settle, results: found), now: at(31))
        #expect(step.tally[.found] == 2 && step.tally.done == 2 && step.isRunning)
        #expect(
            try await store.counts() == makeCounts([\.sent: 2, \.retrying: 1, \.queued: 3])
        )
        let first = try #require(try await store.recipient(accounts[0], of: makeID()))
        #expect(first.status == .sent && first.code == 0 && first.info == nil)
        #expect(first.messageKey == "found-key" && first.attempts == 1)
        #expect(first.updatedAt == at(31).timestamp && first.nextAttemptAt == nil)
        #expect(try await store.contradictions() == [])
        // What is settled stays so, whatever comes late.
        let again = makeResults(accounts, .absent(dueAt: at(40).timestamp))
        let late = try await store.step(makeStep(.settle, results: again), now: at(32))
        #expect(late.tally[.absent] == 1 && late.tally.done == 1 && !late.isRunning)
        #expect(
            try await store.counts() == makeCounts([\.sent: 2, \.retrying: 1, \.queued: 3])
        )
        #expect(late.work?.retryDueAt == at(40).timestamp && late.work?.lookUpDueAt == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `absent, they go out again and aren't resent, until a further call is unknown`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let absent = makeResults(accounts, .absent(dueAt: at(40).timestamp))
        try await store.step(makeStep(.settle, results: absent), now: at(31))
        let first = try #require(try await store.recipient(accounts[0], of: makeID()))
        #expect(first.status == .retrying && first.nextAttemptAt == at(40).timestamp)
        #expect(first.info == "looked up 2023-11-14T22:13:51.000Z: the history doesn't show it")
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(41))
        #expect(batch.accounts == AccountRun(accounts) && batch.maybeAcceptedBefore.isEmpty)
        #expect(batch.earlierAttempts == [1, 1, 1])
        #expect(try await store.campaign(makeID())?.resent == 0)
        let again = Resolution.lookedUp(from: at(80).timestamp, info: "HTTP 502", code: 502)
        try await store.commit(makeRecord(batch.id, again), now: at(50))
        let targets = try await due(store, by: at(80))
        #expect(targets.map(\.account) == accounts)
        #expect(targets[0].attempts == 2)
        #expect(targets[0].calls.map(\.sentAt) == [at(1).timestamp, at(41).timestamp])
        #expect(try await store.contradictions() == [])
        // The earlier one shows up late.
        let late = try #require(targets[0].calls.first)
        let found = makeResults(accounts, .found(makeFound(late)))
        try await store.step(makeStep(.settle, results: found), now: at(81))
        #expect(try await store.counts() == makeCounts([\.sent: 3, \.queued: 3]))
        #expect(try await store.recipient(accounts[0], of: makeID())?.attempts == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `whoever may have been accepted since is unknown after a cancel, shown or not`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let absent = makeResults(accounts, .absent(dueAt: at(40).timestamp))
        try await store.step(makeStep(.settle, results: absent), now: at(31))
        let claim = makeClaim(source: .dueRetries, accountLimit: 1)
        let held = try await store.claim(claim, now: at(41))
        try await store.commit(makeRecord(held.id, .held(dueAt: at(42).timestamp)), now: at(42))
        try await store.commit(.transition(makeID(), .cancel), now: at(43))
        #expect(try await store.counts() == makeCounts([\.unknown: 3, \.canceled: 3]))
        #expect(try await store.contradictions() == [])
        // Nothing says that the history was wrong: there is nobody to ask about again.
        #expect(try await store.refusal(makeStart(.verify), now: at(44)) == .nobodyLeft(.verify))
    }

    @Test(arguments: StoreKind.allCases, [1, 5_000])
    func `a cancel ends the others, and the look-ups are still made`(
        kind: StoreKind,
        rows: Int
    ) async throws {
        let store = try await makeStore(kind, rowsPerStep: rows)
        let waiting = try await store.claim(makeClaim(accountLimit: 1), now: at(12))
        let retry = makeVerdict(makeAccounts(4)[3], .retry(dueAt: at(90).timestamp))
        let settled = Resolution.settled(messageKey: nil, verdicts: [retry])
        try await store.commit(makeRecord(waiting.id, settled), now: at(13))
        var last = try await store.change(.transition(makeID(), .cancel), now: at(20))
        for _ in 0..<20 where last.isClosing {
            last = try await store.change(.close(makeID()), now: at(21))
            #expect(try await store.contradictions() == [])
        }
        #expect(!last.isClosing && last.campaign.finishedAt == nil)
        #expect(last.campaign.counts == makeCounts([\.retrying: 3, \.canceled: 3]))
        #expect(last.work.lookUpDueAt == at(30).timestamp)
        #expect(try await store.refusal(.delete(makeID())) == .wrongState(.canceled))
        // A start finds the campaign, though it has ended but for them.
        let again = store.reopened(bootID: "boot-2")
        let restored = try await again.restore(now: at(25))
        #expect(restored.campaigns.map(\.lookUpDueAt) == [at(30).timestamp])
        #expect(restored.closing.isEmpty)
        let targets = try await due(again)
        let call = try #require(targets.first?.calls.first)
        let found = makeResults([accounts[0]], .found(makeFound(call)))
        let absent = makeResults(Array(accounts.dropFirst()), .absent(dueAt: at(40).timestamp))
        let step = try await again.step(makeStep(.settle, results: found + absent), now: at(31))
        #expect(!step.isRunning && step.work?.retryCount == 0)
        let campaign = try #require(try await again.campaign(makeID()))
        #expect(campaign.counts == makeCounts([\.sent: 1, \.unknown: 2, \.canceled: 3]))
        #expect(campaign.finishedAt == at(31).timestamp && campaign.state == .canceled)
        #expect(try await again.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `a call that ends after a cancel is looked up all the same`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        let campaign = makeNewCampaign(accounts: accounts, settings: settings)
        _ = try await store.create(campaign, now: at(0))
        let batch = try await store.claim(now: at(1))
        try await store.commit(.transition(makeID(), .cancel), now: at(2))
        try await store.commit(makeRecord(batch.id, lookedUp), now: at(11))
        #expect(try await store.counts() == makeCounts([\.retrying: 3]))
        #expect(try await due(store).count == 3)
        let absent = makeResults(accounts, .absent(dueAt: at(40).timestamp))
        try await store.step(makeStep(.settle, results: absent), now: at(31))
        #expect(try await store.counts() == makeCounts([\.unknown: 3]))
        #expect(try await store.campaign(makeID())?.finishedAt != nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `a look-up that fails is made again, and spends nothing`(kind: StoreKind) async throws {
        let store = try await makeStore(kind)
        let failed = makeResults(
            [accounts[0]],
            .deferred(until: at(60).timestamp, isFailure: true)
        )
        let settling = makeResults(
            [accounts[1]],
            .deferred(until: at(45).timestamp, isFailure: false)
        )
        let step = try await store.step(
            makeStep(.settle, results: failed + settling, due: at(30)),
            now: at(31)
        )
        #expect(step.tally.done == 0 && step.due.map(\.account) == [accounts[2]])
        #expect(step.nextDueAt == at(45).timestamp)
        let recipient = try #require(try await store.recipient(accounts[0], of: makeID()))
        #expect(recipient.attempts == 1 && recipient.info == "timeout")
        #expect(recipient.updatedAt == at(11).timestamp)
        let later = try await due(store, by: at(60))
        #expect(later.map(\.account) == [accounts[2], accounts[1], accounts[0]])
        #expect(later.map(\.failures) == [0, 0, 1])
    }

    @Test(arguments: StoreKind.allCases)
    func `with no attempt left, or nothing to be known, they are unknown; a stranger has failed`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let results = [
            JobResult(account: accounts[0], verdict: .absent(dueAt: nil)),
            JobResult(account: accounts[1], verdict: .unclear("it leaves no history")),
            JobResult(account: accounts[2], verdict: .refused(code: 90_003)),
        ]
        let step = try await store.step(makeStep(.settle, results: results), now: at(31))
        #expect(step.tally[.absent] == 2 && step.tally[.unclear] == 1 && !step.isRunning)
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.counts == makeCounts([\.unknown: 2, \.failed: 1, \.queued: 3]))
        #expect(campaign.failures == [.init(code: 90_003, count: 1)])
        let all = try await store.everybody()
        #expect(all[1].info == "it leaves no history" && all[2].info == nil)
        #expect(try await store.contradictions() == [])
        // Only who wasn't to be known may be asked about again.
        let change = try await store.change(makeStart(.verify), now: at(32))
        #expect(change.campaign.jobs.map(\.total) == [1])
    }

    @Test(arguments: StoreKind.allCases)
    func `a stranger who is put back isn't resent, since nobody has got the message`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let refused = makeResults(accounts, .refused(code: 90_003))
        try await store.step(makeStep(.settle, results: refused), now: at(31))
        _ = try await store.change(.retry(makeID(), RetryFilter(unknown: false)), now: at(32))
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(33))
        #expect(batch.accounts == AccountRun(accounts) && batch.maybeAcceptedBefore.isEmpty)
        #expect(try await store.campaign(makeID())?.resent == 0)
        #expect(try await store.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `a crash between two steps loses no result, and none is recorded twice`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let call = try #require(try await due(store).first?.calls.first)
        let first = makeResults([accounts[0]], .found(makeFound(call)))
        try await store.step(makeStep(.settle, results: first), now: at(31))
        let again = store.reopened(bootID: "boot-2")
        _ = try await again.restore(now: at(32))
        #expect(try await due(again, by: at(32)).map(\.account) == Array(accounts.dropFirst()))
        let all = makeResults(accounts, .found(makeFound(call)))
        let step = try await again.step(makeStep(.settle, results: all), now: at(33))
        #expect(step.tally.done == 2)
        #expect(try await again.counts() == makeCounts([\.sent: 3, \.queued: 3]))
        #expect(try await again.contradictions() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `halves are looked up by every call that addressed them`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(4)), now: at(0))
        let batch = try await store.claim(now: at(1))
        let repeated = Resolution.repeated(dueAt: at(3).timestamp, info: "timeout", code: nil)
        try await store.commit(makeRecord(batch.id, repeated), now: at(2))
        // The repeat goes out with the same numbers, so both are one call to the history.
        try await store.commit(makeReclaim(batch.id), now: at(4))
        try await store.commit(makeRecord(batch.id, repeated), now: at(5))
        try await store.commit(makeReclaim(batch.id), now: at(6))
        let split = try await store.commit(makeRecord(batch.id, .split(.tooLarge)), now: at(7))
        guard case .recorded(_, let opened) = split else { throw NothingClaimed() }
        let left = Resolution.unknown(info: "timeout", code: nil)
        for half in opened {
            try await store.commit(makeReclaim(half.id), now: at(8))
            try await store.commit(makeRecord(half.id, left), now: at(9))
        }
        #expect(try await store.counts() == makeCounts([\.unknown: 4]))
        _ = try await store.change(makeStart(.verify), now: at(10))
        let step = try await store.step(makeStep(.verify, walk: 10), now: at(10))
        #expect(step.walked.map(\.account) == makeAccounts(4))
        for target in step.walked {
            #expect(target.calls.map(\.sentAt) == [at(1).timestamp, at(8).timestamp])
            #expect(target.calls.map(\.endedAt) == [at(5).timestamp, at(9).timestamp])
        }
        #expect(step.walked[0].calls != step.walked[3].calls)
    }

    @Test(arguments: StoreKind.allCases)
    func `a repeat in another's name is looked for in both`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(2)), now: at(0))
        let batch = try await store.claim(now: at(1))
        let repeated = Resolution.repeated(dueAt: at(3).timestamp, info: "timeout", code: nil)
        try await store.commit(makeRecord(batch.id, repeated), now: at(2))
        let other = Store(
            on: store.engine,
            salt: store.salt,
            options: makeOptions(boot: "boot-2", sender: nil)
        )
        _ = try await other.restore(now: at(3))
        try await other.commit(makeReclaim(batch.id), now: at(4))
        let left = Resolution.unknown(info: "timeout", code: nil)
        try await other.commit(makeRecord(batch.id, left), now: at(5))
        _ = try await other.change(makeStart(.verify), now: at(10))
        let step = try await other.step(makeStep(.verify, walk: 10), now: at(10))
        #expect(step.walked[0].calls.map(\.sender) == [nil, Array("admin".utf8)])
    }
}
