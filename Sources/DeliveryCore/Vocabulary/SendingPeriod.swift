/// A stretch of time in which sending hours are open throughout, or closed throughout.
package struct SendingPeriod: Sendable, Hashable {
    package var isOpen: Bool
    /// When it began; nil if that isn't known, or there was no other one before it.
    package var start: Timestamp?
    /// When it ends, which is in it no more; nil if it never does.
    package var end: Timestamp?

    package init(isOpen: Bool, start: Timestamp? = nil, end: Timestamp? = nil) {
        self.isOpen = isOpen
        self.start = start
        self.end = end
    }

    package func contains(_ time: Timestamp) -> Bool {
        if let start, time < start { return false }
        return end.map { time < $0 } ?? true
    }
}
