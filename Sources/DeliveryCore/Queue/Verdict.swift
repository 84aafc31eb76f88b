/// What an account that was not accepted comes to.
package enum Verdict: Sendable, Hashable {
    case failed
    /// Not before this time, attempts permitting. If the campaign was canceled or has expired
    /// meanwhile, the recipient takes that status instead.
    case retry(dueAt: Timestamp)
    /// Again from this time on, since others of its call were at fault: spends no attempt.
    case requeued(dueAt: Timestamp)
    /// An earlier call of the same batch may have been accepted, and no later one settles it.
    case unknown
}
