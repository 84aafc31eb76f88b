import JSON

/// An answer of batchsendmsg.
package struct Envelope: Sendable, Hashable {
    package var status: Status
    package var code: Int
    package var messageKey: String?
    package var refused: [Refused]
    /// Whether it gets lost on its way to the caller.
    package var isLost = false

    package enum Status: String, Sendable, Hashable {
        case ok = "OK"
        case someError = "SomeError"
        case fail = "FAIL"
    }

    package struct Refused: Sendable, Hashable {
        package let account: [UInt8]
        package let code: Int
    }

    package init(status: Status, code: Int = 0, messageKey: String? = nil, refused: [Refused] = [])
    {
        self.status = status
        self.code = code
        self.messageKey = messageKey
        self.refused = refused
    }

    /// A call of which nothing was accepted.
    package static func fail(_ code: Int, refused: [Refused] = []) -> Envelope {
        Envelope(status: .fail, code: code, refused: refused)
    }

    package var json: [UInt8] {
        JSONText.document {
            $0.field("ActionStatus", status.rawValue)
            $0.field("ErrorCode", code)
            $0.field("ErrorInfo", Self.info(for: code))
            if let messageKey { $0.field("MsgKey", messageKey) }
            if !refused.isEmpty {
                $0.objects("ErrorList", of: refused) { text, entry in
                    text.field("To_Account", utf8: entry.account)
                    text.field("ErrorCode", entry.code)
                }
            }
        }
    }

    /// The provider's own words where they are known.
    static func info(for code: Int) -> String {
        switch code {
        case 0: ""
        case 20022: "message not found"
        case 20023: "message already recalled"
        case 60007: "request frequency limit exceeded"
        case 60009: "unknown command"
        case 70001: "UserSig expired"
        case 70009: "UserSig verification failed"
        case 90001: "Fail to Parse json data of body, Please check it"
        case 90012: "invalid To_Account"
        case 90054: "invalid MsgKey"
        case 90057: "request frequency limit exceeded"
        case 93000: "packet too large"
        default: "error \(code)"
        }
    }
}
