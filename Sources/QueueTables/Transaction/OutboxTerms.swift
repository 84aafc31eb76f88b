import DeliveryCore
import DeliveryEngine

/// Who is told of which events, and how an event is written.
struct OutboxTerms: Sendable {
    let subscriptions: [Subscription]
    let backlogLimit: Int
    let render: @Sendable (HookEvent) -> [UInt8]

    func hooks(wanting kind: EventKind) -> [HookKey] {
        subscriptions.filter { $0.kinds.contains(kind) }.map(\.hook)
    }
}

extension CampaignRow {
    /// The events that lead from an earlier state of the campaign to this one, in their order.
    ///
    /// A canceled or expired campaign is over with its last call: until then its recipients aren't
    /// final, whatever its state says.
    func events(since old: CampaignRow) -> [EventKind] {
        var kinds: [EventKind] = []
        switch (old.state, state) {
        case (.completed, .running), (.canceled, .running), (.expired, .running):
            kinds.append(.campaignReopened)
        case (.paused, .running), (.paused, .scheduled), (.halted, .running), (.halted, .scheduled):
            kinds.append(.campaignResumed)
        case (_, .paused) where old.state != .paused: kinds.append(.campaignPaused)
        case (_, .halted) where old.state != .halted: kinds.append(.campaignHalted)
        default: break
        }
        if old.startedAt == nil, startedAt != nil { kinds.append(.campaignStarted) }
        if old.finishedAt == nil, let end { kinds.append(end) }
        return kinds
    }

    /// The events of a campaign that has just been made.
    var firstEvents: [EventKind] {
        (startedAt == nil ? [] : [.campaignStarted]) + (end.map { [$0] } ?? [])
    }

    /// How the campaign has ended; nil while it hasn't.
    private var end: EventKind? {
        guard finishedAt != nil else { return nil }
        return switch state {
        case .completed: .campaignCompleted
        case .canceled: .campaignCanceled
        case .expired: .campaignExpired
        case .draft, .scheduled, .running, .paused, .halted: nil
        }
    }
}
