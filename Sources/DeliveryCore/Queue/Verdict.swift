/// The verdict on an account that was not accepted.
package enum Verdict: Sendable, Hashable {
    case failed
    /// Due again at this time, if attempts are left. If the campaign was canceled or has expired
    /// meanwhile, the recipient takes that status instead.
    case retry(dueAt: Timestamp)
    /// Due again at this time without spending an attempt: other recipients caused the refusal.
    case requeued(dueAt: Timestamp)
    /// An earlier call of the same batch may have been accepted, and no later call settled it.
    case unknown
}
