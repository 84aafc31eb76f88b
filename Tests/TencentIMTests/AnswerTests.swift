import DeliveryCore
import TencentIM
import Testing

private let accounts = [Account("a"), Account("b"), Account("c")]

private func outcome(_ json: String) -> Outcome {
    Answer.outcome(of: Array(json.utf8), to: accounts)
}

private func refused(
    _ name: String,
    _ code: Int,
    _ kind: Outcome.RefusedAccount.Kind = .final,
    isNamed: Bool = true
) -> Outcome.RefusedAccount {
    .init(account: Account(name), code: code, kind: kind, isNamed: isNamed)
}

@Test(arguments: [
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MsgKey":"1_2_3"}"#,
    #"{"ActionStatus":"OK","ErrorCode":"0","MsgKey":"1_2_3","ErrorList":null}"#,
    #" {"MsgId":"x","ActionStatus":"OK","ErrorCode":0,"MsgKey":"1_2_3","ErrorList":[]} "#,
    #"{"ActionStatus":"SomeError","ErrorCode":0,"MsgKey":"1_2_3","ErrorList":[]}"#,
    #"{"ActionStatus":"OK","ErrorCode":0,"MsgKey":"1_2_3","ErrorList":[{"To_Account":"b","ErrorCode":0}]}"#,
])
func `everybody was accepted`(_ json: String) {
    #expect(outcome(json) == .answered(messageKey: "1_2_3", refused: []))
}

