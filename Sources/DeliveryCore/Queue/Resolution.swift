/// The end of a batch's call, as it is recorded.
///
/// If its campaign is canceled or has expired by then, nothing stays open: `held` and `split`
/// accounts take the campaign's status, or `unknown` if an earlier call may have been accepted, and
/// `repeated` ones end as `unknown`; what is to be looked up still is.
package enum Resolution: Sendable, Hashable {
    /// Every account has its verdict: the listed ones theirs, all others are sent. Closes the batch
    /// and spends an attempt.
    case settled(messageKey: String?, verdicts: [AccountVerdict])
    /// The outcome stays unknown: every account ends `unknown`. Closes the batch and spends an
    /// attempt.
    case unknown(info: String, code: Int?)
    /// Maybe accepted: closes the batch and spends an attempt; every account is `retrying` until it is
    /// looked up in the provider's history, from this time on.
    case lookedUp(from: Timestamp, info: String, code: Int?)
    /// Certainly not accepted by this call: stays open with its accounts `queued`, or, if an earlier
    /// call may have been accepted, `retrying`. Spends no attempt.
    case held(dueAt: Timestamp)
    /// Maybe accepted: stays open to be sent again unchanged, with its accounts `retrying`. Spends
    /// an attempt.
    case repeated(dueAt: Timestamp, info: String, code: Int?)
    /// Becomes two held batches, or repeats, with new numbers, each of half the accounts. Spends no
    /// attempt.
    case split(SplitCause)

    /// Why a batch is halved.
    package enum SplitCause: Sendable, Hashable {
        /// The provider takes no call so large: the halves' size is the campaign's limit from then
        /// on.
        case tooLarge
        /// It was refused as a whole for its recipients: the halves are `isHalf`.
        case refused
        /// A limit was lowered, or a trial is to address fewer: nothing was learnt about sizes.
        case limits
    }

    /// The verdict on one account of an answer.
    package struct AccountVerdict: Sendable, Hashable {
        package let account: Account
        package let verdict: Verdict
        package let code: Int

        package init(account: Account, verdict: Verdict, code: Int) {
            self.account = account
            self.verdict = verdict
            self.code = code
        }
    }
}
