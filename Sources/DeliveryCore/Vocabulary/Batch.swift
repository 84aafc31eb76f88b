/// The accounts of one call, with the numbers that make a repeat the same call.
package struct Batch: Sendable, Hashable {
    package let id: ID
    package let campaign: Campaign.ID
    package let message: CheckedMessage
    package let accounts: AccountRun
    /// The attempts that each account spent before this batch; empty if none had any.
    package let earlierAttempts: [Int]
    /// Accounts for which an earlier call, of another batch, may have been accepted.
    package let maybeAcceptedBefore: Set<Account>
    /// Calls of this very batch that spent an attempt.
    package let attempts: Int
    /// Whether an earlier call of this batch may have been accepted.
    package let maybeAccepted: Bool
    /// Whether it is half of a batch refused as a whole for its recipients.
    package let isHalf: Bool
    package let numbers: CallNumbers
    /// In whose name the call goes out if its message names no sender, as it is recorded for a later
    /// look-up or recall; nil where nobody is.
    package let sender: [UInt8]?

    package struct ID: Hashable, Comparable, Sendable {
        package let rawValue: Int64

        package init(rawValue: Int64) {
            self.rawValue = rawValue
        }

        package static func < (lhs: ID, rhs: ID) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    package init(
        id: ID,
        campaign: Campaign.ID,
        message: CheckedMessage,
        accounts: AccountRun,
        earlierAttempts: [Int] = [],
        maybeAcceptedBefore: Set<Account> = [],
        attempts: Int = 0,
        maybeAccepted: Bool = false,
        isHalf: Bool = false,
        numbers: CallNumbers,
        sender: [UInt8]? = nil
    ) {
        self.id = id
        self.campaign = campaign
        self.message = message
        self.accounts = accounts
        self.earlierAttempts = earlierAttempts
        self.maybeAcceptedBefore = maybeAcceptedBefore
        self.attempts = attempts
        self.maybeAccepted = maybeAccepted
        self.isHalf = isHalf
        self.numbers = numbers
        self.sender = sender
    }

    /// The attempts an account has spent before the call that is next or in flight.
    package func spentAttempts(at index: Int) -> Int {
        attempts + (earlierAttempts.isEmpty ? 0 : earlierAttempts[index])
    }
}
