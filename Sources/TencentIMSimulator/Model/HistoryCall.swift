import JSON

/// An admin_getroammsg body whose fields were checked: whose view of which conversation.
package struct HistoryCall: Sendable {
    /// Whose history is read.
    package let reader: [UInt8]
    package let peer: [UInt8]
    /// The most messages of the answer.
    package let count: Int
    /// Wall-clock seconds, both ends included.
    package let from: Int
    package let through: Int
    /// The oldest message of the page before; nil asks for the first page.
    package let after: MessageKey?

    /// Reads a body as the provider documents it.
    package init(parsing body: [UInt8]) throws(CallRefusal) {
        let json = try NeighbourFields.object(body)
        reader = try NeighbourFields.account(json["Operator_Account"], orCode: 90008)
        peer = try NeighbourFields.account(json["Peer_Account"], orCode: 90003)
        guard let count = json["MaxCnt"]?.integer, count > 0,
            let from = json["MinTime"]?.integer, from >= 0,
            let through = json["MaxTime"]?.integer, through >= 0
        else { throw CallRefusal(90010) }
        self.count = count
        self.from = from
        self.through = through
        // Clients send an empty one with their first question.
        let last = json["LastMsgKey"]
        let isFirst = last == nil || last?.isNull == true || last?.stringBytes == []
        after = isFirst ? nil : try NeighbourFields.messageKey(last)
    }
}
