import DeliveryCore
import DeliveryEngine
import QueueTables

/// What a hook must be told of campaigns, made from the states that commits left them in.
struct Telling: Sendable {
    static let subscription = Subscription(
        hook: HookKey(digest: "everything"),
        kinds: Set(EventKind.allCases)
    )

    private var states: [Campaign.ID: Campaign.State] = [:]
    private var started: Set<Campaign.ID> = []
    private var expected: [Campaign.ID: [EventKind]] = [:]

    mutating func created(_ campaign: Campaign) {
        states[campaign.id] = .draft
        moved(campaign.id, to: campaign.state)
    }

    mutating func committed(_ pairs: [(write: Write, result: WriteResult)]) {
        for (_, result) in pairs {
            switch result {
            case .claimed(_, let work?), .recorded(let work?, _): moved(work.id, to: work.state)
            case .changed(.success(let change)): moved(change.work.id, to: change.work.state)
            case .stepped(let step):
                if let work = step.work { moved(work.id, to: work.state) }
            case .claimed, .recorded, .changed, .done, .swept, .failed: break
            }
        }
    }

    private mutating func moved(_ id: Campaign.ID, to new: Campaign.State) {
        guard let old = states[id], old != new else { return }
        states[id] = new
        var kinds: [EventKind] = []
        switch (old, new) {
        case (_, .running) where old.isFinal: kinds.append(.campaignReopened)
        case (.paused, .running), (.paused, .scheduled), (.halted, .running), (.halted, .scheduled):
            kinds.append(.campaignResumed)
        case (_, .paused): kinds.append(.campaignPaused)
        case (_, .halted): kinds.append(.campaignHalted)
        default: break
        }
        if !old.isFinal, new == .running || new == .completed, started.insert(id).inserted {
            kinds.append(.campaignStarted)
        }
        if new == .completed { kinds.append(.campaignCompleted) }
        expected[id, default: []] += kinds
    }

    /// When a cancel or an expiry is over, and a job, the states don't say.
    private static let others: Set<EventKind> = [
        .campaignCanceled, .campaignExpired, .checkFinished, .verifyFinished, .recallFinished,
    ]

    /// What is wrong with what a hook was told of a campaign, in the order in which it was.
    func faults(_ campaign: Campaign, told: [EventKind]) -> [String] {
        let wanted = expected[campaign.id] ?? []
        let found = told.filter { !Self.others.contains($0) }
        var faults: [String] = []
        if found != wanted {
            let names = found.map(\.rawValue)
            faults.append("a hook is told \(names), \(wanted.map(\.rawValue)) happened")
        }
        let ends: [Campaign.State: EventKind] = [
            .canceled: .campaignCanceled, .expired: .campaignExpired,
            .completed: .campaignCompleted,
        ]
        if let end = ends[campaign.state], campaign.finishedAt != nil {
            let last = told.last { ends.values.contains($0) || $0 == .campaignReopened }
            if last != end { faults.append("no hook is told that a campaign is \(campaign.state)") }
        }
        return faults
    }
}

extension Store {
    /// All that a hook is to be told, by campaign, told one after another.
    func tellAll(_ hook: HookKey, now: Now) async throws -> [[UInt8]: [EventKind]] {
        var told: [[UInt8]: [EventKind]] = [:]
        // What waits for the clock, or was stored before it was set back, is due by then.
        let end = Timestamp(milliseconds: .max)
        while true {
            let due = try await due(hook, by: end, limit: 100).events
            if due.isEmpty { return told }
            for event in due { told[event.lane, default: []].append(event.kind) }
            _ = try await record(due.map { .removed(hook, event: $0.id) }, now: now)
        }
    }
}

extension Campaign.ID {
    /// The id as events have it.
    var lane: [UInt8] {
        [high, low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
        }
    }
}
