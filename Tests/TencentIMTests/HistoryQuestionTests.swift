import DeliveryCore
import TencentIM
import TestSupport
import Testing

private let ours = CallNumbers(sequence: 7, random: 9)
private let start: Int64 = 1_700_000_000

/// A call of unknown outcome that went out 0.9 s after the start and ended 10 s after that.
private func makeCall(
    _ numbers: CallNumbers = ours,
    sender: String? = "dave",
    after seconds: Int64 = 0
) -> UnknownCall {
    UnknownCall(
        numbers: numbers,
        sender: sender.map { Array($0.utf8) },
        sentAt: Timestamp(milliseconds: (start + seconds) * 1_000 + 900),
        endedAt: Timestamp(milliseconds: (start + seconds) * 1_000 + 10_900)
    )
}

func makeLookUp(
    message: CheckedMessage = makeMessage(),
    calls: [UnknownCall] = [makeCall()],
    position: HistoryPosition? = nil
) -> LookUp {
    LookUp(account: Account("a\"b"), message: message, calls: calls, position: position)
}

private func body(_ lookUp: LookUp) -> String {
    String(decoding: HistoryQuestion(lookUp, administrator: "admin").body, as: UTF8.self)
}

private func outcome(
    _ json: String,
    of lookUp: LookUp = makeLookUp(),
    clockLead: Int? = nil
) -> LookUpOutcome {
    HistoryQuestion(lookUp, administrator: "admin")
        .outcome(of: Array(json.utf8), clockLead: clockLead)
}

private func entry(
    _ sender: String = "dave",
    _ sequence: String = "7",
    _ random: String = "9",
    rest: String = #","MsgKey":"7_9_1700000003","MsgFlagBits":0"#
) -> String {
    #"{"From_Account":"\#(sender)","To_Account":"a\"b","MsgSeq":\#(sequence),"#
        + #""MsgRandom":\#(random),"MsgTimeStamp":1700000003\#(rest)}"#
}

private func page(_ entries: [String] = [], _ rest: String = #""Complete":1"#) -> String {
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MsgCnt":\#(entries.count),"#
        + #""MsgList":[\#(entries.joined(separator: ","))],\#(rest)}"#
}

private let sight = FoundCall(numbers: ours, messageKey: "7_9_1700000003")
private let found = LookUpOutcome.answered(HistoryPage(found: sight, next: nil))
private let absent = LookUpOutcome.answered(HistoryPage(found: nil, next: nil))
private let unreadable = LookUpOutcome.unknown(.unreadable)

@Suite struct `A look-up's question` {
    @Test func `asks for the recipient's view, a minute more on both sides of the calls`() {
        #expect(
            body(makeLookUp(calls: [makeCall(after: 30), makeCall(after: 5)]))
                == #"{"Operator_Account":"a\"b","Peer_Account":"dave","MaxCnt":100,"#
                + #""MinTime":1699999945,"MaxTime":1700000101}"#
        )
    }

    @Test func `goes on behind the page before`() {
        let position = HistoryPosition(time: 1_700_000_050, key: Array("1_2_3".utf8))
        #expect(
            body(makeLookUp(position: position))
                == #"{"Operator_Account":"a\"b","Peer_Account":"dave","MaxCnt":100,"#
                + #""MinTime":1699999940,"MaxTime":1700000050,"LastMsgKey":"1_2_3"}"#
        )
    }

    @Test func `is about the sender that was displayed`() throws {
        let json =
            #"{"From_Account":"eve","MsgBody":[{"MsgType":"TIMTextElem","#
            + #""MsgContent":{"Text":"hi"}}]}"#
        let message = try checkMessage(Array(json.utf8)).get()
        #expect(body(makeLookUp(message: message)).contains(#""Peer_Account":"eve""#))
        let nameless = makeLookUp(calls: [makeCall(sender: nil)])
        #expect(body(nameless).contains(#""Peer_Account":"admin""#))
    }

    @Test func `bears times before 1970 and calls that end before they began`() {
        let call = UnknownCall(
            numbers: ours,
            sender: nil,
            sentAt: Timestamp(milliseconds: -5_000),
            endedAt: Timestamp(milliseconds: -500_000)
        )
        #expect(body(makeLookUp(calls: [call])).contains(#""MinTime":0,"MaxTime":56}"#))
    }
}

