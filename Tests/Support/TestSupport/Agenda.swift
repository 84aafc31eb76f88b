package import DeliveryCore

/// Future steps, earliest first; steps at the same instant keep the order they were added in.
package struct Agenda<Step: Sendable>: Sendable {
    private struct Entry: Sendable {
        let at: Instant
        let order: Int
        let step: Step
    }

    private var heap: [Entry] = []
    private var added = 0

    package init() {}

    package mutating func add(_ step: Step, at instant: Instant) {
        added += 1
        heap.append(Entry(at: instant, order: added, step: step))
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The earliest step, which leaves the agenda; nil if there is none.
    package mutating func next() -> (at: Instant, step: Step)? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while let least = leastChild(of: parent), precedes(least, parent) {
            heap.swapAt(parent, least)
            parent = least
        }
        return (first.at, first.step)
    }

    private func leastChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        let right = left + 1
        return right < heap.count && precedes(right, left) ? right : left
    }

    private func precedes(_ lhs: Int, _ rhs: Int) -> Bool {
        let (left, right) = (heap[lhs], heap[rhs])
        return left.at == right.at ? left.order < right.order : left.at < right.at
    }
}
