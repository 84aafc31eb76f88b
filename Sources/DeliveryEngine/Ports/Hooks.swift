package import DeliveryCore

/// The webhooks as the endpoint and the metrics use them.
package protocol Hooks: Sendable {
    /// Where each stands, in the configuration's order.
    func standing() async throws(QueueError) -> [HookStanding]

    /// Sends a test event at once, which no retry follows; nil if there is no such hook.
    func test(_ id: Int) async -> HookTry?
}

/// A service without webhooks.
package struct NoHooks: Hooks {
    package init() {}

    package func standing() async throws(QueueError) -> [HookStanding] { [] }
    package func test(_ id: Int) async -> HookTry? { nil }
}

/// Where one webhook stands.
package struct HookStanding: Sendable, Hashable {
    /// Its place in the configuration, from 1 on.
    package var id: Int
    /// Without what may be a secret in it.
    package var url: String
    package var kinds: [EventKind]
    /// The events that it is still to be told.
    package var backlog = HookBacklog(count: 0, oldestAt: nil)
    /// The last try of this run; nil before one.
    package var last: HookTry?
    /// When the next try is due; nil if no event waits, or none is sent.
    package var nextAt: Timestamp?
    /// Whether the hook has said that it is gone, so that nothing is sent until a reload.
    package var isStopped = false
    package var figures = HookFigures()

    package init(id: Int, url: String, kinds: [EventKind]) {
        self.id = id
        self.url = url
        self.kinds = kinds
    }
}

/// What a hook's tries came to since the process began.
package struct HookFigures: Sendable, Hashable {
    package var settled = 0
    package var failed = 0
    /// Events given up after three days.
    package var givenUp = 0
    /// Events dropped since the hook had too many.
    package var dropped = 0

    package init() {}
}

/// What came of sending an event to a hook.
package struct HookTry: Sendable, Hashable {
    package let at: Timestamp
    /// The answer's; nil where there was none.
    package let status: Int?
    /// Why it didn't settle the event; nil if it did.
    package let error: String?

    package init(at: Timestamp, status: Int?, error: String?) {
        self.at = at
        self.status = status
        self.error = error
    }
}
