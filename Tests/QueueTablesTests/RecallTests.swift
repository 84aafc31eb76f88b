import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// A job that takes the message back from everyone it was sent to.
@Suite struct RecallTests {
    private let stores = Stores()
    private let accounts = makeAccounts(8)
    /// All but the second, who has failed.
    private var sent: [Account] { accounts.filter { $0 != accounts[1] } }

    /// A completed campaign: of its first call one has failed, and one was accepted by the next.
    private func makeStore(_ kind: StoreKind, rowsPerStep: Int = 5_000) async throws -> Store {
        let store = try stores.make(kind, rowsPerStep: rowsPerStep)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let first = try await store.claim(makeClaim(accountLimit: 4), now: at(1))
        let verdicts = [
            makeVerdict(accounts[1]), makeVerdict(accounts[2], .retry(dueAt: at(3).timestamp)),
        ]
        let settled = Resolution.settled(messageKey: "first", verdicts: verdicts)
        try await store.commit(makeRecord(first.id, settled), now: at(2))
        let own = try await store.claim(makeClaim(source: .dueRetries), now: at(3))
        let accepted = Resolution.settled(messageKey: "own", verdicts: [])
        try await store.commit(makeRecord(own.id, accepted), now: at(4))
        let last = try await store.claim(now: at(5))
        let keyless = Resolution.settled(messageKey: nil, verdicts: [])
        try await store.commit(makeRecord(last.id, keyless), now: at(6))
        return store
    }

    private func recalls(_ store: Store) async throws -> [Recipient.Recall?] {
        #expect(try await store.contradictions() == [])
        let all = try await store.everybody()
        for recall in Recipient.Recall.allCases {
            let filter = RecipientFilter(recalls: [recall])
            let some = try await store.everybody(matching: filter, pageSize: 2)
            #expect(some == all.filter { $0.recall == recall }, "\(recall)")
        }
        let either = RecipientFilter(recalls: [.missing, .failed])
        let some = try await store.everybody(matching: either, pageSize: 1)
        #expect(some == all.filter { $0.recall == .missing || $0.recall == .failed })
        let failed = RecipientFilter(statuses: [.failed], recalls: [.recalled])
        #expect(try await store.everybody(matching: failed).isEmpty)
        return all.map(\.recall)
    }

    @Test(arguments: StoreKind.allCases, [1, 3, 5_000])
    func `it hands out everyone who was sent, and each is shown as the walk passes`(
        kind: StoreKind,
        rows: Int
    ) async throws {
        let store = try await makeStore(kind, rowsPerStep: rows)
        #expect(try await recalls(store) == Array(repeating: nil, count: 8))
        let change = try await store.change(makeStart(.recall, callsPerSecond: 9), now: at(10))
        let job = Job(kind: .recall, total: 7, callsPerSecond: 9, startedAt: at(10).timestamp)
        #expect(change.campaign.jobs == [job])
        #expect(try await recalls(store).count { $0 == .queued } == 7)
        var walked: [JobTarget] = []
        var step = try await store.step(makeStep(.recall, walk: 2), now: at(11))
        #expect(step.message?.json == Array("{\"a\":1}".utf8))
        for _ in 0..<30 {
            walked += step.walked
            let isLast = step.next == nil
            let some = step.walked.map(\.account)
            #expect(some.count <= min(2, rows))
            step = try await store.step(
                makeStep(
                    .recall,
                    results: makeResults(some, .recalled(code: 0)),
                    cursor: some.last,
                    walk: isLast ? nil : 2,
                    after: step.next,
                    end: isLast ? .completed : nil
                ),
                now: at(12)
            )
            let shown = try await recalls(store)
            #expect(shown.count { $0 == .recalled } == walked.count)
            if isLast { break }
        }
        #expect(walked.map(\.account) == sent)
        let sender = Array("admin".utf8)
        let expected = [("first", 2), ("own", 4), ("first", 2), (nil, 6)] as [(String?, Double)]
        for (target, (key, time)) in zip(walked, expected) {
            let accepted = at(time).timestamp
            #expect(target.content == .message(key: key, sender: sender, acceptedAt: accepted))
        }
        #expect(!step.isRunning && step.job?.state == .completed)
        #expect(step.job?.tally[.recalled] == 7 && step.job?.total == 7)
        let all = try await store.everybody()
        #expect(all.map(\.recallCode) == [0, nil, 0, 0, 0, 0, 0, 0])
        #expect(all.map(\.status).count { $0 == .sent } == 7)
        #expect(try await store.refusal(makeStart(.recall)) == .nobodyLeft(.recall))
    }

