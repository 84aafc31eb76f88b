import JSON

/// An answer of admin_getroammsg, filled from the latest message on.
struct HistoryPage: Sendable {
    /// The messages' JSON, the latest first.
    private var texts: [[UInt8]] = []
    private var byteCount = 200
    private var oldest: MessageKey?
    private var isComplete = true

    /// What an answer may hold, its envelope included: fewer than a hundred messages at any rate.
    static let byteLimit = 13_000

    struct Entry {
        let message: Message
        let key: MessageKey
        let recipient: [UInt8]
        let isRecalled: Bool

        var json: [UInt8] {
            JSONText.document {
                $0.field("From_Account", utf8: message.sender)
                $0.field("To_Account", utf8: recipient)
                $0.field("MsgSeq", Int(key.sequence))
                $0.field("MsgRandom", Int(key.random))
                $0.field("MsgTimeStamp", Int(key.seconds))
                $0.field("MsgFlagBits", isRecalled ? 8 : 0)
                $0.field("IsPeerRead", 0)
                $0.field("MsgKey", key.text)
                $0.field("MsgBody", json: message.body)
                $0.field("CloudCustomData", utf8: message.customData)
            }
        }
    }

    /// Takes one more message, unless the page is full and another must follow.
    mutating func takes(_ entry: Entry, limit: Int) -> Bool {
        let text = entry.json
        // One goes always, or a client would ask for it for ever.
        guard texts.isEmpty || texts.count < limit && byteCount + text.count < Self.byteLimit else {
            isComplete = false
            return false
        }
        texts.append(text)
        byteCount += text.count + 1
        oldest = entry.key
        return true
    }

    /// The answer; within a page the provider lists the oldest message first.
    var json: [UInt8] {
        JSONText.document {
            $0.field("ActionStatus", "OK")
            $0.field("ErrorCode", 0)
            $0.field("ErrorInfo", "")
            $0.field("Complete", isComplete ? 1 : 0)
            $0.field("MsgCnt", texts.count)
            $0.field("LastMsgTime", Int(oldest?.seconds ?? 0))
            $0.field("LastMsgKey", oldest?.text ?? "")
            $0.array("MsgList", of: texts.reversed()) { $0.raw($1) }
        }
    }
}
