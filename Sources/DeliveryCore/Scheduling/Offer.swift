/// What a campaign would send next; once its claim is planned, what that has reserved.
package struct Offer: Sendable, Hashable {
    package let flow: FairShares.Flow
    package let content: Content
    /// The most recipients it would address; for an open batch exactly that many.
    package var count: Int
    /// Whether it is all that its campaign has left, and so little that it may use the part of the
    /// window that is kept for notices.
    package let isNotice: Bool
    /// Whether it is to show in an outage that calls get through again.
    package var isTrial = false

    package enum Content: Sendable, Hashable {
        case open(OpenBatch)
        case dueRetries
        case fresh
    }

    /// The batch that is claimed already, so that the offer can't be cut.
    package var batch: OpenBatch? {
        if case .open(let batch) = content { batch } else { nil }
    }
}
