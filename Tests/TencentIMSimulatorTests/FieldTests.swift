import TencentIMSimulator
import Testing

private let text = #"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]"#

/// A body of these fields: an account and a text unless told otherwise.
private func makeBody(
    to accounts: String = #"["a"]"#,
    body: String = text,
    random: String = "1",
    more: String = ""
) -> [UInt8] {
    Array("{\"To_Account\":\(accounts),\"MsgBody\":\(body),\"MsgRandom\":\(random)\(more)}".utf8)
}

private func code(_ body: [UInt8], packetLimit: Int = 12_288) -> Int {
    do throws(CallRefusal) {
        _ = try BatchSendCall(parsing: body, packetLimit: packetLimit)
        return 0
    } catch {
        return error.code
    }
}

@Suite struct FieldTests {
    @Test(arguments: [
        "", "{", "[]", "1", #"{"a":1,"a":2}"#,
    ])
    func `what is no JSON object is 90001`(body: String) {
        #expect(code(Array(body.utf8)) == 90001)
    }

    @Test(arguments: [
        ("null", 90003), ("[]", 90003), (#""a""#, 90003), ("[1]", 90012), (#"[""]"#, 90012),
        (#"["012345678901234567890123456789012"]"#, 90012), (#"["\u0001"]"#, 90012),
        (#"["01234567890123456789012345678901"]"#, 0),
    ])
    func `accounts are strings of 1 to 32 bytes`(accounts: String, expected: Int) {
        #expect(code(makeBody(to: accounts)) == expected)
    }

    @Test func `500 accounts go and 501 are 90011`() {
        let names = (0..<501).map { "\"\($0)\"" }
        #expect(code(makeBody(to: "[\(names.dropLast().joined(separator: ","))]")) == 0)
        #expect(code(makeBody(to: "[\(names.joined(separator: ","))]")) == 90011)
    }

    @Test(arguments: [
        ("null", 90005), ("-1", 90005), ("4294967296", 90005), (#""1""#, 90005), ("4294967295", 0),
    ])
    func `MsgRandom is a number of 32 bits`(random: String, expected: Int) {
        #expect(code(makeBody(random: random)) == expected)
    }

    @Test(arguments: [
        (#","MsgSeq":4294967296"#, 90004),
        (#","MsgSeq":0"#, 0),
        (#","From_Account":"missing-dave""#, 90008),
        (#","From_Account":1"#, 90008),
        (#","From_Account":"dave""#, 0),
        (#","MsgLifeTime":604801"#, 90026),
        (#","MsgLifeTime":604800"#, 0),
        (#","SyncOtherMachine":3"#, 90010),
        (#","OnlineOnlyFlag":2"#, 90010),
        (#","CloudCustomData":{}"#, 90010),
        (#","SendMsgControl":["NoUnread","Other"]"#, 90010),
        (#","SendMsgControl":["NoUnread","NoLastMsg"]"#, 0),
        (#","OfflinePushInfo":1"#, 90010),
        (#","OfflinePushInfo":{"x":1}"#, 0),
        (#","Unheard":1"#, 0),
    ])
    func `optional fields are checked where they stand`(more: String, expected: Int) {
        #expect(code(makeBody(more: more)) == expected)
    }

    @Test(arguments: [
        ("null", 90007), ("[]", 90007), ("[1]", 90002), (#"[{"MsgType":"TIMTextElem"}]"#, 90002),
        (#"[{"MsgType":"TIMTextElem","MsgContent":{}}]"#, 90010),
        (#"[{"MsgType":"Other","MsgContent":{}}]"#, 90010),
        (#"[{"MsgType":"TIMFaceElem","MsgContent":{"Index":1}}]"#, 0),
        (#"[{"MsgType":"TIMCustomElem","MsgContent":{}}]"#, 0),
        (
            #"[{"MsgType":"TIMCustomElem","MsgContent":{}},"#
                + #"{"MsgType":"TIMCustomElem","MsgContent":{}}]"#, 90010
        ),
    ])
    func `a body is a list of the documented elements`(body: String, expected: Int) {
        #expect(code(makeBody(body: body)) == expected)
    }

    @Test func `a packet over the limit is 93000, one of just the limit goes`() {
        let body = makeBody()
        #expect(code(body, packetLimit: body.count) == 0)
        #expect(code(body, packetLimit: body.count - 1) == 93000)
    }

    @Test func `one message is told from another by its sender and its body`() throws {
        let plain = try BatchSendCall(parsing: makeBody(), packetLimit: 12_288)
        let again = try BatchSendCall(
            parsing: makeBody(to: #"["b"]"#, random: "2", more: #","MsgSeq":5"#),
            packetLimit: 12_288
        )
        let sender = try BatchSendCall(
            parsing: makeBody(more: #","From_Account":"dave""#),
            packetLimit: 12_288
        )
        #expect(plain.content == again.content)
        #expect(plain.content != sender.content)
        #expect(again.messageSequence == 5)
    }
}
