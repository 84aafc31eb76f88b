/// What keeps every call from going out, whatever is to be sent.
enum Obstacle: Sendable, Hashable {
    /// The queue hasn't been read yet.
    case restoring
    case stopping
    /// The provider refused the credentials or the app.
    case halted(Campaign.Reason)
    /// The credentials have expired and are being renewed.
    case renewing
    case storeFailed(CommitQueue.Fault)
    /// An operator stopped all sending.
    case paused
    /// The provider asked for a wait.
    case throttled(until: Instant)

    /// When planning has to look again by itself: all others end with an event.
    var wakesAt: Instant? {
        if case .throttled(let until) = self { until } else { nil }
    }
}
