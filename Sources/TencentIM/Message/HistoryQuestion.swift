package import DeliveryCore
import JSON

/// One call's question what a recipient's own history shows of a sender's messages.
///
/// It is the recipient's view, since a message needn't be in its sender's.
package struct HistoryQuestion: Sendable, Hashable {
    /// Whose history is read.
    let reader: [UInt8]
    let sender: [UInt8]
    /// The numbers that are looked for.
    let numbers: Set<CallNumbers>
    /// The times that are asked for, in seconds since 1970.
    let times: ClosedRange<Int64>
    /// Where the page begins; nil for the first.
    let position: HistoryPosition?

    /// The most messages of an answer: what Tencent's samples ask for.
    private static let pageLimit = 100

    /// What is asked for on both sides of the calls, in seconds: Tencent's pages don't say whether
    /// the bounds belong to the answer, and its clock isn't ours.
    private static let margin: Int64 = 60

    /// `administrator` is the sender where neither the message nor the call names one.
    package init(_ lookUp: LookUp, administrator: String) {
        reader = lookUp.account.bytes
        sender = lookUp.message.sender ?? lookUp.calls[0].sender ?? Array(administrator.utf8)
        numbers = Set(lookUp.calls.map(\.numbers))
        let begin = lookUp.calls.reduce(lookUp.calls[0].sentAt) { min($0, $1.sentAt) }
        let end = lookUp.calls.reduce(begin) { max($0, max($1.sentAt, $1.endedAt)) }
        let first = max(0, begin.milliseconds / 1_000 - Self.margin)
        times = first...max(first, end.milliseconds / 1_000 + 1 + Self.margin)
        position = lookUp.position
    }

    /// The last of the times that this page may hold.
    var latest: Int64 { position?.time ?? times.upperBound }

    /// The request.
    package var body: [UInt8] {
        JSONText.document {
            $0.field("Operator_Account", utf8: reader)
            $0.field("Peer_Account", utf8: sender)
            $0.field("MaxCnt", Self.pageLimit)
            $0.field("MinTime", Int(times.lowerBound))
            $0.field("MaxTime", Int(latest))
            if let position { $0.field("LastMsgKey", utf8: position.key) }
        }
    }
}
