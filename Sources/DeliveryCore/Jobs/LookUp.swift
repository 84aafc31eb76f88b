/// A question to the provider's history: whether the recipient's own view shows one of these calls.
package struct LookUp: Sendable, Hashable {
    package let account: Account
    /// The message that was sent, which may name its sender.
    package let message: CheckedMessage
    /// Calls of unknown outcome that addressed the account, at least one, all in the name of one
    /// `sender`.
    package let calls: [UnknownCall]
    /// Where this page begins; nil for the first.
    package let position: HistoryPosition?

    package init(
        account: Account,
        message: CheckedMessage,
        calls: [UnknownCall],
        position: HistoryPosition? = nil
    ) {
        precondition(!calls.isEmpty, "a look-up looks for no call")
        self.account = account
        self.message = message
        self.calls = calls
        self.position = position
    }
}

package typealias LookUpOutcome = JobOutcome<HistoryPage>
