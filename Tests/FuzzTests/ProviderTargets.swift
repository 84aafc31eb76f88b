import DeliveryCore
import DeliveryEngine
import Foundation
import JSON
import TencentIM
import TencentIMSimulator
import TestSupport
import Testing

// What goes to the provider, and what comes back from it.
extension FuzzTests {
    private static let accounts = ["bonnie", "rong", "天", "a\"b\\c", "x y"].map { Account($0) }

    private static let answers = Mutator(
        [
            #"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MsgKey":"1_2_3"}"#,
            #"{"ActionStatus":"SomeError","ErrorCode":0,"MsgKey":"1_2_3","ErrorList":["#
                + #"{"To_Account":"rong","ErrorCode":70107},{"To_Account":"\u5929","ErrorCode":91000}]}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":90012,"ErrorInfo":"invalid To_Account"}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":"60007","ErrorList":null,"MsgId":"x"}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":70169,"ErrorList":["#
                + #"{"To_Account":"bonnie","ErrorCode":90048}]}"#,
            "<html>502</html>", "",
        ],
        tokens: [
            "\"OK\"", "\"O\u{212A}\"", "\"FAIL\"", "\"SomeError\"", "\"bonnie\"", "\"nobody\"",
            "90057", "70001", "93000", "90012", "91000", "60008", "12345", "\"ErrorList\":[],",
            "{\"To_Account\":\"bonnie\",\"ErrorCode\":0},",
            "\"e" + String(repeating: "\u{301}", count: 2_000) + "\"",
        ]
    )

    @Test func `any answer at all has an outcome, and only a whole one settles anything`()
        async throws
    {
        try await fuzz("answers", inputs: 3_000) { trial in
            let input =
                trial.chance(3)
                ? Self.answers.input(&trial) : Self.answers.document(&trial)
            trial.input = input
            let batch = Array(Self.accounts.prefix(trial.number(1...5)))
            let outcome = Answer.outcome(of: input, to: batch)
            Self.check(outcome, of: input, to: batch, &trial)
            guard outcome != .unknown(.unreadable), !input.isEmpty else { return }
            let end = input.lastIndex { $0 > 0x20 } ?? 0
            let part = Array(input[..<trial.number(0...end)])
            trial.expect(
                Answer.outcome(of: part, to: batch) == .unknown(.unreadable),
                "its first \(part.count) bytes settle something too"
            )
        }
    }

    private static func check(
        _ outcome: Outcome,
        of input: [UInt8],
        to batch: [Account],
        _ trial: inout Trial
    ) {
        let object = Foreign.parse(input) as? [String: Any]
        let status = (object?["ActionStatus"] as? String).map { Array($0.utf8) }
        let code = (object?["ErrorCode"] as? NSNumber)?.intValue
        let isFailure = status == Array("FAIL".utf8)
        // Foundation can't hold every number, and the fields we skip may have any.
        let isStranger = object == nil
        switch outcome {
        case .answered(let key, let refused):
            let accounts = refused.map(\.account)
            trial.expect(Set(accounts).count == accounts.count, "an account is refused twice")
            trial.expect(Set(accounts).isSubset(of: batch), "who wasn't addressed is refused")
            trial.expect(refused.allSatisfy { $0.code != 0 }, "refused with code 0")
            trial.expect(key.map { $0.utf8.count <= 100 } ?? true, "the key is long")
            let isWhole = ["OK", "SomeError"].contains { Array($0.utf8) == status }
            trial.expect(isFailure || isWhole || isStranger, "settled without a status")
            trial.expect(
                isStranger || isFailure == (accounts.count == batch.count) || isWhole,
                "FAIL accepts"
            )
        case .refused(_, let refusal, let text):
            trial.expect(
                refusal != 0 && (isFailure || isStranger),
                "a whole call refused without saying so"
            )
            trial.expect(code.map { $0 == refusal } ?? true, "refused with another code")
            trial.expect(text.utf8.count <= 1_000, "a text of \(text.utf8.count) bytes is kept")
            trial.expect(
                !text.unicodeScalars.contains { $0.properties.generalCategory == .control },
                "a text with control characters is kept"
            )
        case .notSent:
            trial.expect(false, "an answer says that nothing was sent")
        case .unknown:
            break
        }
    }

