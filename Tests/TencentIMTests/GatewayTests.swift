import DeliveryCore
import DeliveryEngine
import JSON
import Synchronization
import TencentIM
import Testing

/// batchsendmsg from Tencent's side.
@Suite struct `Tencent's own call` {
    private static let credentials = AppCredentials(
        sdkAppID: 1_400_000_000,
        administrator: "boss",
        key: SecretKey("secret")
    )
    private static let now = Timestamp(milliseconds: 1_762_824_600_000)
    private let gateway = TencentGateway { Self.credentials }

    private func code(_ refusal: GatewayRefusal) throws -> Int {
        let envelope = try JSON(parsing: refusal.answer)
        #expect(envelope["ActionStatus"]?.string == "FAIL")
        #expect(envelope["MsgKey"] == nil)
        return try #require(envelope["ErrorCode"]?.integer)
    }

    private static func signature(
        app: Int = 1_400_000_000,
        by signer: String = "boss",
        key: String = "secret",
        life: Int64 = 300
    ) -> String {
        let credentials = AppCredentials(
            sdkAppID: app,
            administrator: signer,
            key: SecretKey(key)
        )
        return UserSig.sign(credentials, at: now.milliseconds / 1_000, life: life)
    }

    private func caller(_ query: [String: String]) -> Result<String, GatewayRefusal> {
        gateway.caller(in: query.mapValues { Array($0.utf8) }, now: Self.now)
    }

    @Test func `a caller with the app's key is let in by name`() throws {
        let query = [
            "sdkappid": "1400000000", "identifier": "boss", "usersig": Self.signature(),
            "random": "7", "contenttype": "json",
        ]
        #expect(try caller(query).get() == "boss")
    }

    @Test(arguments: [
        ([:], 60_012),
        (["sdkappid": "x", "identifier": "boss", "usersig": signature()], 60_012),
        (["sdkappid": "1", "identifier": "boss", "usersig": signature()], 60_006),
        (["sdkappid": "1400000000", "usersig": signature()], 60_005),
        (["sdkappid": "1400000000", "identifier": "boss"], 70_002),
        (["sdkappid": "1400000000", "identifier": "boss", "usersig": "junk"], 70_003),
        (
            ["sdkappid": "1400000000", "identifier": "boss", "usersig": signature(key: "other")],
            70_009
        ),
        (["sdkappid": "1400000000", "identifier": "bob", "usersig": signature()], 70_013),
        (["sdkappid": "1400000000", "identifier": "boss", "usersig": signature(app: 1)], 70_014),
        (["sdkappid": "1400000000", "identifier": "boss", "usersig": signature(life: 0)], 70_001),
        (
            ["sdkappid": "1400000000", "identifier": "bob", "usersig": signature(by: "bob")],
            90_009
        ),
    ])
    func `a caller without a right is refused with Tencent's code`(
        query: [String: String],
        wanted: Int
    ) throws {
        guard case .failure(let refusal) = caller(query) else {
            Issue.record("let in")
            return
        }
        #expect(try code(refusal) == wanted)
        // Whatever was wrong with it, a signature is a secret.
        #expect(query["usersig"].map { !refusal.summary.contains($0) } ?? true)
    }

    @Test func `new credentials hold for the next call`() throws {
        let present = Mutex(Self.credentials)
        let gateway = TencentGateway { present.withLock { $0 } }
        let query = ["sdkappid": "1400000000", "identifier": "boss", "usersig": Self.signature()]
            .mapValues { Array($0.utf8) }
        _ = try gateway.caller(in: query, now: Self.now).get()
        present.withLock { $0.key = SecretKey("new") }
        guard case .failure(let refusal) = gateway.caller(in: query, now: Self.now) else {
            Issue.record("let in with the old key")
            return
        }
        #expect(try code(refusal) == 70_009)
    }

    // MARK: - Bodies

    private static let element = #"{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}"#

    private func read(_ body: String) -> Result<GatewayCall, GatewayRefusal> {
        gateway.call(in: Array(body.utf8), packetLimit: 12_000)
    }

