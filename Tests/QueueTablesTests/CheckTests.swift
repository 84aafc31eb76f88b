import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// A job that finds the accounts of a draft that don't exist.
@Suite struct CheckTests {
    private let stores = Stores()
    private let accounts = makeAccounts(12)
    /// Those that don't exist: at both ends, next to each other and alone.
    private let gone = [0, 3, 4, 7, 11]

    private func makeDraft(_ kind: StoreKind, rowsPerStep: Int = 5_000) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: rowsPerStep)
        let campaign = makeNewCampaign(accounts: accounts, start: false)
        _ = try await store.create(campaign, now: at(0))
        return store
    }

    private func results(_ some: [Account]) -> [JobResult] {
        some.map { account in
            let isGone = gone.contains { accounts[$0] == account }
            return JobResult(account: account, verdict: isGone ? .missing : .present)
        }
    }

    /// A draft that was checked to its end.
    private func makeChecked(_ kind: StoreKind) async throws -> Store {
        let store = try await makeDraft(kind)
        _ = try await store.change(makeStart(.check), now: at(1))
        let step = makeStep(
            .check,
            results: results(accounts),
            cursor: accounts[11],
            end: .completed
        )
        try await store.step(step, now: at(2))
        return store
    }

    @Test(arguments: StoreKind.allCases, [2, 5_000])
    func `it walks over everybody, and fails who doesn't exist`(
        kind: StoreKind,
        rows: Int
    ) async throws {
        let store = try await makeDraft(kind, rowsPerStep: rows)
        let change = try await store.change(makeStart(.check), now: at(1))
        #expect(change.campaign.jobs == [Job(kind: .check, total: 12, startedAt: at(1).timestamp)])
        var step = try await store.step(makeStep(.check, walk: 5), now: at(2))
        var walked: [Account] = []
        for _ in 0..<20 {
            let some = step.walked.map(\.account)
            #expect(step.walked.allSatisfy { $0.content == .account } && some.count <= 5)
            walked += some
            let isLast = step.next == nil
            step = try await store.step(
                makeStep(
                    .check,
                    results: results(some),
                    cursor: some.last,
                    walk: isLast ? nil : 5,
                    after: step.next,
                    end: isLast ? .completed : nil
                ),
                now: at(3)
            )
            #expect(try await store.contradictions() == [])
            if isLast { break }
        }
        #expect(walked == accounts && !step.isRunning && step.job?.state == .completed)
        #expect(step.job?.tally[.missing] == 5 && step.job?.tally[.present] == 7)
        #expect(step.message == nil && step.nextDueAt == nil && step.work?.freshCount == 7)
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.counts == makeCounts([\.queued: 7, \.failed: 5]))
        #expect(campaign.failures == [.init(code: 70_107, count: 5)])
        let first = try #require(try await store.recipient(accounts[0], of: makeID()))
        #expect(first.status == .failed && first.code == 70_107 && first.attempts == 0)
        #expect(first.info == "checked, not imported: never addressed")
        #expect(first.updatedAt == at(3).timestamp)
    }

    @Test(arguments: StoreKind.allCases, 1...6)
    func `claims step over them, and counters, pages and look-ups agree all the way`(
        kind: StoreKind,
        size: Int
    ) async throws {
        let store = try await makeChecked(kind)
        _ = try await store.change(.transition(makeID(), .start), now: at(3))
        var addressed: [Account] = []
        for round in 0..<7 where addressed.count < 7 {
            let batch = try await store.claim(makeClaim(accountLimit: size), now: at(4))
            addressed += batch.accounts
            try await checkPages(store)
            switch round % 3 {
            case 0:
                // An answer may name anybody: whom a check has failed isn't in the batch.
                let named = accounts.map { makeVerdict($0) }
                let settled = Resolution.settled(messageKey: "key", verdicts: named)
                try await store.commit(makeRecord(batch.id, settled), now: at(5))
            case 1:
                let held = makeRecord(batch.id, .held(dueAt: at(5).timestamp))
                try await store.commit(held, now: at(5))
                let again = store.reopened(bootID: "boot-2")
                #expect(
                    try await again.restore(now: at(5)).open.map(\.count) == [batch.accounts.count]
                )
                let reclaimed = try await store.claim(makeReclaim(batch.id), now: at(6))
                #expect(reclaimed.accounts == batch.accounts)
                let left = Resolution.unknown(info: "timeout", code: nil)
                try await store.commit(makeRecord(batch.id, left), now: at(7))
            default:
                let split = makeRecord(batch.id, .split(.tooLarge))
                guard case .recorded(_, let opened) = try await store.commit(split, now: at(5))
                else { throw NothingClaimed() }
                for half in opened {
                    let call = try await store.claim(makeReclaim(half.id), now: at(6))
                    try await store.commit(makeRecord(call.id), now: at(7))
                }
            }
            try await checkPages(store)
        }
        let there = accounts.indices.filter { !gone.contains($0) }.map { accounts[$0] }
        #expect(addressed == there)
        let campaign = try #require(try await store.campaign(makeID()))
        #expect(campaign.state == .completed && campaign.counts.queued == 0)
        // A retry of those who failed reaches them, too.
        let change = try await store.change(.retry(makeID(), RetryFilter(unknown: false)))
        let failed = campaign.counts.failed
        #expect(change.requeued == failed && failed >= 5)
        let claim = makeClaim(source: .dueRetries)
        let batch = try await store.claim(claim, now: at(9))
        #expect(Set(batch.accounts).isSuperset(of: gone.map { accounts[$0] }))
        try await store.commit(makeRecord(batch.id), now: at(10))
        #expect(try await store.counts().failed == 0)
        try await checkPages(store)
    }

    private func checkPages(_ store: Store) async throws {
        #expect(try await store.contradictions() == [])
        let all = try await store.everybody()
        #expect(all.map(\.account) == accounts)
        for status in Recipient.Status.allCases {
            let filter = RecipientFilter(statuses: [status])
            for pageSize in [1, 3, 50] {
                let some = try await store.everybody(matching: filter, pageSize: pageSize)
                #expect(some == all.filter { $0.status == status }, "\(status)")
            }
        }
        let filter = RecipientFilter(statuses: [.sent, .failed])
        let some = try await store.everybody(matching: filter, pageSize: 2)
        #expect(some == all.filter { $0.status == .sent || $0.status == .failed })
    }

    @Test(arguments: StoreKind.allCases)
    func `canceled, the draft keeps who has failed`(kind: StoreKind) async throws {
        let store = try await makeChecked(kind)
        _ = try await store.change(makeStart(.check), now: at(3))
        let change = try await store.change(.transition(makeID(), .cancel), now: at(4))
        #expect(change.campaign.counts == makeCounts([\.canceled: 7, \.failed: 5]))
        #expect(change.campaign.jobs.map(\.state) == [.stopped])
        try await checkPages(store)
        let late = makeStep(.check, results: results(accounts), cursor: accounts[11], walk: 5)
        let step = try await store.step(late, now: at(5))
        #expect(!step.isRunning && step.tally.done == 0 && step.walked.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `while it runs the draft is closed to streams, and can't start`(
        kind: StoreKind
    ) async throws {
        let store = try await makeDraft(kind)
        try await store.openIntake(makeID())
        #expect(try await store.refusal(makeStart(.check)) == .intakeOpen)
        await store.closeIntake(makeID())
        _ = try await store.change(makeStart(.check), now: at(1))
        #expect(try await store.refusal(.transition(makeID(), .start)) == .jobRunning(.check))
        #expect(try await store.refusal(.delete(makeID())) == .jobRunning(.check))
        await #expect(throws: IntakeError.jobRunning(.check)) {
            try await store.openIntake(makeID())
        }
        await #expect(throws: IntakeError.jobRunning(.check)) {
            _ = try await store.take(AccountRun([Account("new")]), into: makeID(), now: at(2))
        }
        let again = store.reopened(bootID: "boot-2")
        #expect(try await again.restore(now: at(3)).jobs.map(\.campaign) == [makeID()])
        _ = try await store.change(.stopJob(makeID(), .check), now: at(3))
        try await store.openIntake(makeID())
        let run = AccountRun([Account("new")])
        #expect(try await store.take(run, into: makeID(), now: at(4)).accepted == 1)
        await store.closeIntake(makeID())
        #expect(try await store.refusal(.transition(makeID(), .start)) == nil)
        #expect(try await store.refusal(makeStart(.check)) == .wrongState(.running))
    }

    @Test(arguments: StoreKind.allCases)
    func `an empty draft has nobody to check, nor one where all have failed`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let empty = makeNewCampaign(accounts: [], start: false)
        _ = try await store.create(empty, now: at(0))
        #expect(try await store.refusal(makeStart(.check)) == .emptyDraft)
        let run = AccountRun([accounts[0]])
        _ = try await store.take(run, into: makeID(), now: at(1))
        _ = try await store.change(makeStart(.check), now: at(2))
        let step = makeStep(.check, results: results([accounts[0]]), end: .completed)
        try await store.step(step, now: at(3))
        #expect(try await store.refusal(makeStart(.check)) == .nobodyLeft(.check))
        // It ends at its start, and nobody was addressed.
        let change = try await store.change(.transition(makeID(), .start), now: at(4))
        #expect(change.campaign.state == .completed && change.campaign.counts.failed == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `asked again, it goes on where it stands, or begins anew where others have come`(
        kind: StoreKind
    ) async throws {
        let store = try await makeDraft(kind)
        _ = try await store.change(makeStart(.check), now: at(1))
        let half = Array(accounts.prefix(6))
        let step = makeStep(.check, results: results(half), cursor: half.last)
        try await store.step(step, now: at(2))
        // A result that comes twice counts once.
        #expect(try await store.step(step, now: at(2)).tally.done == 0)
        _ = try await store.change(.stopJob(makeID(), .check), now: at(3))
        let second = try await store.change(makeStart(.check), now: at(4))
        #expect(second.campaign.jobs.map(\.total) == [6])
        let rest = try await store.step(makeStep(.check, walk: 50), now: at(5)).walked
        #expect(rest.map(\.account) == Array(accounts.suffix(6)))
        _ = try await store.change(.stopJob(makeID(), .check), now: at(6))
        let run = AccountRun([Account("aaa")])
        _ = try await store.take(run, into: makeID(), now: at(7))
        let third = try await store.change(makeStart(.check), now: at(8))
        #expect(third.campaign.jobs.map(\.total) == [10])
        let all = try await store.step(makeStep(.check, walk: 50), now: at(9)).walked
        #expect(all.count == 10 && all.first?.account == Account("aaa"))
    }
}