/// What stands in an answer and decides nothing.
private let oddities: [[UInt8]] = [
    Array("\"ErrorInfo\":\"a\tb\u{0}\"".utf8),
    Array("\"ErrorInfo\":\"".utf8) + [0xC4, 0xFA, 0xBA, 0xC3, 0x80, 0xFF] + Array("\"".utf8),
    Array(#""ErrorInfo":"half \ud83d and \udc00""#.utf8),
    Array(#""ErrorInfo":"\q \u12""#.utf8),
    Array(#""ErrorInfo":"a","ErrorInfo":"b""#.utf8),
    Array(#""x":1,"x":2,"More":{"x":[1,],"x":NaN}"#.utf8),
    Array(
        #""x":\#(String(repeating: "[", count: 300))\#(String(repeating: "]", count: 300))"#.utf8
    ),
    Array("\"".utf8) + [0xFF] + Array("\":0".utf8),
]

@Test(arguments: oddities)
func `what decides nothing can't make an answer unreadable`(_ oddity: [UInt8]) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    for start in [[], mark] {
        let success = start + Array(#"{"ActionStatus":"OK","ErrorCode":0,"MsgKey":"k","#.utf8)
        #expect(
            Answer.outcome(of: success + oddity + [UInt8(ascii: "}")], to: accounts)
                == .answered(messageKey: "k", refused: [])
        )
        let list = #"{"ErrorList":[{"To_Account":"b","ErrorCode":70107,"#
        let rest = #"}],"ActionStatus":"SomeError","ErrorCode":0}"#
        #expect(
            Answer.outcome(of: start + Array(list.utf8) + oddity + Array(rest.utf8), to: accounts)
                == .answered(messageKey: nil, refused: [refused("b", 70107)])
        )
        let failure = start + Array(#"{"ActionStatus":"FAIL","ErrorCode":80001,"#.utf8)
        let outcome = Answer.outcome(of: failure + oddity + [UInt8(ascii: "}")], to: accounts)
        guard case .refused(.campaign, 80001, _) = outcome else {
            Issue.record("\(outcome)")
            continue
        }
    }
}

@Test(arguments: [
    (#"{"To_Account":"z","ErrorCode":70107}"#, [] as [Outcome.RefusedAccount]),
    (
        #"{"To_Account":"a","ErrorCode":91000},{"To_Account":"a","ErrorCode":70107}"#,
        [refused("a", 70107)]
    ),
    (
        #"{"To_Account":"a","ErrorCode":70107},{"To_Account":"a","ErrorCode":91000}"#,
        [refused("a", 70107)]
    ),
    (#"{"To_Account":"a","ErrorCode":91000},{"To_Account":"a","ErrorCode":0}"#, []),
])
func `who wasn't addressed is ignored, and of two codes the final one counts`(
    _ list: String,
    expected: [Outcome.RefusedAccount]
) throws {
    let body = #"{"ActionStatus":"SomeError","ErrorCode":0,"ErrorList":[\#(list)]}"#
    #expect(outcome(body) == .answered(messageKey: nil, refused: expected))
    let answer = try #require(Answer(Array(body.utf8)))
    #expect(answer.oddity(to: accounts) != nil)
}

@Test func `a success without a usable key is still a success`() {
    #expect(
        outcome(#"{"ActionStatus":"OK","ErrorCode":0}"#) == .answered(messageKey: nil, refused: [])
    )
    let long = String(repeating: "9", count: 500)
    #expect(
        outcome(#"{"ActionStatus":"OK","ErrorCode":0,"MsgKey":"\#(long)"}"#)
            == .answered(messageKey: nil, refused: [])
    )
}

@Test(arguments: ["OK", "SomeError"])
func `an ErrorList is read under any status`(_ status: String) {
    let answer = outcome(
        """
        {"ActionStatus":"\(status)","ErrorCode":0,"MsgKey":"k","ErrorList":[
         {"To_Account":"a","ErrorCode":70107,"More":1},{"To_Account":"c","ErrorCode":"70169"},
         {"To_Account":"a","ErrorCode":70107}]}
        """
    )
    let expected = [refused("a", 70107), refused("c", 70169, .retryable)]
    #expect(answer == .answered(messageKey: "k", refused: expected))
}

@Test(arguments: [
    #"{"ActionStatus":"OK","ErrorCode":90001}"#,
    #"{"ActionStatus":"SomeError","ErrorCode":90001,"ErrorList":[]}"#,
    #"{"ActionStatus":"FAIL","ErrorCode":0}"#,
    #"{"ActionStatus":"ok","ErrorCode":0}"#,
    #"{"ActionStatus":"O\u212a","ErrorCode":0}"#,
    #"{"ActionStatus":"OK"}"#,
    #"{"ErrorCode":0}"#,
    #"{"ActionStatus":"OK","ErrorCode":0.5}"#,
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorList":{}}"#,
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorList":[1]}"#,
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorList":[{"To_Account":"a"}]}"#,
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorList":[{"ErrorCode":70107}]}"#,
    #"{"ActionStatus":"FAIL","ErrorCode":70107,"ErrorList":[{"To_Account":"a","ErrorCode":0}]}"#,
    #"{"ActionStatus":"OK","ActionStatus":"FAIL","ErrorCode":0}"#,
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorList":[],"ErrorList":[{"To_Account":"a","ErrorCode":1}]}"#,
    #"{"ActionStatus":"OK","ErrorCode":0,"ErrorList":[{"To_Account":"\ud800","ErrorCode":1}]}"#,
    #"{"ActionStatus":"OK","ErrorCode":0}{}"#,
    #"{"ActionStatus":"OK","x":[},"ErrorCode":0}"#,
    #"{"ActionStatus":"OK","ErrorCode":0"#,
    #"<html>502</html>"#, "", "[]", "null",
])
func `what contradicts itself or can't be read is unknown`(_ json: String) {
    #expect(outcome(json) == .unknown(.unreadable))
}

@Test func `a text is cut, be it one character of thousands of scalars`() throws {
    let marks = String(repeating: "\u{301}", count: 5_000)
    let body = #"{"ActionStatus":"FAIL","ErrorCode":90012,"ErrorInfo":"e\#(marks)"}"#
    let answer = try #require(Answer(Array(body.utf8)))
    #expect(answer.envelope.text.unicodeScalars.count == 200)
}

@Test func `accounts of an answer are compared byte for byte`() {
    // The same letter in its two Unicode spellings.
    let composed = Account("\u{E9}")
    let body =
        #"{"ActionStatus":"OK","ErrorCode":0,"ErrorList":[{"To_Account":"e\u0301","ErrorCode":1}]}"#
    #expect(
        Answer.outcome(of: Array(body.utf8), to: [composed])
            == .answered(messageKey: nil, refused: [])
    )
    let decomposed = Account("e\u{301}")
    #expect(
        Answer.outcome(of: Array(body.utf8), to: [composed, decomposed])
            == .answered(
                messageKey: nil,
                refused: [.init(account: decomposed, code: 1, kind: .final)]
            )
    )
}

@Test func `a failure with a list: the listed take their code, the others the envelope's`() {
    let answer = outcome(
        #"{"ActionStatus":"FAIL","ErrorCode":70169,"ErrorList":[{"To_Account":"b","ErrorCode":70107}]}"#
    )
    let expected = [
        refused("a", 70169, .retryable, isNamed: false), refused("b", 70107),
        refused("c", 70169, .retryable, isNamed: false),
    ]
    #expect(answer == .answered(messageKey: nil, refused: expected))
}

@Test(arguments: [(90012, Outcome.RefusedAccount.Kind.unconfirmed), (70107, .final)])
func `who isn't listed takes a failure's code as one that may not be meant of him`(
    _ code: Int,
    kind: Outcome.RefusedAccount.Kind
) {
    let answer = outcome(
        #"{"ActionStatus":"FAIL","ErrorCode":\#(code),"ErrorList":[{"To_Account":"b","ErrorCode":90012}]}"#
    )
    let expected = [
        refused("a", code, kind, isNamed: false), refused("b", 90012),
        refused("c", code, kind, isNamed: false),
    ]
    #expect(answer == .answered(messageKey: nil, refused: expected))
}

@Test func `a failure that lists everybody is about them, whatever the envelope's code`() {
    let answer = outcome(
        """
        {"ActionStatus":"FAIL","ErrorCode":99999,"ErrorList":[{"To_Account":"a","ErrorCode":91000},
         {"To_Account":"b","ErrorCode":60007},{"To_Account":"c","ErrorCode":12345}]}
        """
    )
    let expected = [
        refused("a", 91000, .retryable), refused("b", 60007), refused("c", 12345),
    ]
    #expect(answer == .answered(messageKey: nil, refused: expected))
}

@Test(arguments: [(60007, false), (99999, true)])
func `a failure about the call with a list of some is about the call`(_ code: Int, unknown: Bool) {
    let answer = outcome(
        #"{"ActionStatus":"FAIL","ErrorCode":\#(code),"ErrorList":[{"To_Account":"b","ErrorCode":70107}]}"#
    )
    switch answer {
    case .refused(.throttled, let given, _): #expect(given == code && !unknown)
    case .unknown(.unlisted(let given)): #expect(given == code && unknown)
    default: Issue.record("\(answer)")
    }
}

private let classes: [(Outcome.Refusal, [Int])] = [
    (.retryable, [70169, 90992, 91000]),
    (.recipients, [70107, 90048]),
    (.recipientsUnconfirmed, [90012]),
    (.throttled(atLeast: .seconds(1)), [60007, 60011, 60018, 60019, 90057]),
    (.throttled(atLeast: .seconds(60)), [70050]),
    (.throttled(atLeast: .seconds(3600)), [60028]),
    (.credentialsExpired, [70001]),
    (
        .credentials,
        [
            22007, 60004, 60005, 60006, 60010, 60012, 60016, 60017, 60020, 60021, 60025, 60026,
            60027,
            70002, 70003, 70005, 70009, 70013, 70014, 70016, 70020, 70051, 70052, 70346, 70347,
            70402, 70403, 72000, 72002, 80005, 90009,
        ]
    ),
    (
        .campaign,
        [
            60002, 60003, 60015, 80001, 80002, 80004, 90001, 90002, 90003, 90004, 90005, 90007,
            90008, 90010, 90026, 90028, 90029, 90031, 90043, 90044,
        ]
    ),
    (.tooLarge, [93000, 90055, 90011, 90018]),
]
private let service = [60008, 60013, 60014, 70202, 70500, 90994, 90995]

@Test(arguments: classes)
func `a code of a whole call is refused by its class`(_ refusal: Outcome.Refusal, codes: [Int]) {
    for code in codes {
        let answer = outcome(#"{"ActionStatus":"FAIL","ErrorCode":\#(code),"ErrorInfo":"why"}"#)
        guard case .refused(refusal, code, let text) = answer else {
            Issue.record("\(code): \(answer)")
            continue
        }
        #expect(text.hasSuffix(" (why)"))
    }
}

@Test(arguments: service)
func `trouble of the service leaves the call unknown`(_ code: Int) {
    let answer = outcome(#"{"ActionStatus":"FAIL","ErrorCode":\#(code)}"#)
    #expect(answer == .unknown(.service(code: code)))
}

@Test func `a code that isn't in the table leaves the call unknown`() {
    #expect(outcome(#"{"ActionStatus":"FAIL","ErrorCode":-3}"#) == .unknown(.unlisted(code: -3)))
}

@Test func `the table has every code of the reference once, with words, and no other`() {
    let known = [0] + classes.flatMap(\.1) + service
    #expect(Set(CodeTable.entries.map(\.code)) == Set(known))
    #expect(CodeTable.entries.count == known.count)
    for code in known {
        #expect(MessageTemplate().describe(code: code)?.isEmpty == false)
    }
    #expect(MessageTemplate().describe(code: 12345) == nil)
}

@Test func `Tencent's own words are kept short and printable`() {
    let info = #"a\u0000b\n"# + String(repeating: "x", count: 900)
    let answer = outcome(#"{"ActionStatus":"FAIL","ErrorCode":90010,"ErrorInfo":"\#(info)"}"#)
    guard case .refused(.campaign, 90010, let text) = answer else {
        Issue.record("\(answer)")
        return
    }
    #expect(text.contains("(abx"))
    #expect(text.count < 300)
}

@Test func `no mutation of an answer crashes the parser`() {
    let seeds = [
        #"{"ActionStatus":"SomeError","ErrorCode":0,"MsgKey":"k","ErrorList":[{"To_Account":"a","ErrorCode":70107}]}"#,
        #"{"ActionStatus":"FAIL","ErrorCode":"70169","ErrorInfo":"\ud83d\ude00","ErrorList":null}"#,
    ]
    var random = SplitMix64(seed: 1)
    var unreadable = 0
    for round in 0..<5_000 {
        let bytes = mutated(Array(seeds[round % 2].utf8), using: &random)
        if Answer.outcome(of: bytes, to: accounts) == .unknown(.unreadable) { unreadable += 1 }
    }
    // Both kinds must occur, or the mutations have lost their teeth.
    #expect((1_000..<5_000).contains(unreadable))
}
