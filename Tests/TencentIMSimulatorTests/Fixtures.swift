import DeliveryCore
import JSON
import TencentIMSimulator
import TestSupport

/// A generator whose every number is the same.
///
/// The largest one: the standard library draws again for as long as it is given small ones.
struct Constant: RandomNumberGenerator {
    var value: UInt64 = .max

    mutating func next() -> UInt64 { value }
}

func makeCall(
    to accounts: [String] = ["bonnie"],
    content: UInt64 = 1,
    sequence: UInt32? = 7,
    random: UInt32 = 9,
    byteCount: Int = 200,
    message: Message? = nil
) -> BatchSendCall {
    BatchSendCall(
        accounts: accounts.map { Array($0.utf8) },
        content: content,
        messageSequence: sequence,
        messageRandom: random,
        byteCount: byteCount,
        message: message
    )
}

/// A text, from Dave unless told otherwise.
func makeMessage(
    _ text: String = "hi",
    from sender: String = "dave",
    customData: String = "",
    isSynced: Bool = true
) -> Message {
    let body = #"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"\#(text)"}}]"#
    return Message(
        sender: Array(sender.utf8),
        body: Array(body.utf8),
        customData: Array(customData.utf8),
        isSynced: isSynced
    )
}

/// So many accounts that are accepted.
func makeAccounts(_ count: Int, from first: Int = 0) -> [String] {
    (first..<first + count).map { "user-\($0)" }
}

extension SimulatedProvider {
    /// Answers one call with a generator that doesn't matter.
    mutating func answer(_ call: BatchSendCall = makeCall(), at seconds: Double = 0) -> Envelope {
        var random = Constant()
        return receive(call, now: TestSupport.at(seconds), using: &random)
    }

    /// The text of the answer to a call of a command beside batchsendmsg.
    mutating func answer(
        _ command: SimulatedCommand,
        _ body: String,
        at seconds: Double = 0
    ) -> String {
        let answer: [UInt8]
        do throws(CallRefusal) {
            let call = try NeighbourCall(command, parsing: Array(body.utf8))
            answer = receive(call, now: TestSupport.at(seconds))
        } catch {
            answer = refuse(error).json
        }
        return String(decoding: answer, as: UTF8.self)
    }

    /// The code of the answer to a recall.
    mutating func recall(
        _ key: String = "7_9_1700000000",
        from sender: String = "dave",
        to recipient: String = "bonnie",
        at seconds: Double = 0
    ) throws -> Int? {
        let body =
            #"{"From_Account":"\#(sender)","To_Account":"\#(recipient)","MsgKey":"\#(key)"}"#
        let answer = answer(.recall, body, at: seconds)
        return try JSON(parsing: Array(answer.utf8))["ErrorCode"]?.integer
    }

    /// A page of a history.
    mutating func page(
        of reader: String = "bonnie",
        with peer: String = "dave",
        count: Int = 100,
        from: Int = 0,
        through: Int = 2_000_000_000,
        after last: String? = nil,
        at seconds: Double = 1_000
    ) throws -> Page {
        let more = last.map { #","LastMsgKey":"\#($0)""# } ?? ""
        let body =
            #"{"Operator_Account":"\#(reader)","Peer_Account":"\#(peer)","MaxCnt":\#(count),"#
            + #""MinTime":\#(from),"MaxTime":\#(through)\#(more)}"#
        return try Page(answer(.history, body, at: seconds))
    }
}

/// An answer of admin_getroammsg as a client reads it.
struct Page {
    let text: String
    let code: Int?
    let isComplete: Bool
    let lastTime: Int
    let lastKey: String
    /// The MsgSeqs, which tests count up from message to message.
    let sequences: [Int]
    let flags: [Int]

    init(_ text: String) throws {
        let json = try JSON(parsing: Array(text.utf8))
        let entries = json["MsgList"]?.elements ?? []
        self.text = text
        code = json["ErrorCode"]?.integer
        isComplete = json["Complete"]?.integer == 1
        lastTime = json["LastMsgTime"]?.integer ?? -1
        lastKey = json["LastMsgKey"]?.string ?? ""
        sequences = entries.compactMap { $0["MsgSeq"]?.integer }
        flags = entries.compactMap { $0["MsgFlagBits"]?.integer }
    }
}

extension Envelope {
    /// The refused accounts with their codes, as text.
    var listed: [String] {
        refused.map { "\(String(decoding: $0.account, as: UTF8.self)) \($0.code)" }
    }
}

/// A UserSig of the reference's vectors, signed by another implementation.
struct Signature: Sendable {
    let sdkAppID: Int
    let key: String
    let identifier: String
    let text: String
    let expiresAt: Int64

    static let xiaojun = Signature(
        sdkAppID: 1_400_000_000,
        key: "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e",
        identifier: "xiaojun",
        text: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkKjIT87NK82CSxSnZiQUFmSlAKUMTAyiAyqVWFGQ"
            + "WpYJkTE1NjRDiJZm5YFFzNPXFmekgG3zKHM1T9D3LzdODi-OKs8vCqpxcAvydnV2SSv2cy03cPcpDnA2"
            + "SMgu0nUxslWoBHdYzUg__",
        expiresAt: 1_715_552_000
    )

    static let administrator = Signature(
        sdkAppID: 88_888_888,
        key: String(repeating: "0123456789abcdef", count: 4),
        identifier: "administrator",
        text: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACiygACq"
            + "TWlGQWZQKEjczMTCACpZk5oKEDM2NTc0sLM3g4sWZ6SArHMMt9c3L-T1Ctd2dCkpSLRM9iyLz9I0DjAv"
            + "cA-zDLRxNnLJC3X0tTFPCk22VagHu*DQp",
        expiresAt: 1_735_776_000
    )

    static let operations = Signature(
        sdkAppID: 1_600_012_345,
        key: String(repeating: "f", count: 64),
        identifier: "ops-admin_01",
        text: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIk8guKdRNTcjPz4g0MYSqKU7ITCwoyU4DyhmYG"
            + "BgaGRsYmplC51IqCzKJUoIyZgYmFgQFUtCQzFyRmaG5mbmRkamppCTMpMx1kSblfRoi5l5tnTlhVkmuI"
            + "cW6AWWWpUUhoiYlXirZRjlFUlW**n7Olv0FEmaOtUi0AyCM0PA__",
        expiresAt: 1_767_830_399
    )

    /// The second vector, in zlib's stored blocks.
    static let stored = Signature(
        sdkAppID: 88_888_888,
        key: String(repeating: "0123456789abcdef", count: 4),
        identifier: "administrator",
        text: "eAEBtwBI-3siVExTLnZlciI6ICIyLjAiLCAiVExTLmlkZW50aWZpZXIiOiAiYWRtaW5pc3RyYXRvciIsICJ"
            + "UTFMuc2RrYXBwaWQiOiA4ODg4ODg4OCwgIlRMUy5leHBpcmUiOiA4NjQwMCwgIlRMUy50aW1lIjogMTc"
            + "zNTY4OTYwMCwgIlRMUy5zaWciOiAiQVc5Lzd3T0hVK0dCcHRlOWFJclluLzNQM3BHUE9XOEE0QmpVR00"
            + "4NWRXYz0ife74NCk_",
        expiresAt: 1_735_776_000
    )
}
