import TencentIMSimulator
import TestSupport
import Testing

@Suite struct RecallTests {
    private var provider = SimulatedProvider()

    @Test mutating func `a message is recalled once, from one recipient`() throws {
        _ = provider.answer(makeCall(to: ["bonnie", "rong"], message: makeMessage()))
        #expect(try provider.recall() == 0)
        #expect(try provider.recall() == 20023)
        #expect(try provider.page().flags == [8])
        #expect(try provider.page(of: "rong").flags == [0])
        #expect(try provider.recall(to: "rong") == 0)
        #expect(provider.report.recalled == 2)
        #expect(provider.report.refusals == [20023: 1])
    }

    @Test(arguments: [
        ("7_9_1700000001", "dave", "bonnie", 20022), ("8_9_1700000000", "dave", "bonnie", 20022),
        ("7_8_1700000000", "dave", "bonnie", 20022), ("7_9_1700000000", "eve", "bonnie", 20022),
        ("7_9_1700000000", "dave", "rong", 20022), ("7_9_1700000000", "bonnie", "dave", 20022),
        ("7_9_1700000000", "dave", "missing-1", 90003),
        ("7_9_1700000000", "missing-1", "bonnie", 90008),
        ("7_9_1700000000", "dave", "", 90003), ("7_9_1700000000", "", "bonnie", 90008),
        ("", "dave", "bonnie", 90054), ("7_9", "dave", "bonnie", 90054),
        ("7_9_1700000000_1", "dave", "bonnie", 90054), ("7_9_x", "dave", "bonnie", 90054),
        ("4294967296_9_1", "dave", "bonnie", 90054), ("07_9_1700000000", "dave", "bonnie", 90054),
    ])
    mutating func `what doesn't name a message has its code`(
        key: String,
        sender: String,
        recipient: String,
        code: Int
    ) throws {
        _ = provider.answer(makeCall(message: makeMessage()))
        #expect(try provider.recall(key, from: sender, to: recipient) == code)
        #expect(try provider.page().flags == [0])
        #expect(provider.report.recalled == 0)
        #expect(provider.report.refusals == [code: 1])
    }

    @Test(arguments: [
        (SimulatedCommand.recall, "x", 90001), (.recall, "[]", 90001), (.recall, "{}", 90008),
        (.recall, #"{"From_Account":"a","To_Account":["b"],"MsgKey":"1_2_3"}"#, 90003),
        (.recall, #"{"From_Account":"a","To_Account":"b"}"#, 90054),
        (.recall, #"{"From_Account":"a","To_Account":"b","MsgKey":5}"#, 90054),
        (.history, "x", 90001), (.history, "{}", 90008),
        (.history, #"{"Operator_Account":"missing-1","Peer_Account":"b"}"#, 90008),
        (.history, #"{"Operator_Account":"a","Peer_Account":"missing-1"}"#, 90003),
        (.history, #"{"Operator_Account":"a"}"#, 90003),
        (.history, #"{"Operator_Account":"a","Peer_Account":"b","MinTime":0,"MaxTime":1}"#, 90010),
        (
            .history,
            #"{"Operator_Account":"a","Peer_Account":"b","MaxCnt":1,"MinTime":0,"MaxTime":1,"#
                + #""LastMsgKey":"x"}"#, 90054
        ),
        (
            .history,
            #"{"Operator_Account":"a","Peer_Account":"b","MaxCnt":1,"MinTime":0,"MaxTime":1,"#
                + #""LastMsgKey":""}"#, 0
        ),
    ])
    mutating func `fields are checked with the provider's codes`(
        command: SimulatedCommand,
        body: String,
        code: Int
    ) {
        #expect(provider.answer(command, body).contains(#""ErrorCode":\#(code),"#))
    }

    private static let bodies: [SimulatedCommand: String] = [
        .accountCheck: #"{"CheckItem":[{"UserID":"a"}]}"#,
        .recall: #"{"From_Account":"a","To_Account":"b","MsgKey":"1_2_3"}"#,
        .history:
            #"{"Operator_Account":"a","Peer_Account":"b","MaxCnt":1,"MinTime":0,"MaxTime":1}"#,
    ]

    @Test(arguments: [(SimulatedCommand.accountCheck, 100), (.history, 200), (.recall, 200)])
    mutating func `each command has a rate in any second, and none touches another's`(
        command: SimulatedCommand,
        limit: Int
    ) throws {
        let body = try #require(Self.bodies[command])
        let refused = #""ErrorCode":60007"#
        for _ in 0..<limit {
            #expect(!provider.answer(command, body, at: 0.5).contains(refused))
        }
        #expect(provider.answer(command, body, at: 1.49).contains(refused))
        for (other, body) in Self.bodies where other != command {
            #expect(!provider.answer(other, body, at: 1.49).contains(refused))
        }
        // The call that was refused counts still.
        for _ in 1..<limit {
            #expect(!provider.answer(command, body, at: 1.5).contains(refused))
        }
        #expect(provider.answer(command, body, at: 1.5).contains(refused))
        #expect(provider.report.refusals[60007] == 2)
    }

    @Test mutating func `without rates everything goes`() throws {
        provider = SimulatedProvider(rules: .init(limitsCalls: false))
        for (command, body) in Self.bodies {
            for _ in 0..<300 { #expect(!provider.answer(command, body).contains("60007")) }
        }
    }

    @Test mutating func `a failure that is meant for all commands strikes these too`() throws {
        provider.faults.failure = .init(code: 91000, calls: 2)
        #expect(try provider.recall() == 20022)
        provider.faults.areForAllCommands = true
        #expect(try provider.recall() == 91000)
        #expect(try provider.page().code == 91000)
        #expect(try provider.recall() == 20022)
    }

    @Test mutating func `account_check says who is unclear`() {
        let body =
            #"{"CheckItem":[{"UserID":"a"},{"UserID":"missing-1"},{"UserID":"unclear-70500-x"}]}"#
        #expect(
            provider.answer(.accountCheck, body).hasSuffix(
                #""ResultItem":["#
                    + #"{"UserID":"a","ResultCode":0,"ResultInfo":"","AccountStatus":"Imported"},"#
                    + #"{"UserID":"missing-1","ResultCode":0,"ResultInfo":"","#
                    + #""AccountStatus":"NotImported"},{"UserID":"unclear-70500-x","#
                    + #""ResultCode":70500,"ResultInfo":"error 70500","AccountStatus":""}]}"#
            )
        )
        #expect(provider.answer(makeCall(to: ["unclear-70500-x"])).status == .ok)
        #expect(provider.report.checked == 3)
    }
}
