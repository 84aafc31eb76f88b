import DeliveryCore
import TencentIM
import TestSupport
import Testing

private func makeRecall(
    message: CheckedMessage = makeMessage(),
    sender: String? = "dave"
) -> Recall {
    Recall(
        account: Account("a\"b"),
        message: message,
        sender: sender.map { Array($0.utf8) },
        messageKey: "7_9_1700000003"
    )
}

private func body(_ recall: Recall) -> String {
    String(decoding: RecallRequest(recall, administrator: "admin").body, as: UTF8.self)
}

private func outcome(_ json: String) -> RecallOutcome {
    RecallRequest.outcome(of: Array(json.utf8))
}

private func outcome(_ code: Int) -> RecallOutcome {
    outcome(#"{"ActionStatus":"FAIL","ErrorCode":\#(code),"ErrorInfo":"why"}"#)
}

@Test func `a recall names sender, recipient and key`() {
    #expect(
        body(makeRecall())
            == #"{"From_Account":"dave","To_Account":"a\"b","MsgKey":"7_9_1700000003"}"#
    )
}

@Test func `a recall is in the name of the sender that was displayed`() throws {
    let json =
        #"{"From_Account":"eve","MsgBody":[{"MsgType":"TIMTextElem","#
        + #""MsgContent":{"Text":"hi"}}]}"#
    let message = try checkMessage(Array(json.utf8)).get()
    #expect(body(makeRecall(message: message)).hasPrefix(#"{"From_Account":"eve","#))
    #expect(body(makeRecall(sender: nil)).hasPrefix(#"{"From_Account":"admin","#))
}

@Test func `a message is taken back once and for all, or isn't there`() {
    #expect(outcome(#"{"ActionStatus":"OK","ErrorCode":0}"#) == .answered(.recalled(code: 0)))
    #expect(outcome(20_023) == .answered(.recalled(code: 20_023)))
    #expect(outcome(20_022) == .answered(.missing(code: 20_022)))
}

@Test(
    arguments: [
        (20_016, .recipients, "it is too late to recall the message (why)"),
        (90_003, .recipients, "the recipient doesn't exist (why)"),
        (90_012, .recipients, "the accounts don't exist or aren't registered (why)"),
        (90_008, .campaign, "the sender doesn't exist (why)"),
        (90_001, .campaign, "the JSON can't be read (why)"),
        (90_054, .campaign, "the message's key is missing or wrong (why)"),
        (93_000, .campaign, "the packet is too large (12 KB) (why)"),
        (60_007, .throttled(atLeast: .seconds(1)), "calls come too often (why)"),
        (70_001, .credentialsExpired, "the UserSig has expired (why)"),
        (90_009, .credentials, "the identifier is no administrator of the app (why)"),
        (
            91_000, .retryable,
            "internal error of the service; another attempt may succeed (why)"
        ),
    ] as [(Int, Outcome.Refusal, String)]
)
func `a recall that is refused is sorted by its code`(
    _ code: Int,
    _ refusal: Outcome.Refusal,
    _ text: String
) {
    #expect(outcome(code) == .refused(refusal, code: code, text: text))
}

@Test(arguments: [
    "", "<html>", "{}", #"{"ActionStatus":"OK","ErrorCode":20022}"#,
    #"{"ActionStatus":"FAIL","ErrorCode":0}"#, #"{"ActionStatus":"OK","ErrorCode":20023}"#,
])
func `a recall's answer that contradicts itself can't be read`(_ json: String) {
    #expect(outcome(json) == .unknown(.unreadable))
}

@Test func `a recall with a code that says nothing certain is unknown`() {
    #expect(outcome(70_500) == .unknown(.service(code: 70_500)))
    #expect(outcome(12_345) == .unknown(.unlisted(code: 12_345)))
}

@Test func `a recall is one call, and its codes have words`() async throws {
    let recalled = LoopbackServer.Reply.answer(body: #"{"ActionStatus":"OK","ErrorCode":0}"#)
    try await LoopbackServer.run([recalled, .answer(status: 502, body: "")]) { server in
        try await withProvider(server.url) { provider in
            #expect(await provider.recall(makeRecall()) == .answered(.recalled(code: 0)))
            #expect(await provider.recall(makeRecall()) == .unknown(.http(status: 502)))
        }
        #expect(server.requests.count == 2)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /v4/openim/admin_msgwithdraw?sdkappid="))
        #expect(request.body == body(makeRecall()))
    }
    for code in [20_016, 20_022, 20_023, 90_054] {
        #expect(MessageTemplate().describe(code: code)?.isEmpty == false)
    }
}

@Test(
    arguments: [
        ("", true), (#""OnlineOnlyFlag":0,"MsgLifeTime":1,"#, true),
        (#""OnlineOnlyFlag":1,"#, false), (#""MsgLifeTime":0,"#, false),
    ]
)
func `a message leaves a history unless it is for who is online, or kept for no time`(
    _ fields: String,
    _ leavesHistory: Bool
) throws {
    let json =
        "{" + fields
        + #""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}"#
    let message = try checkMessage(Array(json.utf8)).get()
    #expect(MessageTemplate().leavesHistory(message) == leavesHistory)
}
