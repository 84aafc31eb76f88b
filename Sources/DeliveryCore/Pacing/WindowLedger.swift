/// Counts recipients from just before their call goes out until a minute after its answer.
///
/// This is what keeps the quota in any 60 seconds of the provider's clock. Of the calls that the
/// provider counted in some minute, take the one sent last: each other one was counted in that
/// minute, so it was answered in it or later, and is held for a minute from there on. So all of them
/// were held when the last one was sent, and together they fitted the limit. The price is the time
/// that answers take: 60/(60 + RTT) of the quota can be used.
package struct WindowLedger: Sendable, Hashable {
    /// The most that may be held at once.
    package var limit: Int
    /// What is held now.
    package private(set) var held = 0
    /// Releases, soonest first from `first` on.
    private var releases: [Release] = []
    private var first = 0

    private struct Release: Sendable, Hashable {
        let at: Instant
        let count: Int
    }

    package init(limit: Int) {
        self.limit = limit
    }

    /// How many more may be held; negative after the limit was lowered.
    package var room: Int { limit - held }

    /// Holds a call's recipients while the call is out.
    package mutating func hold(_ count: Int) {
        held += count
    }

    /// Lets recipients go that were held for a call that was never made.
    package mutating func cancel(_ count: Int) {
        held -= count
        precondition(held >= 0, "the ledger let go more than it held")
    }

    /// A call has ended: its recipients are let go at this instant.
    package mutating func release(_ count: Int, at instant: Instant) {
        guard count > 0 else { return }
        // Calls end nearly in the order of their releases, so this looks at few entries.
        var index = releases.count
        while index > first, releases[index - 1].at > instant { index -= 1 }
        releases.insert(Release(at: instant, count: count), at: index)
    }

    /// Lets go what is due.
    package mutating func advance(to now: Instant) {
        while first < releases.count, releases[first].at <= now {
            held -= releases[first].count
            first += 1
        }
        // Dropping the spent front only when it is half of the array keeps this linear in all.
        if first > 64, first * 2 > releases.count {
            releases.removeFirst(first)
            first = 0
        }
    }

    /// When recipients are let go next, as far as it is known.
    package var nextRelease: Instant? { first < releases.count ? releases[first].at : nil }

    /// How many are let go in each of so many steps from now on, all later ones in the last.
    func releases(per step: Duration, count: Int, now: Instant) -> [Int] {
        var counts = [Int](repeating: 0, count: count)
        for release in releases[first...] {
            let distance = max(.zero, now.duration(to: release.at))
            counts[min(count - 1, Int(distance / step))] += release.count
        }
        return counts
    }

    /// When there will be room for so many, as far as it is known; nil if an answer must come first.
    package func available(_ count: Int, now: Instant) -> Instant? {
        var missing = held + count - limit
        guard missing > 0 else { return now }
        for release in releases[first...] {
            missing -= release.count
            if missing <= 0 { return max(now, release.at) }
        }
        return nil
    }

    /// A new batch takes what room is left only from so many recipients on: smaller calls would use
    /// up the calls' own rate.
    private static let leastPart = 50

    /// How many of so many recipients fit beside the part of the window that is kept for others:
    /// all or none of a claimed batch (`isFixed`).
    package func fit(_ count: Int, isFixed: Bool, keeping kept: Int = 0, now: Instant) -> Fit {
        let room = self.room - kept
        if count <= room { return .fits(count) }
        // A limit was lowered since this batch was claimed: it goes alone.
        if isFixed, count > limit - kept, held == 0 { return .fits(count) }
        let least = min(isFixed ? count : min(count, Self.leastPart), limit - kept)
        if !isFixed, room >= least { return .fits(room) }
        return .waits(until: available(least + kept, now: now))
    }
}