    @Test(arguments: StoreKind.allCases)
    func `who is found behind the walk, before it has come to anybody, isn't counted as recalled`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind, rowsPerStep: 3)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let doubted = try await store.claim(makeClaim(accountLimit: 4), now: at(1))
        let from = at(60).timestamp
        let lookedUp = Resolution.lookedUp(from: from, info: "timeout", code: nil)
        try await store.commit(makeRecord(doubted.id, lookedUp), now: at(2))
        try await store.commit(makeRecord(try await store.claim(now: at(3)).id), now: at(4))
        _ = try await store.change(.transition(makeID(), .pause), now: at(5))
        _ = try await store.change(makeStart(.recall), now: at(6))
        let first = try await store.step(makeStep(.recall, walk: 10), now: at(7))
        #expect(first.walked.isEmpty && first.next == accounts[2])
        let call = UnknownCall(
            numbers: doubted.numbers,
            sender: nil,
            sentAt: at(1).timestamp,
            endedAt: at(2).timestamp
        )
        let found = makeResults([accounts[0]], .found(makeFound(call)))
        try await store.step(makeStep(.settle, results: found), now: at(61))
        var after = first.next
        for _ in 0..<4 {
            let next = makeStep(.recall, walk: 10, after: after)
            let step = try await store.step(next, now: at(62))
            let some = step.walked.map(\.account)
            after = step.next
            let results = makeResults(some, .recalled(code: 0))
            let cursor = some.last
            let end: JobStep.End? = after == nil ? .completed : nil
            let recorded = makeStep(.recall, results: results, cursor: cursor, end: end)
            try await store.step(recorded, now: at(63))
            if after == nil { break }
        }
        let shown = try await recalls(store)
        #expect(shown == Array(repeating: nil, count: 4) + Array(repeating: .recalled, count: 4))
        #expect(try await store.refusal(makeStart(.recall)) == nil, "its turn comes with the next")
    }

    @Test(arguments: StoreKind.allCases)
    func `what it came to is kept beside the status, with the last code`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.recall), now: at(10))
        let verdicts: [JobResult.Verdict] = [
            .recalled(code: 20_023), .deferred(until: at(70).timestamp, isFailure: false),
            .gone(code: 20_022), .deferred(until: at(30).timestamp, isFailure: true),
            .kept(code: 20_016), .kept(code: nil), .recalled(code: 0),
        ]
        let results = zip(sent, verdicts).map { JobResult(account: $0, verdict: $1) }
        let first = try await store.step(
            makeStep(.recall, results: results, cursor: sent.last, walk: 9, end: .completed),
            now: at(11)
        )
        #expect(first.isRunning && first.walked.isEmpty && first.next == nil)
        #expect(first.nextDueAt == at(30).timestamp && first.tally.done == 5)
        #expect(
            try await recalls(store) == [
                .recalled, nil, .queued, .missing, .queued, .failed, .failed, .recalled,
            ]
        )
        let codes = try await store.everybody().map(\.recallCode)
        #expect(codes == [20_023, nil, nil, 20_022, nil, 20_016, nil, 0])
        // After a crash only those are asked for again that were put off.
        let again = store.reopened(bootID: "boot-2")
        #expect(try await again.restore(now: at(20)).jobs.map(\.campaign) == [makeID()])
        let second = try await again.step(makeStep(.recall, walk: 9, due: at(40)), now: at(40))
        #expect(second.walked.isEmpty && second.next == nil)
        #expect(second.due.map(\.account) == [accounts[4]] && second.due[0].failures == 1)
        #expect(second.nextDueAt == at(70).timestamp)
        #expect(
            second.due[0].content
                == .message(key: nil, sender: Array("admin".utf8), acceptedAt: at(6).timestamp)
        )
        let last = [accounts[2], accounts[4]]
        let third = try await again.step(
            makeStep(.recall, results: makeResults(last, .recalled(code: 0)), end: .completed),
            now: at(71)
        )
        #expect(!third.isRunning && third.job?.tally.done == 7 && third.nextDueAt == nil)
        #expect(try await recalls(again).count { $0 == .recalled } == 4)
        // Nothing is settled twice.
        let late = makeStep(.recall, results: makeResults(sent, .gone(code: 20_022)))
        #expect(try await again.step(late, now: at(72)).tally.done == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `a result ahead of the cursor isn't asked for again after a crash`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.recall), now: at(10))
        _ = try await store.step(makeStep(.recall, walk: 9), now: at(11))
        let ahead = makeResults([sent[1], sent[3]], .recalled(code: 0))
        try await store.step(makeStep(.recall, results: ahead), now: at(12))
        let again = store.reopened(bootID: "boot-2")
        _ = try await again.restore(now: at(20))
        let step = try await again.step(makeStep(.recall, walk: 9), now: at(21))
        #expect(step.walked.map(\.account) == [sent[0], sent[2], sent[4], sent[5], sent[6]])
        let rest = makeResults(step.walked.map(\.account), .recalled(code: 0))
        let end = makeStep(.recall, results: rest, cursor: sent.last, end: .completed)
        #expect(try await again.step(end, now: at(22)).job?.tally.done == 7)
        #expect(try await recalls(again).count { $0 == .recalled } == 7)
    }

    @Test(arguments: StoreKind.allCases)
    func `it is refused where somebody may still be called, and where nobody was sent`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        let late = makeStart(.recall, historySince: at(7))
        #expect(try await store.refusal(late) == .beyondHistory)
        let id = makeID(2)
        _ = try await store.create(makeNewCampaign(id, start: false), now: at(0))
        #expect(try await store.refusal(makeStart(.recall, of: id)) == .wrongState(.draft))
        _ = try await store.change(.transition(id, .start), now: at(1))
        #expect(try await store.refusal(makeStart(.recall, of: id)) == .wrongState(.running))
        _ = try await store.change(.transition(id, .pause), now: at(2))
        #expect(try await store.refusal(makeStart(.recall, of: id)) == .nobodyLeft(.recall))
        #expect(try await store.refusal(.stopJob(id, .recall)) == .noJob(.recall))
    }

    @Test(arguments: StoreKind.allCases)
    func `while it runs nobody is put back`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let batch = try await store.claim(makeClaim(accountLimit: 4), now: at(1))
        let verdicts = [makeVerdict(accounts[1])]
        let settled = Resolution.settled(messageKey: "key", verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled), now: at(2))
        _ = try await store.change(.transition(makeID(), .pause), now: at(3))
        _ = try await store.change(makeStart(.recall), now: at(4))
        let writes: [Write] = [
            .transition(makeID(), .resume), .retry(makeID(), RetryFilter()), makeStart(.recall),
            makeStart(.verify),
        ]
        for write in writes {
            #expect(try await store.refusal(write) == .jobRunning(.recall))
        }
        // A cancel ends the campaign, and the recall goes on.
        _ = try await store.change(.transition(makeID(), .cancel), now: at(5))
        #expect(try await store.refusal(.delete(makeID())) == .jobRunning(.recall))
        let step = try await store.step(makeStep(.recall, walk: 9), now: at(6))
        #expect(step.isRunning && step.walked.count == 3)
        _ = try await store.change(.stopJob(makeID(), .recall), now: at(7))
        #expect(try await store.refusal(.retry(makeID(), RetryFilter())) == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `it waits for calls that are out, and is about whom they reach`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let out = try await store.claim(makeClaim(accountLimit: 2), now: at(1))
        let done = try await store.claim(makeClaim(accountLimit: 2), now: at(1))
        try await store.commit(makeRecord(done.id), now: at(2))
        _ = try await store.change(.transition(makeID(), .pause), now: at(3))
        let change = try await store.change(makeStart(.recall), now: at(4))
        #expect(change.campaign.jobs.map(\.total) == [2])
        let waits = try await store.step(makeStep(.recall, walk: 9), now: at(5))
        #expect(waits.isRunning && waits.walked.isEmpty && waits.next == Account(checked: []))
        #expect(try await recalls(store)[2] == .queued)
        try await store.commit(makeRecord(out.id), now: at(6))
        let step = try await store.step(makeStep(.recall, walk: 9), now: at(7))
        #expect(step.walked.map(\.account) == Array(accounts.prefix(4)))
        #expect(step.job?.total == 4 && step.next == nil)
    }

    /// Has a running campaign call so many more, who are accepted, and pauses it.
    private func call(_ count: Int, _ store: Store, at time: Double) async throws {
        _ = try await store.change(.transition(makeID(), .resume), now: at(time))
        let batch = try await store.claim(makeClaim(accountLimit: count), now: at(time))
        try await store.commit(makeRecord(batch.id), now: at(time))
        _ = try await store.change(.transition(makeID(), .pause), now: at(time))
    }

    private func recall(
        _ some: [Account],
        _ store: Store,
        end: JobStep.End? = nil
    ) async throws -> JobStepped {
        let results = makeResults(some, .recalled(code: 0))
        let step = makeStep(.recall, results: results, cursor: some.last, end: end)
        return try await store.step(step, now: at(50))
    }

    @Test(arguments: StoreKind.allCases)
    func `asked again, it is about those accepted since`(kind: StoreKind) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        try await call(3, store, at: 1)
        _ = try await store.change(makeStart(.recall), now: at(2))
        _ = try await store.step(makeStep(.recall, walk: 9), now: at(3))
        _ = try await recall(Array(accounts.prefix(3)), store, end: .completed)
        // The ledger loses calls that count no more; their numbers aren't used again.
        let again = store.reopened(bootID: "boot-2")
        _ = try await again.restore(now: at(5_000))
        try await call(4, again, at: 5_001)
        #expect(
            try await recalls(again) == [.recalled, .recalled, .recalled, nil, nil, nil, nil, nil]
        )
        let change = try await again.change(makeStart(.recall), now: at(5_002))
        #expect(change.campaign.jobs.map(\.total) == [4])
        #expect(try await recalls(again).count { $0 == .queued } == 4)
        let step = try await again.step(makeStep(.recall, walk: 9), now: at(5_003))
        #expect(step.walked.map(\.account) == Array(accounts[3..<7]))
    }

    @Test(arguments: StoreKind.allCases)
    func `stopped, it goes on where it stands, and where others were accepted settles nobody twice`(
        kind: StoreKind
    ) async throws {
        let store = try await makeStore(kind)
        _ = try await store.change(makeStart(.recall), now: at(10))
        _ = try await store.step(makeStep(.recall, walk: 9), now: at(11))
        _ = try await store.change(.stopJob(makeID(), .recall), now: at(12))
        // Results of calls that were out are kept.
        #expect(try await !recall([sent[0], sent[1]], store).isRunning)
        #expect(try await recalls(store).count { $0 == .recalled } == 2)
        let second = try await store.change(makeStart(.recall), now: at(13))
        #expect(second.campaign.jobs.map(\.total) == [5])
        let rest = try await store.step(makeStep(.recall, walk: 9), now: at(14)).walked
        #expect(rest.map(\.account) == Array(sent.dropFirst(2)))
        _ = try await recall([sent[2]], store)
        _ = try await store.change(.stopJob(makeID(), .recall), now: at(15))
        // Who has failed is put back, and accepted behind the cursor.
        _ = try await store.change(.retry(makeID(), RetryFilter()), now: at(16))
        let batch = try await store.claim(makeClaim(source: .dueRetries), now: at(17))
        try await store.commit(makeRecord(batch.id), now: at(18))
        let third = try await store.change(makeStart(.recall), now: at(19))
        #expect(third.campaign.jobs.map(\.total) == [5])
        let step = try await store.step(makeStep(.recall, walk: 9), now: at(20))
        #expect(step.walked.map(\.account) == [accounts[1]] + accounts.suffix(4))
        #expect(try await recalls(store).count { $0 == .recalled } == 3)
        let all = step.walked.map(\.account)
        #expect(try await recall(all, store, end: .completed).job?.tally.done == 5)
        #expect(try await recalls(store) == Array(repeating: .recalled, count: 8))
        #expect(try await store.refusal(makeStart(.recall)) == .nobodyLeft(.recall))
    }

    @Test(arguments: StoreKind.allCases)
    func `whom the history shows can be recalled, by that key and that sender`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        let first = try await store.claim(makeClaim(accountLimit: 2), now: at(1))
        try await store.commit(makeRecord(first.id), now: at(2))
        let lost = try await store.claim(now: at(3))
        let left = Resolution.unknown(info: "timeout", code: nil)
        try await store.commit(makeRecord(lost.id, left), now: at(4))
        _ = try await store.change(makeStart(.recall), now: at(5))
        _ = try await store.step(makeStep(.recall, walk: 9), now: at(6))
        _ = try await recall(Array(accounts.prefix(2)), store, end: .completed)
        _ = try await store.change(makeStart(.verify), now: at(7))
        let targets = try await store.step(makeStep(.verify, walk: 9), now: at(8)).walked
        let found = JobResult.Verdict.found(makeFound(try #require(targets[0].calls.first)))
        let looked = makeResults([targets[0].account, targets[4].account], found)
        try await store.step(makeStep(.verify, results: looked, end: .completed), now: at(9))
        let shown = try await recalls(store)
        #expect(shown.prefix(3) == [.recalled, .recalled, nil])
        let change = try await store.change(makeStart(.recall), now: at(10))
        #expect(change.campaign.jobs.map(\.kind) == [.verify, .recall])
        #expect(change.campaign.jobs.last?.total == 2)
        let step = try await store.step(makeStep(.recall, walk: 9), now: at(11))
        let content = JobTarget.Content.message(
            key: "found-key",
            sender: Array("admin".utf8),
            acceptedAt: at(9).timestamp
        )
        #expect(
            step.walked
                == [accounts[2], accounts[6]].map { JobTarget(account: $0, content: content) }
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `who was checked, put back and sent before the others' turn is recalled as well`(
        kind: StoreKind
    ) async throws {
        let store = try stores.make(kind)
        let draft = makeNewCampaign(accounts: accounts, start: false)
        _ = try await store.create(draft, now: at(0))
        _ = try await store.change(makeStart(.check), now: at(1))
        let gone = makeResults([accounts[6]], .missing)
        try await store.step(
            makeStep(.check, results: gone, cursor: accounts[7], end: .completed),
            now: at(2)
        )
        _ = try await store.change(.transition(makeID(), .start), now: at(3))
        _ = try await store.change(.retry(makeID(), RetryFilter()), now: at(4))
        let own = try await store.claim(makeClaim(source: .dueRetries), now: at(5))
        try await store.commit(makeRecord(own.id), now: at(6))
        let first = try await store.claim(makeClaim(accountLimit: 2), now: at(7))
        try await store.commit(makeRecord(first.id), now: at(8))
        _ = try await store.change(.transition(makeID(), .pause), now: at(9))
        _ = try await store.change(makeStart(.recall), now: at(10))
        let step = try await store.step(makeStep(.recall, walk: 9), now: at(11))
        #expect(step.walked.map(\.account) == [accounts[0], accounts[1], accounts[6]])
    }

    @Test(arguments: StoreKind.allCases)
    func `a deleted campaign leaves no row of its recall`(kind: StoreKind) async throws {
        let store = try await makeStore(kind, rowsPerStep: 4)
        _ = try await store.change(makeStart(.recall), now: at(10))
        let results = makeResults(sent, .gone(code: 20_022))
        try await store.step(makeStep(.recall, results: results, end: .completed), now: at(11))
        _ = try await store.change(.delete(makeID()), now: at(12))
        // A block of recipients, two states, three batches, seven recalls, and the note.
        #expect(try await store.strayRowCount() == 14)
        while try await store.sweep().hasMore {}
        #expect(try await store.strayRowCount() == 0)
    }
}
