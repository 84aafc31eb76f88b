import JSON

/// A batchsendmsg body whose fields were checked.
package struct BatchSendCall: Sendable {
    package var accounts: [[UInt8]]
    /// Tells one message from another: what is sent and by whom, without what differs from call to
    /// call.
    package var content: UInt64
    package var messageSequence: UInt32?
    package var messageRandom: UInt32
    package var byteCount: Int
    /// What the histories keep; nil for a message that leaves none.
    package var message: Message?

    package init(
        accounts: [[UInt8]],
        content: UInt64,
        messageSequence: UInt32?,
        messageRandom: UInt32,
        byteCount: Int,
        message: Message? = nil
    ) {
        self.accounts = accounts
        self.content = content
        self.messageSequence = messageSequence
        self.messageRandom = messageRandom
        self.byteCount = byteCount
        self.message = message
    }
}

/// A code for a whole call, with as many recipients as the call addressed.
package struct CallRefusal: Error, Sendable, Hashable {
    package let code: Int
    /// 0 where the accounts could not be read.
    package let recipients: Int

    package init(_ code: Int, recipients: Int = 0) {
        self.code = code
        self.recipients = recipients
    }
}

extension BatchSendCall {
    /// The most accounts of one call.
    package static let accountLimit = 500

    /// Reads a body as the provider documents it; unknown fields are none of its business.
    ///
    /// A body that names no sender is the administrator's.
    package init(
        parsing body: [UInt8],
        packetLimit: Int,
        administrator: String = "administrator"
    ) throws(CallRefusal) {
        guard body.count <= packetLimit else { throw CallRefusal(93000) }
        let json: JSON
        do { json = try JSON(parsing: body) } catch { throw CallRefusal(90001) }
        guard json.members != nil else { throw CallRefusal(90001) }
        let accounts = try Self.accounts(of: json)
        if let code = MessageCheck.fault(in: json) {
            throw CallRefusal(code, recipients: accounts.count)
        }
        guard let random = json["MsgRandom"]?.integer, let random = UInt32(exactly: random) else {
            throw CallRefusal(90005, recipients: accounts.count)
        }
        self.init(
            accounts: accounts,
            content: Self.content(of: json, in: body),
            messageSequence: json["MsgSeq"]?.integer.flatMap(UInt32.init(exactly:)),
            messageRandom: random,
            byteCount: body.count,
            message: Self.message(of: json, in: body, administrator: administrator)
        )
    }

    private static func message(
        of json: JSON,
        in body: [UInt8],
        administrator: String
    ) -> Message? {
        guard json["OnlineOnlyFlag"]?.integer != 1, json["MsgLifeTime"]?.integer != 0,
            let range = json["MsgBody"]?.range
        else { return nil }
        return Message(
            sender: json["From_Account"]?.stringBytes ?? Array(administrator.utf8),
            body: Array(body[range]),
            customData: json["CloudCustomData"]?.stringBytes ?? [],
            isSynced: json["SyncOtherMachine"]?.integer != 2
        )
    }

    private static func accounts(of json: JSON) throws(CallRefusal) -> [[UInt8]] {
        guard let elements = json["To_Account"]?.elements, !elements.isEmpty else {
            throw CallRefusal(90003)
        }
        guard elements.count <= accountLimit else {
            throw CallRefusal(90011, recipients: elements.count)
        }
        var accounts: [[UInt8]] = []
        accounts.reserveCapacity(elements.count)
        for element in elements {
            guard let bytes = element.stringBytes, MessageCheck.isAccount(bytes) else {
                throw CallRefusal(90012, recipients: elements.count)
            }
            accounts.append(bytes)
        }
        return accounts
    }

    private static func content(of json: JSON, in body: [UInt8]) -> UInt64 {
        var hash = Fingerprint()
        hash.add(json["From_Account"]?.stringBytes ?? [])
        if let range = json["MsgBody"]?.range { hash.add(body[range]) }
        return hash.value
    }
}