@Suite struct `A history` {
    @Test(arguments: [
        entry(),
        entry(rest: #","MsgKey":"7_9_1700000003","MsgFlagBits":8"#),
        entry("dave", "\"7\"", "\"9\""),
        entry(rest: #","MsgKey":"7_9_1700000003","CloudCustomData":"\q","MsgBody":[{,}]"#),
    ])
    func `shows the call, recalled or not`(_ json: String) {
        #expect(outcome(page([entry("eve"), json])) == found)
        #expect(outcome(page([json], #""Complete":0"#)) == found)
    }

    @Test func `shows one of several calls, with its own key or none`() {
        let other = CallNumbers(sequence: 8, random: .max)
        let lookUp = makeLookUp(calls: [makeCall(), makeCall(other)])
        let json = page([entry("dave", "8", "4294967295", rest: "")])
        let expected = FoundCall(numbers: other, messageKey: nil)
        #expect(outcome(json, of: lookUp) == .answered(HistoryPage(found: expected, next: nil)))
    }

    @Test(arguments: [
        [], [entry("eve")], [entry("dav")], [entry("dave", "8")], [entry("dave", "7", "8")],
        [entry("eve", "[]", "{}")], [entry("dave", "-1"), entry("eve")],
        ["null", "7", "\"x\"", "[]", "{}", entry("eve")],
        [#"{"From_Account":7,"MsgSeq":7,"MsgRandom":9}"#, entry("dave", "9")],
        [#"{"From_Account":"dave","MsgSeq":7,"MsgSeq":7,"MsgRandom":9}"#, entry("eve")],
    ])
    func `doesn't show the call among others, or what can't be read`(_ entries: [String]) {
        #expect(outcome(page(entries)) == absent)
    }

    @Test(arguments: [
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":0}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":0,"MsgList":null}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":"1","MsgList":[]}"#,
    ])
    func `without messages shows nothing`(_ json: String) {
        #expect(outcome(json) == absent)
    }

    @Test(arguments: [
        "", "<html>", "{}", "[]", #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1}"#,
        #"{"ActionStatus":"OK","ErrorCode":5,"Complete":1,"MsgCnt":0,"MsgList":[]}"#,
        #"{"ActionStatus":"FAIL","ErrorCode":0,"Complete":1,"MsgCnt":0,"MsgList":[]}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":1}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":1,"MsgList":[]}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":1,"MsgList":null}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgList":null}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":0,"MsgList":{}}"#,
        #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":0,"MsgList":[],"MsgList":[]}"#,
        page(["null"]), page([entry("dave", "null"), "{}"]),
        page([entry("eve")], #""Complete":[1"#),
        String(page([entry()]).dropLast()),
    ])
    func `can't be read`(_ json: String) {
        #expect(outcome(json) == unreadable)
    }
}

@Suite struct `A history's pages` {
    private static let rest = #""Complete":0,"LastMsgTime":1700000040,"LastMsgKey":"1_2_3""#

    @Test func `lead to the next one`() {
        let next = HistoryPosition(time: 1_700_000_040, key: Array("1_2_3".utf8), pages: 1)
        let expected = LookUpOutcome.answered(HistoryPage(found: nil, next: next))
        #expect(outcome(page([entry("eve")], Self.rest)) == expected)
        #expect(outcome(page([], Self.rest)) == expected)
    }

    @Test(arguments: [
        #""Complete":0"#, #""LastMsgTime":1700000040"#,
        #""Complete":0,"LastMsgTime":1700000040,"LastMsgKey":"""#,
        #""Complete":0,"LastMsgTime":1700000040,"LastMsgKey":null"#,
        #""Complete":0,"LastMsgTime":null,"LastMsgKey":"1_2_3""#,
        // Before what was asked for, and behind it.
        #""Complete":0,"LastMsgTime":1699999939,"LastMsgKey":"1_2_3""#,
        #""Complete":0,"LastMsgTime":1700000072,"LastMsgKey":"1_2_3""#,
        #""Complete":0,"LastMsgTime":1700000040,"LastMsgKey":"\#(String(repeating: "1", count: 101))""#,
    ])
    func `that lead nowhere can't be read`(_ rest: String) {
        #expect(outcome(page([entry("eve")], rest)) == unreadable)
    }

    @Test func `that don't go back in time can't be read`() {
        func outcome(at time: Int64, _ key: String) -> LookUpOutcome {
            let position = HistoryPosition(time: time, key: Array(key.utf8))
            let lookUp = makeLookUp(position: position)
            return TencentIMTests.outcome(page([entry("eve")], Self.rest), of: lookUp)
        }
        #expect(outcome(at: 1_700_000_040, "1_2_3") == unreadable)
        #expect(outcome(at: 1_700_000_039, "4_5_6") == unreadable)
        // Within one second nothing but the key moves.
        let next = HistoryPosition(time: 1_700_000_040, key: Array("1_2_3".utf8), pages: 2)
        #expect(
            outcome(at: 1_700_000_040, "4_5_6") == .answered(HistoryPage(found: nil, next: next))
        )
    }

    @Test func `that go round within a second end`() {
        var position: HistoryPosition?
        var count = 0
        while count < 2_000 {
            count += 1
            let key = count.isMultiple(of: 2) ? "1_2_3" : "4_5_6"
            let rest = #""Complete":0,"LastMsgTime":1700000040,"LastMsgKey":"\#(key)""#
            let outcome = outcome(page([entry("eve")], rest), of: makeLookUp(position: position))
            guard case .answered(let page) = outcome else {
                #expect(outcome == unreadable)
                break
            }
            position = page.next
        }
        #expect(count == 1_000)
    }
}

@Suite struct `A look-up's clock` {
    @Test(arguments: [61, -61, 3_600, .max, .min])
    func `that is off makes what isn't found unknown`(_ lead: Int) {
        let rest = #""Complete":0,"LastMsgTime":1700000040,"LastMsgKey":"1_2_3""#
        for json in [page([entry("eve")]), page([], rest)] {
            #expect(outcome(json, clockLead: lead) == .unknown(.clockOff(seconds: lead)))
        }
        #expect(outcome(page([entry()]), clockLead: lead) == found)
    }

    @Test(arguments: [nil, 0, 60, -60] as [Int?])
    func `that is right, or of which nothing is known, changes nothing`(_ lead: Int?) {
        #expect(outcome(page([entry("eve")]), clockLead: lead) == absent)
    }

    @Test func `is named with what is to be done`() {
        let ahead = Outcome.UnknownCause.clockOff(seconds: 300)
        #expect(ahead.text == "this machine's clock is 300 s ahead of the provider's: set it")
        let behind = Outcome.UnknownCause.clockOff(seconds: -61)
        #expect(behind.text == "this machine's clock is 61 s behind the provider's: set it")
        #expect(ahead.code == nil)
    }
}

@Suite struct `A look-up that is refused` {
    @Test(
        arguments: [
            (90_003, .recipients), (90_008, .recipients), (70_107, .recipients),
            (90_012, .recipients), (91_000, .retryable), (60_007, .throttled(atLeast: .seconds(1))),
            (70_050, .throttled(atLeast: .seconds(60))), (70_001, .credentialsExpired),
            (90_009, .credentials), (90_001, .campaign), (90_010, .campaign), (93_000, .campaign),
        ] as [(Int, Outcome.Refusal)]
    )
    func `is sorted by its code`(_ code: Int, _ refusal: Outcome.Refusal) {
        let json = #"{"ActionStatus":"FAIL","ErrorCode":\#(code),"ErrorInfo":"why"}"#
        // A signature may be refused because of the clock: the refusal says more.
        guard case .refused(refusal, code, let text) = outcome(json, clockLead: 900) else {
            Issue.record("\(outcome(json))")
            return
        }
        #expect(text.hasSuffix("(why)"))
    }

    @Test func `with a code that says nothing certain is unknown`() {
        func outcome(_ code: Int) -> LookUpOutcome {
            TencentIMTests.outcome(#"{"ActionStatus":"FAIL","ErrorCode":\#(code)}"#)
        }
        #expect(outcome(70_500) == .unknown(.service(code: 70_500)))
        #expect(outcome(12_345) == .unknown(.unlisted(code: 12_345)))
    }
}

@Test func `a look-up is one call, and a wrong clock is seen by its answer's date`() async throws {
    // The provider's clock is five minutes ahead of the tests'.
    let date = "date: Tue, 14 Nov 2023 22:18:20 GMT\r\n"
    let replies: [LoopbackServer.Reply] = [
        .answer(headers: date, body: page([entry("eve")])), .answer(body: page([entry("eve")])),
        .answer(headers: "date: now\r\n", body: page([entry()])), .answer(status: 502, body: ""),
        .close,
    ]
    try await LoopbackServer.run(replies) { server in
        try await withProvider(server.url) { provider in
            var outcomes: [LookUpOutcome] = []
            for _ in replies { outcomes.append(await provider.lookUp(makeLookUp())) }
            #expect(
                outcomes == [
                    .unknown(.clockOff(seconds: -300)), absent, found,
                    .unknown(.http(status: 502)), .unknown(.connectionLost),
                ]
            )
        }
        #expect(server.requests.count == replies.count)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /v4/openim/admin_getroammsg?sdkappid="))
        #expect(request.body.hasPrefix(#"{"Operator_Account":"a\"b","Peer_Account":"dave","#))
    }
}
