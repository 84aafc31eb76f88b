package import DeliveryCore

/// What a limit was when, to hold what arrived against it.
package struct LimitHistory: Sendable {
    private var changes: [(at: Instant, limit: Int)]

    package init(_ limit: Int, at instant: Instant) {
        changes = [(instant, limit)]
    }

    package mutating func set(_ limit: Int, at instant: Instant) {
        if changes.last?.limit != limit { changes.append((instant, limit)) }
    }

    /// The limit that is in force.
    var current: Int { changes.last?.limit ?? .max }

    /// The largest limit that was in force at some time of a stretch.
    package func most(from start: Instant, to end: Instant) -> Int {
        var most = 0
        for (index, change) in changes.enumerated() where change.at <= end {
            let isOver = index + 1 < changes.count && changes[index + 1].at < start
            if !isOver { most = max(most, change.limit) }
        }
        return most
    }

    /// Looks for a window of 60 seconds that holds more than any limit that it was under; answers
    /// it in words.
    ///
    /// A call may go out under a limit and arrive when that was lowered: so what counts is in force
    /// from `travel` before the window's first call to its last. With `sparesSingles` one call may
    /// be larger if it is alone in its minute: a batch that is claimed can't be cut any more.
    package func excess(
        of arrivals: [ProviderModel.Arrival],
        travel: Duration,
        sparesSingles: Bool
    ) -> String? {
        var first = 0
        var sum = 0
        for (index, arrival) in arrivals.enumerated() {
            sum += arrival.count
            while arrivals[first].at.duration(to: arrival.at) >= .seconds(60) {
                sum -= arrivals[first].count
                first += 1
            }
            if sparesSingles, first == index { continue }
            let start = Instant(
                nanoseconds: arrivals[first].at.nanoseconds - travel.nanoseconds
            )
            let limit = most(from: start, to: arrival.at)
            guard sum <= limit else {
                let seconds = World.start.duration(to: arrival.at).inSeconds
                return "\(sum) arrived in the minute before \(seconds) s, \(limit) were allowed"
            }
        }
        return nil
    }
}