    private static let messages = Mutator(
        [
            #"{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi, beauty"}}]}"#,
            #"{"From_Account":"dave","SyncOtherMachine":2,"OnlineOnlyFlag":1,"MsgLifeTime":604800,"#
                + #""CloudCustomData":"\u5929\ud83d\ude00","SendMsgControl":["NoUnread","NoMsgCheck"],"#
                + #""OfflinePushInfo":{"PushFlag":0,"Title":"t","ApnsInfo":{"BadgeMode":1}},"#
                + #""IsNeedReadReceipt":1,"MsgBody":[{"MsgType":"TIMCustomElem","#
                + #""MsgContent":{"Data":"d","Desc":"","Ext":"","Sound":""}}]}"#,
            #"{"MsgBody":[{"MsgType":"TIMLocationElem","MsgContent":{"Desc":"d","Latitude":2.9e1,"#
                + #""Longitude":-116.5}},{"MsgType":"TIMFaceElem","MsgContent":{"Index":6,"Data":"x"}},"#
                + #"{"MsgType":"TIMSoundElem","MsgContent":{"Url":"u","Size":1,"Download_Flag":2}}]}"#,
            #"{ "MsgBody" : [ {"MsgType":"TIMImageElem","MsgContent":{"UUID":"u","ImageFormat":1,"#
                + #""ImageInfoArray":[{"Type":1,"Size":2,"Width":3,"Height":4,"URL":"x"}]}},"#
                + #"{"MsgType":"TIMFileElem","MsgContent":{"Url":"u","FileSize":4294967295}},"#
                + #"{"MsgType":"TIMVideoFileElem","MsgContent":{"VideoUrl":"u","VideoFormat":"mp4"}}]}"#,
        ],
        tokens: [
            "\"To_Account\":[\"x\"],", "\"MsgRandom\":1,", "\"MsgSeq\":1,", "\"missing-1\"",
            "\"\\u0054o_Account\":[],", "\"NoUnread\"", "\"TIMTextElem\"", "\"TIMCustomElem\"",
            "604801", "4294967296", "\"\\u0007\"", "\"\\u00a0\\u2029\\ud83d\\ude00\"",
        ]
    )

    @Test func `a message that passes makes requests that the provider reads alike`() async throws {
        try await fuzz("messages", inputs: 1_000) { trial in
            let input = Self.messages.document(&trial)
            trial.input = input
            let limit = trial.pick([12_000, 12_288, 1_000, 300])
            guard case .success(let message)? = Self.checked(input, limit: limit) else { return }
            Self.check(message, of: input, limit: limit, &trial)
            let accounts = Self.drawAccounts(&trial)
            let batch = Batch(
                id: Batch.ID(rawValue: 1),
                campaign: Campaign.ID(high: 1, low: 1),
                message: message,
                accounts: AccountRun(accounts),
                numbers: CallNumbers(
                    sequence: trial.pick([0, 7, .max]),
                    random: trial.pick([0, 9, .max])
                )
            )
            Self.check(RequestBody.encode(batch), of: batch, &trial)
        }
    }

    /// A text by the rules for messages; nil if it is no JSON.
    private static func checked(
        _ text: [UInt8],
        limit: Int
    ) -> Result<CheckedMessage, MessageFaults>? {
        do {
            let message = try JSON(parsing: text)
            return MessageTemplate().check(message, in: text, packetLimit: limit)
        } catch {
            return nil
        }
    }

