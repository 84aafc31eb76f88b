/// A call of a job, or of the verification that a campaign's policy asks for.
package enum JobCall: Sendable, Hashable {
    /// Which of these accounts exist?
    case check([Account])
    case lookUp(LookUp)
    case recall(Recall)

    /// The kind of job that makes such calls; look-ups are also made without one.
    package var kind: Job.Kind {
        switch self {
        case .check: .check
        case .lookUp: .verify
        case .recall: .recall
        }
    }

    /// Names a call that is out.
    package struct ID: Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) {
            self.rawValue = rawValue
        }
    }
}

/// What became of a job's call.
package enum JobAnswer: Sendable, Hashable {
    case check(CheckOutcome)
    case lookUp(LookUpOutcome)
    case recall(RecallOutcome)
}

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

/// A call of unknown outcome, as the history would show it.
package struct UnknownCall: Sendable, Hashable {
    package let numbers: CallNumbers
    /// In whose name a message went out that names no sender; nil where that wasn't recorded.
    package let sender: [UInt8]?
    /// When the first call with these numbers was claimed.
    package let sentAt: Timestamp
    /// When the last call with these numbers was seen to have ended.
    package let endedAt: Timestamp

    package init(
        numbers: CallNumbers,
        sender: [UInt8]?,
        sentAt: Timestamp,
        endedAt: Timestamp
    ) {
        self.numbers = numbers
        self.sender = sender
        self.sentAt = sentAt
        self.endedAt = endedAt
    }
}

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
