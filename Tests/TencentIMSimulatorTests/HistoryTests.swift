import DeliveryCore
import TencentIMSimulator
import TestSupport
import Testing

@Suite struct HistoryTests {
    private var provider = SimulatedProvider(rules: .init(quota: nil, limitsCalls: false))

    @Test mutating func `a history shows all there is of a message`() throws {
        let message = makeMessage(customData: "mark")
        _ = provider.answer(makeCall(to: ["bonnie", "missing-1"], message: message), at: 5)
        #expect(
            try provider.page().text
                == #"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","Complete":1,"MsgCnt":1,"#
                + #""LastMsgTime":1700000005,"LastMsgKey":"7_9_1700000005","MsgList":["#
                + #"{"From_Account":"dave","To_Account":"bonnie","MsgSeq":7,"MsgRandom":9,"#
                + #""MsgTimeStamp":1700000005,"MsgFlagBits":0,"IsPeerRead":0,"#
                + #""MsgKey":"7_9_1700000005","MsgBody":[{"MsgType":"TIMTextElem","#
                + #""MsgContent":{"Text":"hi"}}],"CloudCustomData":"mark"}]}"#
        )
        #expect(provider.report.lookedUp == 1)
    }

    @Test(arguments: [
        ("bonnie", "dave", true, 1), ("bonnie", "dave", false, 1), ("dave", "bonnie", true, 1),
        ("dave", "bonnie", false, 0), ("bonnie", "eve", true, 0), ("eve", "bonnie", true, 0),
        ("rong", "dave", true, 0),
    ])
    mutating func `the recipient sees a message always, the sender one that is synced`(
        reader: String,
        peer: String,
        isSynced: Bool,
        count: Int
    ) throws {
        _ = provider.answer(makeCall(message: makeMessage(isSynced: isSynced)))
        #expect(try provider.page(of: reader, with: peer).sequences.count == count)
    }

    @Test mutating func `both sides of a conversation are in it`() throws {
        _ = provider.answer(makeCall(sequence: 1, message: makeMessage()))
        _ = provider.answer(
            makeCall(to: ["dave"], sequence: 2, message: makeMessage(from: "bonnie"))
        )
        #expect(try provider.page().sequences == [1, 2])
        let page = try provider.page(of: "dave", with: "bonnie")
        #expect(page.sequences == [1, 2])
        #expect(page.text.contains(#""From_Account":"bonnie","To_Account":"dave","MsgSeq":2"#))
    }

    @Test(arguments: [1, 30, 1_000])
    mutating func `pages lead from the latest message back to the oldest`(count: Int) throws {
        // Two in each second, so that a page ends within one.
        for number in 1...250 {
            let call = makeCall(sequence: UInt32(number), message: makeMessage())
            _ = provider.answer(call, at: Double(number / 2))
        }
        var pages = [try provider.page(count: count)]
        while let last = pages.last, !last.isComplete, pages.count < 300 {
            pages.append(
                try provider.page(count: count, through: last.lastTime, after: last.lastKey)
            )
        }
        // Some fifty of these fill an answer.
        let sizes = count == 1_000 ? 40...60 : count...count
        #expect(pages.dropLast().allSatisfy { sizes.contains($0.sequences.count) })
        // The provider's samples list the oldest of a page first.
        #expect(pages.reversed().flatMap(\.sequences) == Array(1...250))
    }

    @Test mutating func `an answer ends before 13 K, but for a single message`() throws {
        let sizes = [6_000, 6_000, 6_000, 20_000, 5]
        for (number, size) in sizes.enumerated() {
            let message = makeMessage(String(repeating: "x", count: size))
            _ = provider.answer(makeCall(sequence: UInt32(number), message: message))
        }
        var pages = [try provider.page()]
        while let last = pages.last, !last.isComplete, pages.count < 300 {
            pages.append(try provider.page(after: last.lastKey))
        }
        #expect(pages.map(\.sequences) == [[4], [3], [1, 2], [0]])
        #expect(pages.allSatisfy { $0.text.utf8.count < 13_000 || $0.sequences.count == 1 })
    }

    @Test(arguments: [
        (1_700_000_010, 1_700_000_020, [1, 2]), (1_700_000_011, 1_700_000_019, []),
        (1_700_000_020, 1_700_000_020, [2]), (0, 1_700_000_010, [1]),
    ])
    mutating func `the bounds of time are included`(from: Int, to: Int, found: [Int]) throws {
        _ = provider.answer(makeCall(sequence: 1, message: makeMessage()), at: 10)
        _ = provider.answer(makeCall(sequence: 2, message: makeMessage()), at: 20)
        #expect(try provider.page(from: from, through: to).sequences == found)
    }

    @Test mutating func `a repeat and a refusal leave nothing`() throws {
        _ = provider.answer(makeCall(message: makeMessage()))
        _ = provider.answer(makeCall(message: makeMessage()), at: 0.5)
        _ = provider.answer(makeCall(to: ["err-90048-a", "a"], message: makeMessage()))
        #expect(try provider.page().sequences == [7])
        #expect(try provider.page(of: "err-90048-a").sequences.isEmpty)
    }

    @Test(arguments: [
        ("", true), (#","MsgLifeTime":0"#, false), (#","OnlineOnlyFlag":1"#, false),
        (#","MsgLifeTime":1,"OnlineOnlyFlag":0"#, true),
    ])
    func `a message for those online alone leaves none`(more: String, isKept: Bool) throws {
        let body =
            #"{"To_Account":["a"],"MsgRandom":1,"#
            + #""MsgBody":[{"MsgType":"TIMCustomElem","MsgContent":{}}]\#(more)}"#
        let call = try BatchSendCall(
            parsing: Array(body.utf8),
            packetLimit: 12_288,
            administrator: "boss"
        )
        #expect((call.message != nil) == isKept)
        #expect(call.message?.sender ?? Array("boss".utf8) == Array("boss".utf8))
    }

    @Test mutating func `a history that is late shows a message only after its delay`() throws {
        provider.faults.historyDelay = .seconds(30)
        _ = provider.answer(makeCall(message: makeMessage()), at: 10)
        #expect(try provider.page(at: 39.999).sequences == [])
        #expect(try provider.recall("7_9_1700000010", at: 39.999) == 20022)
        #expect(try provider.page(at: 40).sequences == [7])
        #expect(try provider.recall("7_9_1700000010", at: 40) == 0)
    }

    @Test mutating func `a wiped message is never shown, and can't be recalled`() throws {
        provider.faults.historyWiped = 1
        _ = provider.answer(makeCall(message: makeMessage()))
        provider.faults.historyWiped = 0
        _ = provider.answer(makeCall(sequence: 8, message: makeMessage()))
        #expect(try provider.page().sequences == [8])
        #expect(try provider.recall("7_9_1700000000") == 20022)
        #expect(try provider.recall("8_9_1700000000") == 0)
    }

    @Test func `who is wiped follows from the generator, recipient by recipient`() throws {
        func shown(seed: UInt64) throws -> [String] {
            var provider = SimulatedProvider(rules: .init(quota: nil, limitsCalls: false))
            provider.faults.historyWiped = 0.3
            var random = SplitMix64(seed: seed)
            let names: [String] = makeAccounts(400)
            let call = makeCall(to: names, message: makeMessage())
            _ = provider.receive(call, now: at(0), using: &random)
            return try names.filter { try !provider.page(of: $0).sequences.isEmpty }
        }
        let first = try shown(seed: 1)
        #expect((240..<320).contains(first.count))
        #expect(try shown(seed: 1) == first)
        #expect(try shown(seed: 2) != first)
    }

    @Test mutating func `beyond its limit a history forgets the oldest, of everybody`() throws {
        provider = SimulatedProvider(
            rules: .init(quota: nil, limitsCalls: false, historyLimit: 50)
        )
        var random = SplitMix64(seed: 1)
        let names: [String] = makeAccounts(7)
        var written: [(account: String, sequence: Int)] = []
        for number in 1...4_000 {
            // The last one is addressed so seldom that its entries leave before the next comes.
            let accounts = names.filter {
                $0 == names[6] ? number % 40 == 0 : Bool.random(using: &random)
            }
            guard !accounts.isEmpty else { continue }
            _ = provider.answer(
                makeCall(to: accounts, sequence: UInt32(number), message: makeMessage())
            )
            written += accounts.map { ($0, number) }
            guard number % 97 == 0 else { continue }
            for name in names {
                let kept = written.suffix(50).filter { $0.account == name }.map(\.sequence)
                #expect(try provider.page(of: name).sequences == kept)
            }
        }
    }
}
