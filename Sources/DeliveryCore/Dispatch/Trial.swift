/// An offer that may show in an outage whether calls get through again.
struct Trial: Sendable {
    let rank: Rank
    let offer: Offer

    /// How much a trial tells at which cost, the best first.
    enum Rank: Int, Sendable, Comparable {
        /// A batch of one recipient that waits: it puts no other recipient in doubt.
        case single
        /// Recipients never addressed tell more than those whose attempts failed.
        case fresh
        case retry
        /// A batch that waits and has to be halved first.
        case large
        /// A batch that was refused in a trial already: it tells less than any other.
        case refused

        static func < (lhs: Rank, rhs: Rank) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    /// The order among trials: those refused before last, then by the turns that their campaigns
    /// have had, then by rank and size.
    func order(turns: Int) -> (Int, Int, Int, Int) {
        (rank == .refused ? 1 : 0, turns, rank.rawValue, offer.count)
    }
}
