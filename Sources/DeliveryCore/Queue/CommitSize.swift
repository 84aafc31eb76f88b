/// How much one commit holds at most.
///
/// Claims and records that become ready during a commit wait for the next one, so a commit has a
/// largest size and the rest goes into the next. Claims and records need no limit of their own:
/// there are never more of them than twice the calls in flight, of 500 accounts each.
package enum CommitSize {
    /// Operators' changes in one commit, and as many again that fall due by the clock, such as ten
    /// thousand campaigns that start at nine.
    ///
    /// Each is a handful of statements, some 0.1 ms.
    package static let changes = 100
    /// Rows that all mass operations of one commit look at together: steps of retries, of closing
    /// canceled and expired campaigns, and of sweeps.
    ///
    /// Some 10 ms if each of them is changed.
    package static let rows = 5_000
    /// Rows of the first slice of a stream, a transaction of its own; the next ones take
    /// `sliceTime`.
    package static let slice = 25_000
    /// Rows of the shortest and the longest slice.
    package static let slices = 2_500...60_000
    /// How long the rows of a slice should take: a commit of the sending loop waits for one.
    package static let sliceTime = Duration.milliseconds(15)

    /// The rows of a slice that takes its time, after one of so many rows took so long.
    ///
    /// Twice as many as that at most: it may have been lucky.
    package static func slice(after rows: Int, took time: Duration) -> Int {
        guard rows > 0 else { return slice }
        let fitting = Double(rows) * (sliceTime / max(time, .microseconds(1)))
        let next = Int(min(fitting, Double(2 * rows)))
        return min(max(next, slices.lowerBound), slices.upperBound)
    }
}
