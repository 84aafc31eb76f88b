import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Events that hooks are told, in the transactions that make them happen.
@Suite struct OutboxTests {
    private let stores = Stores()
    private let everything = Subscription(
        hook: HookKey(digest: "a"),
        kinds: Set(EventKind.allCases)
    )
    private let ends = Subscription(
        hook: HookKey(digest: "b"),
        kinds: [.campaignCompleted, .campaignCanceled]
    )

    private func make(
        _ kind: StoreKind,
        _ subscriptions: [Subscription]? = nil,
        rowsPerStep: Int = 5_000,
        backlogLimit: Int = 100_000
    ) throws -> Store {
        var options = makeOptions(rowsPerStep: rowsPerStep)
        options.backlogLimit = backlogLimit
        options.render = { event in
            switch event.subject {
            case .campaign(let campaign):
                let counts = campaign.counts
                let jobs = campaign.jobs.map { " \($0.kind.rawValue) \($0.state.rawValue)" }
                let left = counts.total - counts.unfinished
                return Array(
                    "\(campaign.state.rawValue) \(left)/\(counts.total)\(jobs.joined())".utf8
                )
            case .service(let quota): return Array(quota.state.rawValue.utf8)
            }
        }
        let store = try stores.make(kind, options)
        store.subscribe(subscriptions ?? [everything])
        return store
    }

    /// The events of a hook as it gets them, one after another.
    private func told(
        _ store: Store,
        _ subscription: Subscription? = nil
    ) async throws -> [String] {
        let hook = (subscription ?? everything).hook
        var told: [String] = []
        while true {
            let due = try await store.due(hook, by: at(1_000_000).timestamp, limit: 16).events
            guard let first = due.min(by: { $0.id < $1.id }) else { return told }
            told.append("\(first.kind.rawValue): \(String(decoding: first.body, as: UTF8.self))")
            let gone = HookResult.removed(hook, event: first.id)
            _ = try await store.record([gone], now: at(1_000_000))
        }
    }

    private func move(
        _ store: Store,
        _ transitions: Campaign.Transition...,
        now: Now = at(5)
    ) async throws {
        for transition in transitions {
            _ = try await store.change(.transition(makeID(), transition), now: now)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a campaign's life is told in its order, each event with the campaign as of then`(
        kind: StoreKind
    ) async throws {
        let store = try make(kind, [everything, ends])
        _ = try await store.create(makeNewCampaign(start: false), now: at(0))
        try await move(store, .start, .pause, .pause, .resume)
        let reason = Campaign.Reason(code: 80_001, text: "dirty")
        try await move(store, .halt(reason), .resume)
        let batch = try await store.claim()
        try await store.commit(makeRecord(batch.id), now: at(9))
        #expect(
            try await told(store) == [
                "campaign.started: running 0/10", "campaign.paused: paused 0/10",
                "campaign.resumed: running 0/10", "campaign.halted: halted 0/10",
                "campaign.resumed: running 0/10", "campaign.completed: completed 10/10",
            ]
        )
        #expect(try await told(store, ends) == ["campaign.completed: completed 10/10"])
        #expect(try await store.backlogs() == [:])
    }