    private static func drawAccounts(_ trial: inout Trial) -> [Account] {
        let letters = Array("a\"\\/é天😀 \u{200D}\u{FEFF}".unicodeScalars)
        var accounts: Set<Account> = []
        for _ in 0..<trial.number(1...20) {
            let scalars = (0..<trial.number(1...8)).map { _ in trial.pick(letters) }
            accounts.insert(Account(String(String.UnicodeScalarView(scalars))))
        }
        return accounts.sorted()
    }

    /// The message as it is sent is the message as it was given.
    private static func check(
        _ message: CheckedMessage,
        of input: [UInt8],
        limit: Int,
        _ trial: inout Trial
    ) {
        trial.expect(message.json.count <= input.count, "it grew")
        trial.expect(message.packetOverhead + 67 <= limit, "there is no room for an account")
        do {
            let given = try JSON(parsing: input)
            let sent = try JSON(parsing: message.json)
            trial.expect(Value(given) == Value(sent), "it changed on the way")
            for name in ["To_Account", "MsgRandom", "MsgSeq"] {
                trial.expect(sent[name] == nil, "it sets \(name)")
            }
        } catch {
            trial.expect(false, "what passed is no JSON: \(error)")
        }
        let again = checked(message.json, limit: limit)
        trial.expect(again == .success(message), "it doesn't stay the same when checked again")
    }

    private static func check(_ body: [UInt8], of batch: Batch, _ trial: inout Trial) {
        let digits =
            20 - String(batch.numbers.sequence).count - String(batch.numbers.random).count
        let counted = batch.accounts.reduce(batch.message.packetOverhead) {
            $0 + UserIDs().size(of: $1)
        }
        trial.expect(body.count == counted - 1 - digits, "\(body.count) bytes, counted \(counted)")
        do throws(CallRefusal) {
            let call = try BatchSendCall(parsing: body, packetLimit: body.count)
            trial.expect(call.accounts == batch.accounts.map(\.bytes), "other accounts")
            trial.expect(call.messageSequence == batch.numbers.sequence, "another MsgSeq")
            trial.expect(call.messageRandom == batch.numbers.random, "another MsgRandom")
        } catch {
            // What the simulator asks for beyond what our checks do: a field that the documents
            // don't agree on, and a sender that exists.
            trial.expect([90010, 90008].contains(error.code), "refused with \(error.code)")
            trial.expect(error.recipients == batch.accounts.count, "other accounts")
        }
    }

    private static let questions = Mutator(
        [
            #"{"Operator_Account":"bonnie","Peer_Account":"dave","MaxCnt":100,"#
                + #""MinTime":1699999900,"MaxTime":1700000100,"LastMsgKey":"7_9_1700000000"}"#,
            #"{"From_Account":"dave","To_Account":"bonnie","MsgKey":"7_9_1700000000"}"#,
            #"{"From_Account":"bonnie","To_Account":"dave","MsgKey":"7_9_1700000000"}"#,
        ],
        tokens: [
            "\"missing-1\"", "\"bonnie\"", "\"dave\"", "\"7_9_1700000000\"", "\"7_9\"",
            "1700000000",
        ]
    )

    @Test func `any look-up or recall is answered, and only its own key recalls a message`()
        async throws
    {
        let call = BatchSendCall(
            accounts: [Array("bonnie".utf8)],
            content: 1,
            messageSequence: 7,
            messageRandom: 9,
            byteCount: 1,
            message: Message(sender: Array("dave".utf8), body: Array("[]".utf8))
        )
        try await fuzz("look-ups and recalls", inputs: 1_000) { trial in
            var provider = SimulatedProvider()
            _ = provider.receive(call, now: at(0), using: &trial.random)
            let command = trial.pick([SimulatedCommand.history, .recall])
            trial.input = Self.questions.document(&trial)
            do throws(CallRefusal) {
                let question = try NeighbourCall(command, parsing: trial.input)
                let answer = Foreign.parse(provider.receive(question, now: at(1)))
                trial.expect(answer is [String: Any], "the answer can't be read")
                guard case .recall(let recall) = question else { return }
                let isOurs =
                    recall.sender == call.message?.sender && recall.recipient == call.accounts[0]
                    && recall.key.text == "7_9_1700000000"
                trial.expect(provider.report.recalled == (isOurs ? 1 : 0), "another's was recalled")
            } catch {
                let codes = [90001, 90003, 90008, 90010, 90054]
                trial.expect(codes.contains(error.code), "refused with \(error.code)")
            }
        }
    }

