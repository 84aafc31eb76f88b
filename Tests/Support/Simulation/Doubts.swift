import DeliveryCore

/// When somebody asks next why a campaign doesn't move, and what the last answer promised.
///
/// Campaigns are asked about in the pauses between events: what is said may cost nothing and change
/// nothing, so a life is the same whether or not anybody asks.
struct Doubts: Sendable {
    private var campaigns: [(id: Campaign.ID, doubt: Doubt)] = []

    struct Doubt: Sendable {
        var asksAt: Instant
        /// When a call of it went out last, or the process was able to make one at the earliest.
        var movedAt: Instant
        var promise: Promise?
        /// Whether nothing was in its way when it was asked about last.
        var isUnexplained = false
    }

    /// By this instant there is a call, or something else is said.
    struct Promise: Sendable {
        let cause: Explanation.Cause
        let by: Instant
    }

    /// A pause in which no call goes out is one to wonder about after so long.
    static let patience: Duration = .seconds(2)
    /// What may pass between the end of a cause and the call: the commit of its claim.
    static let slack: Duration = .milliseconds(100)

    mutating func add(_ id: Campaign.ID, at now: Instant) {
        let asksAt = now.advanced(by: Self.patience)
        campaigns.append((id, Doubt(asksAt: asksAt, movedAt: now)))
    }

    subscript(id: Campaign.ID) -> Doubt? {
        get { campaigns.first { $0.id == id }?.doubt }
        set {
            guard let index = campaigns.firstIndex(where: { $0.id == id }) else { return }
            if let newValue {
                campaigns[index].doubt = newValue
            } else {
                campaigns.remove(at: index)
            }
        }
    }

    /// The campaign that is asked about next, if that is before an instant.
    func next(before instant: Instant) -> (id: Campaign.ID, at: Instant)? {
        let next = campaigns.min { $0.doubt.asksAt < $1.doubt.asksAt }
        return next.flatMap { $0.doubt.asksAt < instant ? ($0.id, $0.doubt.asksAt) : nil }
    }

    /// A call of a campaign goes out.
    mutating func moved(_ id: Campaign.ID, at now: Instant) {
        self[id]?.movedAt = now
        self[id]?.promise = nil
        self[id]?.isUnexplained = false
    }

    /// Something happened that nobody could foresee: what was promised doesn't hold any more.
    mutating func forget() {
        for index in campaigns.indices { campaigns[index].doubt.promise = nil }
    }

    /// The process has started: no call can have gone out before.
    mutating func started(at now: Instant) {
        forget()
        for index in campaigns.indices {
            campaigns[index].doubt.movedAt = now
            campaigns[index].doubt.isUnexplained = false
        }
    }
}

extension Dispatcher.Event {
    /// Whether it changes what is sent in a way that nobody could tell before.
    var isUnforeseen: Bool {
        switch self {
        case .admitted, .requested, .pauseRequested, .reconfigured, .drain: true
        case .restored, .asked, .committed, .commitFailed, .storeFailed, .answered, .checked,
            .jobAnswered, .credentialsRenewed, .woke:
            false
        }
    }
}