    @Test func `a body becomes a message as written and a list of any length`() throws {
        let accounts = (0..<2_000).map { "\"user-\($0)\"" }.joined(separator: ", ")
        let call = try read(
            """
            {"From_Account": "dave", "To_Account": [\(accounts), "user-0"], "MsgSeq": 1,
             "MsgRandom": 4294967295, "MsgBody": [\(Self.element)], "NewField": {"a": 1.50}}
            """
        ).get()
        #expect(call.recipients.count == 2_001)
        #expect(call.recipients[1_999] == Account("user-1999"))
        let message = String(decoding: call.message.json, as: UTF8.self)
        // A field that Tencent may have added since passes; the call's own don't belong to it.
        #expect(
            message
                == #"{"From_Account":"dave","MsgBody":["# + Self.element
                + #"],"NewField":{"a":1.50}}"#
        )
    }

    @Test(arguments: [
        ("", 90_001), ("[]", 90_001), ("{", 90_001),
        (#"{"MsgRandom":1,"MsgBody":[@]}"#, 90_003),
        (#"{"To_Account":"a","MsgRandom":1,"MsgBody":[@]}"#, 90_003),
        (#"{"To_Account":[],"MsgRandom":1,"MsgBody":[@]}"#, 90_003),
        (#"{"To_Account":["a",5],"MsgRandom":1,"MsgBody":[@]}"#, 90_012),
        (#"{"To_Account":[""],"MsgRandom":1,"MsgBody":[@]}"#, 90_012),
        (#"{"To_Account":["a"],"MsgBody":[@]}"#, 90_005),
        (#"{"To_Account":["a"],"MsgRandom":4294967296,"MsgBody":[@]}"#, 90_005),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgSeq":-1,"MsgBody":[@]}"#, 90_004),
        (#"{"To_Account":["a"],"MsgRandom":1}"#, 90_007),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgBody":"x"}"#, 90_007),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgBody":["x"]}"#, 90_002),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgBody":[{"MsgType":"TIMTextElem"}]}"#, 90_002),
        (
            #"{"To_Account":["a"],"MsgRandom":1,"MsgBody":[{"MsgType":"T","MsgContent":{}}]}"#,
            90_010
        ),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgBody":[@],"From_Account":1}"#, 90_008),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgBody":[@],"SyncOtherMachine":3}"#, 90_031),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgBody":[@],"MsgLifeTime":604801}"#, 90_026),
        (#"{"To_Account":["a"],"MsgRandom":1,"MsgBody":[@],"MsgLifeTime":"1"}"#, 90_044),
    ])
    func `a bad body is refused with the code that Tencent has for it`(
        body: String,
        wanted: Int
    ) throws {
        let body = body.replacing("@", with: Self.element, maxReplacements: 1)
        guard case .failure(let refusal) = read(body) else {
            Issue.record("taken")
            return
        }
        #expect(try code(refusal) == wanted)
    }

    @Test(arguments: [
        #""MsgBody":["#, #""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":["#,
        #""CloudCustomData":["#, #""NewField":{"a":["#, #""To_Account":[["#, "",
    ])
    func `what isn't an account is refused while it is read, once it goes beyond a packet`(
        start: String
    ) throws {
        // Had all of it been read, this would be no JSON.
        let zeros = String(repeating: "0,", count: 100_000)
        let open = start.isEmpty ? "[" : #"{"MsgRandom":1,\#(start)"#
        guard case .failure(let refusal) = read(open + zeros + "nonsense") else {
            Issue.record("taken")
            return
        }
        #expect(try code(refusal) == 93_000)
        #expect(refusal.summary.contains("limits.packetBytes"))
    }

    @Test func `a message without room for an account is too large`() throws {
        let text = String(repeating: "x", count: 12_000)
        let body =
            #"{"To_Account":["a"],"MsgRandom":1,"MsgBody":["#
            + Self.element.replacing("hi", with: text) + "]}"
        guard case .failure(let refusal) = read(body) else {
            Issue.record("taken")
            return
        }
        #expect(try code(refusal) == 93_000)
    }

    @Test func `an acceptance has the campaign's id as its key`() throws {
        var random = SplitMix64(seed: 1)
        let id = Campaign.ID(at: Self.now, using: &random)
        let envelope = try JSON(parsing: gateway.acceptance(of: id))
        #expect(envelope["ActionStatus"]?.string == "OK")
        #expect(envelope["ErrorCode"]?.integer == 0)
        #expect(envelope["ErrorInfo"]?.string == "")
        #expect(envelope["MsgKey"]?.string == "\(id)")
    }
}
