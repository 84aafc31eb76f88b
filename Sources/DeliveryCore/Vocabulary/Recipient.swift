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

    package init(
        account: Account,
        status: Status,
        code: Int? = nil,
        info: String? = nil,
        attempts: Int = 0,
        messageKey: String? = nil,
        updatedAt: Timestamp,
        nextAttemptAt: Timestamp? = nil
    ) {
        self.account = account
        self.status = status
        self.code = code
        self.info = info
        self.attempts = attempts
        self.messageKey = messageKey
        self.updatedAt = updatedAt
        self.nextAttemptAt = nextAttemptAt
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
    }
}
