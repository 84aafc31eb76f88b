import JSON

/// An admin_msgwithdraw body whose fields were checked: one message of one recipient.
package struct RecallCall: Sendable {
    /// The sender that was displayed.
    package let sender: [UInt8]
    package let recipient: [UInt8]
    package let key: MessageKey

    /// Reads a body as the provider documents it.
    package init(parsing body: [UInt8]) throws(CallRefusal) {
        let json = try NeighbourFields.object(body)
        sender = try NeighbourFields.account(json["From_Account"], orCode: 90008)
        recipient = try NeighbourFields.account(json["To_Account"], orCode: 90003)
        key = try NeighbourFields.messageKey(json["MsgKey"])
    }
}

/// The fields that look-ups and recalls share.
enum NeighbourFields {
    static func object(_ body: [UInt8]) throws(CallRefusal) -> JSON {
        let json: JSON
        do { json = try JSON(parsing: body) } catch { throw CallRefusal(90001) }
        guard json.members != nil else { throw CallRefusal(90001) }
        return json
    }

    /// An account that exists.
    static func account(_ field: JSON?, orCode code: Int) throws(CallRefusal) -> [UInt8] {
        guard let bytes = field?.stringBytes, MessageCheck.isAccount(bytes),
            Fate(of: bytes) != .missing
        else { throw CallRefusal(code) }
        return bytes
    }

    static func messageKey(_ field: JSON?) throws(CallRefusal) -> MessageKey {
        guard let bytes = field?.stringBytes, let key = MessageKey(bytes) else {
            throw CallRefusal(90054)
        }
        return key
    }
}
