/// How many of the recipients of an offer may be addressed now.
package enum Fit: Sendable, Hashable {
    case fits(Int)
    /// Too few may; there will be room at an instant, as far as it is known.
    case waits(until: Instant?)

    var isEnough: Bool {
        if case .fits = self { true } else { false }
    }
}
