/// How much one commit holds at most.
///
/// While it is made, every call waits that would be claimed or recorded by the next one; so what is
/// more goes into the next. Claims and records need no limit of their own: there are never more of
/// them than twice the calls that may be out, of 500 accounts each.
package enum CommitSize {
    /// Changes that operators ask for, and as many that fall due by the clock, such as ten thousand
    /// campaigns that start at nine.
    ///
    /// Each is a handful of statements, some 0.1 ms.
    package static let changes = 100
    /// Rows that the mass operations of a commit look at, all together: steps of retries, of what a
    /// cancel or an expiry ends, and of sweeps.
    ///
    /// Some 10 ms where each of them is changed.
    package static let rows = 5_000
    /// Rows of one slice of a stream, a transaction of its own: some 20 ms.
    package static let slice = 25_000
}
