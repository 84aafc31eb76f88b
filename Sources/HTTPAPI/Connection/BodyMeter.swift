import NIOCore

/// What has come of a request's body that hasn't ended, and how fast.
///
/// Only the time in which the endpoint itself waited for bytes counts, so that a slow store never
/// looks like a slow client.
struct BodyMeter {
    /// What the client announced; nil if it comes in chunks.
    let length: Int?
    /// Whether the client waits to be told to go on.
    var isContinueOwed: Bool
    private(set) var received = 0
    /// What of it came, and how long was waited for it, since the rate was last looked at.
    private var recent = (received: 0, waited: TimeAmount.zero)

    init(length: Int?, isContinueOwed: Bool) {
        self.length = length
        self.isContinueOwed = isContinueOwed
    }

    /// What is still to come; as much as there can be where nothing was announced.
    var rest: Int { length.map { $0 - received } ?? .max }

    enum Pace {
        /// The window hasn't passed, so that nothing can be told.
        case early
        case steady
        case slow
    }

    mutating func take(_ count: Int) {
        received += count
        recent.received += count
    }

    mutating func wait(_ time: TimeAmount) {
        recent.waited = recent.waited + time
    }

    /// Looks at the rate, the present wait included, and begins anew at a window's end.
    mutating func look(pending: TimeAmount, _ limits: RequestLimits) -> Pace {
        // A client that hasn't been told to go on isn't slow: it wasn't asked for anything.
        let waited = isContinueOwed ? .zero : recent.waited + pending
        guard waited >= limits.rateWindow else { return .early }
        let seconds = Double(waited.nanoseconds) / 1e9
        let isSlow = Double(recent.received) < Double(limits.bodyRate) * seconds
        recent = (0, .zero)
        return isSlow ? .slow : .steady
    }

    /// The client is told to go on: what it takes from there on counts.
    mutating func sayContinue() {
        isContinueOwed = false
        recent.waited = .zero
    }
}
