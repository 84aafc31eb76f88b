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

extension UnknownCall {
    /// The call with a span of time that holds it even if the clock was off by so much.
    func widened(by slack: Duration) -> UnknownCall {
        UnknownCall(
            numbers: numbers,
            sender: sender,
            sentAt: sentAt.advanced(by: .zero - slack),
            endedAt: endedAt.advanced(by: slack)
        )
    }
}
