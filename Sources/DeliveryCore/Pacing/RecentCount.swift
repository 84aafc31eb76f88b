/// How many recipients were addressed in the last 60 seconds, by the second, for people to read.
package struct RecentCount: Sendable, Hashable {
    /// Empty until something is counted: thousands of campaigns wait for their first call.
    private var slots: [Int] = []
    private var second: Int64 = .min

    package init() {}

    package mutating func add(_ count: Int, now: Instant) {
        advance(to: now)
        slots[Int(second % 60)] += count
    }

    package mutating func sum(now: Instant) -> Int {
        guard !slots.isEmpty else { return 0 }
        advance(to: now)
        return slots.reduce(0, +)
    }

    private mutating func advance(to now: Instant) {
        let current = now.nanoseconds / 1_000_000_000
        guard current > second else { return }
        if second == .min || current - second >= 60 {
            slots = [Int](repeating: 0, count: 60)
        } else {
            for passed in (second + 1)...current { slots[Int(passed % 60)] = 0 }
        }
        second = current
    }
}