    private static let signatures: [[UInt8]] = [1, 2, 3].map { number in
        let credentials = AppCredentials(
            sdkAppID: 1_400_000_000,
            administrator: "administrator",
            key: SecretKey("5bd2850fff3ecb11")
        )
        return Array(UserSig.sign(credentials, at: Int64(1_000 * number), life: 500).utf8)
    }

    @Test func `no change to a signature makes it say more`() async throws {
        let mutator = Mutator(bytes: Self.signatures, tokens: ["*", "-", "_", "=", "eJw", "AAAA"])
        let key = "5bd2850fff3ecb11"
        let credentials = AppCredentials(
            sdkAppID: 1_400_000_000,
            administrator: "administrator",
            key: SecretKey(key)
        )
        let verifier = UserSigVerifier(sdkAppID: 1_400_000_000, secretKey: Array(key.utf8))
        try await fuzz("signatures", inputs: 500) { trial in
            let input = mutator.input(&trial)
            trial.input = input
            let text = String(decoding: input, as: UTF8.self)
            // The three end at 1500, 2500 and 3500 seconds.
            let valid = ([1_200, 2_200, 3_200] as [Int64]).filter {
                UserSig.verify(text, for: credentials, at: $0) == nil
            }
            for time in [3_500, .max] as [Int64] {
                trial.expect(
                    UserSig.verify(text, for: credentials, at: time) != nil,
                    "it lives past its time"
                )
            }
            let other = AppCredentials(
                sdkAppID: 1_400_000_000,
                administrator: "administrator",
                key: SecretKey(key + "0")
            )
            trial.expect(UserSig.verify(text, for: other, at: 1_200) != nil, "any key will do")
            do throws(CallRefusal) {
                let ticket = try verifier.verify(input, identifier: "administrator")
                trial.expect(
                    [1_500, 2_500, 3_500].contains(ticket.expiresAt),
                    "it ends at \(ticket.expiresAt)"
                )
            } catch {
                trial.expect(valid.isEmpty, "the simulator refuses it with \(error.code)")
            }
        }
    }

    @Test func `a signature holds for whom and when it was made`() async throws {
        try await fuzz("signing", inputs: 100) { trial in
            let names = Array("ad\"\\\n天é\u{0}:".unicodeScalars)
            let scalars = (0..<trial.number(1...12)).map { _ in trial.pick(names) }
            let credentials = AppCredentials(
                sdkAppID: trial.pick([1, 1_400_000_000, 4_294_967_295]),
                administrator: String(String.UnicodeScalarView(scalars)),
                key: SecretKey(String(repeating: "k", count: trial.number(1...200)))
            )
            let time = Int64(trial.number(0...4_000_000_000))
            let life = Int64(trial.number(1...200_000_000))
            trial.input = Array(credentials.administrator.utf8)
            let signature = UserSig.sign(credentials, at: time, life: life)
            trial.expect(
                UserSig.verify(signature, for: credentials, at: time + life - 1) == nil,
                "it doesn't hold"
            )
            trial.expect(
                UserSig.verify(signature, for: credentials, at: time + life) == .expired,
                "it doesn't end"
            )
            trial.expect(
                signature.utf8.allSatisfy {
                    switch $0 {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2A, 0x2D, 0x5F: true
                    default: false
                    }
                },
                "a byte that isn't of its alphabet"
            )
        }
    }
}
