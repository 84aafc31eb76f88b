/// Knows whether the provider can be reached at all.
///
/// Three calls in a row without a useful answer open it. From then on one small probe goes at a
/// time, with a growing rest between them, until one is answered.
package enum Circuit: Sendable, Hashable {
    case closed(failures: Int)
    /// Nothing goes out before `until`; `rest` is how long that rest is.
    case open(until: Instant, rest: Duration)
    case probing(rest: Duration)

    private static let failureLimit = 3
    private static let firstRest: Duration = .seconds(1)
    private static let restLimit: Duration = .seconds(60)

    package enum Event: Sendable, Hashable {
        /// An answer came that shows the service at work.
        case succeeded
        /// A call got no useful answer.
        case failed
        /// A probe is sent.
        case probed
        /// Calls go elsewhere from now on, or in another name.
        case moved
    }

    package func next(after event: Event, now: Instant) -> Circuit {
        switch (self, event) {
        case (.closed, .succeeded), (.open, .succeeded), (.probing, .succeeded):
            .closed(failures: 0)
        case (.closed(let failures), .failed) where failures + 1 < Self.failureLimit:
            .closed(failures: failures + 1)
        case (.closed, .failed):
            .open(until: now.advanced(by: Self.firstRest), rest: Self.firstRest)
        case (.probing(let rest), .failed):
            Self.opened(after: rest, now: now)
        case (.open(_, let rest), .probed):
            .probing(rest: rest)
        case (.closed, .moved):
            .closed(failures: 0)
        case (.open, .moved):
            // What was learnt of the old place says nothing of the new one.
            .open(until: now, rest: Self.firstRest)
        case (.probing, .moved):
            .probing(rest: Self.firstRest)
        case (.open, .failed), (.closed, .probed), (.probing, .probed):
            // A call that went out before the circuit opened: its news is late.
            self
        }
    }

    package var isClosed: Bool {
        if case .closed = self { true } else { false }
    }

    private static func opened(after rest: Duration, now: Instant) -> Circuit {
        let longer = min(restLimit, rest * 2)
        return .open(until: now.advanced(by: longer), rest: longer)
    }
}
