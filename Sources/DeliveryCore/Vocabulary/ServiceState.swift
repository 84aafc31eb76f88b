/// The state of all sending; of several that hold, the first in this order is shown.
package enum ServiceState: String, Sendable, Hashable, CaseIterable {
    /// The provider refused the credentials or the app.
    case halted
    /// The store can't be written; commits are tried again until one succeeds.
    case storeFailed = "store_failed"
    /// Stopped by an operator; survives a restart.
    case paused
    /// The provider can't be reached: calls back off, and probes look for its return.
    case unreachable
    /// The provider said to slow down.
    case throttled
    case running

    /// What an operator can do about it, in words; nil if nothing needs to be done.
    package var remedy: String? {
        switch self {
        case .halted:
            "mend the credentials or the app's settings that the reason names, then reload the"
                + " configuration or run fanoutd resume --all"
        case .storeFailed:
            "see to the disk that holds the store: free space on it, or mend it; sending then goes"
                + " on by itself"
        case .paused: "fanoutd resume --all"
        case .unreachable:
            "see to the network and to the provider's address (fanoutd doctor); sending then goes on"
                + " by itself"
        case .throttled, .running: nil
        }
    }
}
