/// How far the row has come that every commit of a leader writes.
///
/// Of several nodes on one queue one leads. Its lease is that row: as long as the mark moves, the
/// leader lives.
package struct LeaseMark: Sendable, Hashable, Comparable {
    /// Grows by one with each takeover.
    package var epoch: Int64
    /// Grows by one with each commit, whoever leads.
    package var beat: Int64

    package init(epoch: Int64, beat: Int64) {
        self.epoch = epoch
        self.beat = beat
    }

    package static func < (lhs: LeaseMark, rhs: LeaseMark) -> Bool {
        (lhs.epoch, lhs.beat) < (rhs.epoch, rhs.beat)
    }
}
