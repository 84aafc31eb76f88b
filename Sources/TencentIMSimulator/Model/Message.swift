/// What a history shows of a call, beside its numbers and its time.
package struct Message: Sendable, Hashable {
    package let sender: [UInt8]
    /// `MsgBody` as it was sent.
    package let body: [UInt8]
    package let customData: [UInt8]
    /// Whether the sender's own view has it too.
    package let isSynced: Bool

    package init(
        sender: [UInt8],
        body: [UInt8],
        customData: [UInt8] = [],
        isSynced: Bool = true
    ) {
        self.sender = sender
        self.body = body
        self.customData = customData
        self.isSynced = isSynced
    }
}
