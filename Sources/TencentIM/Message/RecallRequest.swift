package import DeliveryCore
import JSON

/// One call's request to take a message back from one recipient.
package struct RecallRequest: Sendable, Hashable {
    /// The sender that was displayed.
    private let sender: [UInt8]
    private let recipient: [UInt8]
    private let messageKey: String

    /// `administrator` is the sender where neither the message nor the recall names one.
    package init(_ recall: Recall, administrator: String) {
        sender = recall.message.sender ?? recall.sender ?? Array(administrator.utf8)
        recipient = recall.account.bytes
        messageKey = recall.messageKey
    }

    /// The request.
    package var body: [UInt8] {
        JSONText.document {
            $0.field("From_Account", utf8: sender)
            $0.field("To_Account", utf8: recipient)
            $0.field("MsgKey", messageKey)
        }
    }
}
