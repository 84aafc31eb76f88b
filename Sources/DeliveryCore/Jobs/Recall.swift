/// One recipient's message, to be taken back.
package struct Recall: Sendable, Hashable {
    package let account: Account
    /// The message that was sent, which may name its sender.
    package let message: CheckedMessage
    /// In whose name a message went out that names no sender; nil where that wasn't recorded.
    package let sender: [UInt8]?
    /// The accepted call's key.
    package let messageKey: String

    package init(account: Account, message: CheckedMessage, sender: [UInt8]?, messageKey: String) {
        self.account = account
        self.message = message
        self.sender = sender
        self.messageKey = messageKey
    }
}

package typealias RecallOutcome = JobOutcome<RecallAnswer>

/// What the provider says of a message that is to be taken back.
package enum RecallAnswer: Sendable, Hashable {
    /// It is taken back, now or by an earlier call.
    case recalled(code: Int)
    /// There is no such message: it never arrived, or is gone.
    case missing(code: Int)
}
