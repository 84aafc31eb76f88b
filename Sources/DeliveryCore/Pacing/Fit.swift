/// How many of the recipients of an offer may be addressed now.
package enum Fit: Sendable, Hashable {
    case fits(Int)
    /// Too few fit; the window or the pace has room at this instant; nil if that isn't known.
    case waits(until: Instant?)

    var isEnough: Bool {
        if case .fits = self { true } else { false }
    }
}
