/// What a job's calls for one recipient came to, as it is recorded.
package struct JobResult: Sendable, Hashable {
    package let account: Account
    package let verdict: Verdict

    package init(account: Account, verdict: Verdict) {
        self.account = account
        self.verdict = verdict
    }

    package enum Verdict: Sendable, Hashable {
        /// Not settled: the job makes another call from this time on. `isFailure` says that the last
        /// one failed.
        case deferred(until: Timestamp, isFailure: Bool)
        /// Nobody can know; the text, if there is one, says why.
        case unclear(String?)

        // MARK: Of a check

        case present
        /// The account doesn't exist: it fails with the provider's code for that, and is never
        /// addressed.
        case missing

        // MARK: Of a look-up

        /// The recipient is `sent`, by this call.
        case found(FoundCall)
        /// The history shows none of the calls. For a recipient that the policy `verify` asks about:
        /// it waits for another attempt from this time on, or with nil, or if its campaign was
        /// canceled or has expired, it ends `unknown`. Otherwise it stays `unknown`.
        case absent(dueAt: Timestamp?)
        /// The provider doesn't know the account: it failed, with this code.
        case refused(code: Int)

        // MARK: Of a recall

        case recalled(code: Int)
        /// There is no such message.
        case gone(code: Int)
        /// The provider won't take it back; nil where no code says why.
        case kept(code: Int?)
    }
}
