import DeliveryCore
import TestSupport
import Testing

/// A commit has a largest size; what is more goes into the next, and nothing is lost or starved.
struct CommitSizeTests {
    @Test(arguments: [
        // As long as it should be, half as long, three times as long.
        (rows: 10_000, milliseconds: 15, next: 10_000), (10_000, 30, 5_000), (12_000, 5, 24_000),
        // Not more than twice as many, and never too few or too many.
        (10_000, 1, 20_000), (50_000, 1, 60_000), (10_000, 0, 20_000), (10_000, 900, 2_500),
        (2_500, 0, 5_000), (0, 0, 25_000),
    ])
    func `a slice takes its time on any machine`(rows: Int, milliseconds: Int, next: Int) {
        let time = Duration.milliseconds(milliseconds)
        #expect(CommitSize.slice(after: rows, took: time) == next)
    }

    private static let many = 1_000

    private func result(of write: Write) -> WriteResult {
        guard case .transition(let id, let transition) = write else {
            return .changed(.failure(.notFound))
        }
        let state: Campaign.State = transition == .expire ? .expired : .running
        return makeChange(makeWork(id.high >> 16, state: state))
    }

    @Test func `a thousand campaigns that start and end at one moment take several commits`() {
        var harness = DispatcherHarness()
        let works = (1...UInt64(Self.many)).map { number in
            let isStart = number % 2 == 0
            return makeWork(
                number,
                state: isStart ? .scheduled : .paused,
                startAt: isStart ? at(9).timestamp : nil,
                expiresAt: isStart ? nil : at(9).timestamp
            )
        }
        _ = harness.tell(.restored(Restored(campaigns: works)), 0)
        var seen: [Campaign.ID] = []
        var writes = harness.tell(.woke, 9).writes
        while !writes.isEmpty {
            #expect(writes.count <= CommitSize.changes)
            seen += writes.compactMap { if case .transition(let id, _) = $0 { id } else { nil } }
            writes = harness.tell(.committed(writes.map { result(of: $0) }), 9.1).writes
        }
        #expect(Set(seen).count == Self.many && seen.count == Self.many)
    }

    @Test func `of two times that have come the end counts, in whichever commit`() {
        var harness = DispatcherHarness()
        let works = (1...UInt64(Self.many)).map { number in
            makeWork(
                number,
                state: .scheduled,
                startAt: at(1).timestamp,
                expiresAt: at(Double(2 + number) / 1_000 + 2).timestamp
            )
        }
        // The daemon was down meanwhile.
        var writes = harness.tell(.restored(Restored(campaigns: works)), 9).writes
        while !writes.isEmpty {
            #expect(
                writes.allSatisfy { if case .transition(_, .expire) = $0 { true } else { false } }
            )
            writes = harness.tell(.committed(writes.map { result(of: $0) }), 9.1).writes
        }
        #expect(harness.dispatcher.campaignCount == Self.many)
    }

    @Test func `a thousand operators share several commits with the calls, in the order they came`()
    {
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored()), 0)
        var writes = harness.tell(.pauseRequested(Dispatcher.Request(id: 0), isPaused: false), 1)
            .writes
        for number in 1...Self.many {
            let id = makeID(UInt64(number))
            let request = Dispatcher.Request(id: number)
            _ = harness.tell(.requested(request, .patch(id, CampaignPatch())), 1)
        }
        _ = harness.tell(.admitted(makeWork(5_000, fresh: 3)), 1)
        var replied: [Int] = []
        var results = [WriteResult.done]
        var claimedIn: Int?
        var commits = 0
        while !writes.isEmpty {
            let effects = harness.tell(.committed(results), 1.1)
            for case .reply(let request, _) in effects { replied.append(request.id) }
            writes = effects.writes
            commits += 1
            let changes = writes.count { if case .patch = $0 { true } else { false } }
            #expect(changes <= CommitSize.changes)
            if !effects.claims.isEmpty { claimedIn = claimedIn ?? commits }
            results = writes.map { write in
                if case .claim = write { return .claimed(nil, makeWork(5_000)) }
                return .changed(.failure(.wrongState(.draft)))
            }
        }
        #expect(replied == Array(0...Self.many))
        #expect(claimedIn == 1, "the calls wait for no operator")
        #expect(commits == Self.many / CommitSize.changes + 1)
    }

    @Test
    func `what waited in a campaign that ended is closed in steps, which leave time for calls`() {
        let id = makeID()
        var harness = DispatcherHarness()
        _ = harness.tell(.restored(Restored(campaigns: [makeWork(fresh: 0)])), 0)
        let one = Dispatcher.Request(id: 1)
        _ = harness.tell(.requested(one, .transition(id, .cancel)), 1)
        func step(isClosing: Bool) -> WriteResult {
            let change = WriteResult.Change(
                campaign: makeCampaign(state: .canceled),
                work: makeWork(state: .canceled),
                isClosing: isClosing
            )
            return .changed(.success(change))
        }
        // Whoever asked has the answer at once: the cancel is durable.
        let first = harness.tell(.committed([step(isClosing: true)]), 1.1)
        #expect(first.replies.count == 1 && first.writes.isEmpty)
        #expect(harness.tell(.woke, 1.12).writes.isEmpty)
        #expect(harness.tell(.woke, 1.125).writes == [.close(id)])
        // A fault of the store puts it off.
        _ = harness.tell(.commitFailed(.full("no room")), 1.2)
        #expect(harness.tell(.woke, 2.2).services.count == 1)
        let healed = harness.tell(.committed([.done]), 2.3)
        #expect(healed.writes == [.close(id)])
        #expect(harness.tell(.committed([step(isClosing: true)]), 2.4).writes.isEmpty)
        #expect(harness.tell(.woke, 2.425).writes == [.close(id)])
        #expect(harness.tell(.committed([step(isClosing: false)]), 2.5).writes.isEmpty)
        #expect(harness.tell(.woke, 9).writes.isEmpty)
        // And a start goes on with it.
        var next = DispatcherHarness()
        var restored = Restored()
        restored.closing = [id]
        #expect(next.tell(.restored(restored), 0).writes == [.close(id)])
    }
}
