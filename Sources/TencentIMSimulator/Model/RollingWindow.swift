import DeliveryCore

/// The recipients received in a span of time that ends now, and the most there ever were.
///
/// Every call is an entry with its own time, so that the busiest span is exact and not one of some
/// grid. The span is half open: of two calls exactly one span apart only the later one counts.
struct RollingWindow: Sendable {
    private let span: Duration
    private var entries: [(at: Instant, count: Int)] = []
    /// Entries before this index have left; they are cut off in bulk.
    private var head = 0
    private(set) var sum = 0
    private(set) var busiest = 0

    init(span: Duration) {
        self.span = span
    }

    mutating func add(_ count: Int, at now: Instant) {
        leave(before: now)
        entries.append((now, count))
        sum += count
        busiest = max(busiest, sum)
    }

    private mutating func leave(before now: Instant) {
        while head < entries.count, entries[head].at.advanced(by: span) <= now {
            sum -= entries[head].count
            head += 1
        }
        if head > 1_024, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }
}
