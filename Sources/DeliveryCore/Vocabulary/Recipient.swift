/// One account of a campaign with its status.
package struct Recipient: Sendable, Hashable {
    package var account: Account
    package var status: Status
    /// The provider's last code for it: nil before any answer, 0 when sent.
    package var code: Int?
    /// The reason for a status that no code explains, such as `timeout` or `HTTP 502`.
    package var info: String?
    /// Calls that addressed it and spent an attempt.
    package var attempts: Int
    /// The key of the call that was accepted.
    package var messageKey: String?
    package var updatedAt: Timestamp
    package var nextAttemptAt: Timestamp?
    /// What a recall of its message came to; nil if none concerns it.
    package var recall: Recall?
    /// The provider's last code for that recall; nil before any answer.
    package var recallCode: Int?

    package init(
        account: Account,
        status: Status,
        code: Int? = nil,
        info: String? = nil,
        attempts: Int = 0,
        messageKey: String? = nil,
        updatedAt: Timestamp,
        nextAttemptAt: Timestamp? = nil,
        recall: Recall? = nil,
        recallCode: Int? = nil
    ) {
        self.account = account
        self.status = status
        self.code = code
        self.info = info
        self.attempts = attempts
        self.messageKey = messageKey
        self.updatedAt = updatedAt
        self.nextAttemptAt = nextAttemptAt
        self.recall = recall
        self.recallCode = recallCode
    }

    /// What became of a message that is taken back from the recipient.
    package enum Recall: String, Sendable, Hashable, CaseIterable {
        case queued
        case recalled
        /// The provider has no such message.
        case missing
        /// The provider won't take it back.
        case failed
    }

    package enum Status: String, Sendable, Hashable, CaseIterable {
        case queued
        case sending
        case retrying
        case sent
        case failed
        case unknown
        case canceled
        case expired
        /// On the list of accounts that must not be addressed when its turn came.
        case suppressed
    }
}
