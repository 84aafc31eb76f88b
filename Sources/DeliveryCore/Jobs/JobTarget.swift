/// A recipient that a job is to make a call for.
package struct JobTarget: Sendable, Hashable {
    package let account: Account
    package let content: Content
    /// Calls of the job for it that failed so far.
    package let failures: Int

    package init(account: Account, content: Content, failures: Int = 0) {
        self.account = account
        self.content = content
        self.failures = failures
    }

    /// What a call about the recipient needs to know.
    package enum Content: Sendable, Hashable {
        /// For a check: nothing.
        case account
        /// For a look-up: every call of unknown outcome that addressed the recipient, and the
        /// attempts it has spent.
        case calls([UnknownCall], attempts: Int)
        /// For a recall: the accepted call's key, and in whose name it went out; nil where the
        /// answer had no key, or the name wasn't recorded. `acceptedAt` is when it was recorded.
        case message(key: String?, sender: [UInt8]?, acceptedAt: Timestamp)
    }
}