    @Test(arguments: StoreKind.allCases)
    func `a campaign that starts when it is created is told so, and a scheduled one when it begins`(
        kind: StoreKind
    ) async throws {
        let store = try make(kind)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        var settings = Campaign.Settings()
        settings.startAt = at(100).timestamp
        let later = makeNewCampaign(makeID(2), settings: settings)
        _ = try await store.create(later, now: at(0))
        #expect(try await told(store) == ["campaign.started: running 0/10"])
        for transition in [Campaign.Transition.pause, .resume] {
            _ = try await store.change(.transition(makeID(2), transition), now: at(5))
        }
        _ = try await store.change(.transition(makeID(2), .begin), now: at(101))
        #expect(
            try await told(store) == [
                "campaign.paused: paused 0/10", "campaign.resumed: scheduled 0/10",
                "campaign.started: running 0/10",
            ]
        )
    }

    @Test(arguments: StoreKind.allCases, [2, 5_000])
    func `a cancel is told when the last call has ended, and a retry that opens it again`(
        kind: StoreKind,
        rows: Int
    ) async throws {
        let store = try make(kind, rowsPerStep: rows)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let batch = try await store.claim(makeClaim(accountLimit: 4))
        try await move(store, .cancel)
        #expect(try await told(store) == ["campaign.started: running 0/10"])
        let verdicts = [makeVerdict(batch.accounts[0])]
        let settled = Resolution.settled(messageKey: "key", verdicts: verdicts)
        try await store.commit(makeRecord(batch.id, settled), now: at(9))
        #expect(try await told(store) == ["campaign.canceled: canceled 10/10"])
        var filter = RetryFilter()
        filter.failed = true
        _ = try await store.change(.retry(makeID(), filter), now: at(20))
        #expect(try await told(store) == ["campaign.reopened: running 9/10"])
    }

    @Test(arguments: StoreKind.allCases)
    func `a job is told when it has ended, however it ends`(kind: StoreKind) async throws {
        let store = try make(kind)
        _ = try await store.create(makeNewCampaign(start: false), now: at(0))
        _ = try await store.change(makeStart(.check), now: at(1))
        let results = makeResults(makeAccounts(10), .present)
        try await store.step(
            makeStep(.check, results: results, cursor: makeAccounts(10)[9], end: .completed)
        )
        #expect(try await told(store) == ["campaign.check_finished: draft 0/10 check completed"])
        _ = try await store.change(makeStart(.check), now: at(60))
        _ = try await store.change(.stopJob(makeID(), .check), now: at(61))
        #expect(try await told(store) == ["campaign.check_finished: draft 0/10 check stopped"])
        _ = try await store.change(makeStart(.check), now: at(70))
        try await move(store, .cancel)
        #expect(
            try await told(store) == [
                "campaign.check_finished: canceled 10/10 check stopped",
                "campaign.canceled: canceled 10/10 check stopped",
            ]
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `what happens to all sending is told too`(kind: StoreKind) async throws {
        let store = try make(kind, [everything, ends])
        let quota = QuotaStatus(
            messagesPerMinute: 1,
            windowUsed: 0,
            nextCallAt: at(0).timestamp,
            callsPerSecond: 1,
            state: .halted,
            window: QuotaWindow(held: 0, unanswered: 0, room: 0, releases: [])
        )
        for kind in [EventKind.serviceHalted, .serviceRecovered] {
            let event = ServiceEvent(kind: kind, at: at(1).timestamp, quota: quota)
            #expect(try await store.commit(.event(event)) == .done)
        }
        #expect(try await told(store) == ["service.halted: halted", "service.recovered: halted"])
        #expect(try await told(store, ends) == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `nothing is stored where nobody wants it`(kind: StoreKind) async throws {
        let store = try make(kind, [ends])
        _ = try await store.create(makeNewCampaign(), now: at(0))
        try await move(store, .pause)
        #expect(try await store.backlogs() == [:])
        store.subscribe([])
        try await move(store, .cancel)
        store.subscribe([ends])
        #expect(try await told(store, ends) == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `only the first event of a campaign is due, and another campaign's waits for none`(
        kind: StoreKind
    ) async throws {
        let store = try make(kind)
        for number in 1...2 {
            _ = try await store.create(makeNewCampaign(makeID(UInt64(number))), now: at(0))
        }
        try await move(store, .pause)
        let hook = everything.hook
        let due = try await store.due(hook, by: at(9).timestamp, limit: 16)
        #expect(due.events.map(\.kind) == [.campaignStarted, .campaignStarted])
        #expect(due.nextAt == nil)
        #expect(try await store.backlogs()[hook]?.count == 3)
        #expect(try await store.backlogs()[hook]?.oldestAt == at(0).timestamp)
        let postponed = HookResult.postponed(
            hook,
            event: due.events[0].id,
            attempts: 1,
            failingSince: at(9).timestamp,
            dueAt: at(14).timestamp
        )
        _ = try await store.record([postponed], now: at(9))
        let later = try await store.due(hook, by: at(10).timestamp, limit: 16)
        #expect(later.events == [due.events[1]] && later.nextAt == at(14).timestamp)
        let again = try await store.due(hook, by: at(14).timestamp, limit: 16)
        #expect(again.events.map(\.attempts) == [0, 1])
        #expect(again.events[1].failingSince == at(9).timestamp)
        #expect(again.events[1].uuid == due.events[0].uuid)
        _ = try await store.record([.removed(hook, event: due.events[0].id)], now: at(15))
        let next = try await store.due(hook, by: at(15).timestamp, limit: 16)
        #expect(next.events.map(\.kind) == [.campaignStarted, .campaignPaused])
        // What is gone already changes nothing.
        _ = try await store.record([.removed(hook, event: due.events[0].id)], now: at(15))
        #expect(try await store.backlogs()[hook]?.count == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `a hook with too many loses its oldest, and another one keeps them`(
        kind: StoreKind
    ) async throws {
        let store = try make(kind, [everything, ends], backlogLimit: 3)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        try await move(store, .pause, .resume, .pause, .resume, .cancel)
        #expect(store.dropped == [everything.hook: 3])
        #expect(
            try await store.backlogs().mapValues(\.count) == [everything.hook: 3, ends.hook: 1]
        )
        #expect(
            try await told(store) == [
                "campaign.paused: paused 0/10", "campaign.resumed: running 0/10",
                "campaign.canceled: canceled 10/10",
            ]
        )
        #expect(try await told(store, ends) == ["campaign.canceled: canceled 10/10"])
    }

    @Test(arguments: StoreKind.allCases)
    func `events too old are given up, unless their first try was later`(
        kind: StoreKind
    ) async throws {
        let store = try make(kind)
        for number in 1...3 {
            let now = at(Double(number))
            _ = try await store.create(makeNewCampaign(makeID(UInt64(number))), now: now)
        }
        let hook = everything.hook
        let due = try await store.due(hook, by: at(9).timestamp, limit: 16).events
        let postponed = HookResult.postponed(
            hook,
            event: due[0].id,
            attempts: 1,
            failingSince: at(9).timestamp,
            dueAt: at(14).timestamp
        )
        let expired = HookResult.expired(hook, before: at(2).timestamp)
        #expect(try await store.record([postponed, expired], now: at(20)) == [hook: 1])
        #expect(try await store.backlogs()[hook]?.count == 2)
        let left = HookResult.expired(hook, before: at(10).timestamp)
        #expect(try await store.record([left], now: at(20)) == [hook: 2])
        #expect(try await store.backlogs() == [:])
    }

    @Test(arguments: StoreKind.allCases)
    func `what a hook that is gone was to be told is removed in steps`(kind: StoreKind) async throws
    {
        let store = try make(kind, [everything, ends], rowsPerStep: 2)
        _ = try await store.create(makeNewCampaign(), now: at(0))
        try await move(store, .pause, .resume, .cancel)
        store.subscribe([ends])
        var steps = 0
        while try await store.forgetUnsubscribed(now: at(9)) { steps += 1 }
        #expect(steps == 3)
        store.subscribe([everything, ends])
        #expect(try await told(store) == [])
        #expect(try await told(store, ends) == ["campaign.canceled: canceled 10/10"])
        #expect(try await store.forgetUnsubscribed(now: at(9)) == false)
    }

    @Test(arguments: StoreKind.allCases)
    func `a new run goes on where the last one ended, and numbers no event twice`(
        kind: StoreKind
    ) async throws {
        let first = try make(kind)
        _ = try await first.create(makeNewCampaign(), now: at(0))
        try await move(first, .pause)
        let store = first.reopened(bootID: "boot-2")
        try await move(store, .resume, now: at(6))
        #expect(
            try await told(store) == [
                "campaign.started: running 0/10", "campaign.paused: paused 0/10",
                "campaign.resumed: running 0/10",
            ]
        )
    }
}
