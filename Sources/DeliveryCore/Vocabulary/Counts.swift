/// A campaign's recipients by status; the counters add up to `total`.
package struct Counts: Sendable, Hashable {
    package var queued = 0
    package var sending = 0
    package var retrying = 0
    package var sent = 0
    package var failed = 0
    package var unknown = 0
    package var canceled = 0
    package var expired = 0
    package var suppressed = 0

    package init() {}

    package var total: Int {
        queued + sending + retrying + sent + failed + unknown + canceled + expired + suppressed
    }

    /// Recipients that have no final status yet.
    package var unfinished: Int { queued + sending + retrying }

    /// Whether a recipient is left that has no final status.
    package var hasWork: Bool { unfinished > 0 }
}

extension Counts {
    /// The counter of a status.
    package subscript(status: Recipient.Status) -> Int {
        get {
            switch status {
            case .queued: queued
            case .sending: sending
            case .retrying: retrying
            case .sent: sent
            case .failed: failed
            case .unknown: unknown
            case .canceled: canceled
            case .expired: expired
            case .suppressed: suppressed
            }
        }
        set {
            switch status {
            case .queued: queued = newValue
            case .sending: sending = newValue
            case .retrying: retrying = newValue
            case .sent: sent = newValue
            case .failed: failed = newValue
            case .unknown: unknown = newValue
            case .canceled: canceled = newValue
            case .expired: expired = newValue
            case .suppressed: suppressed = newValue
            }
        }
    }
}
