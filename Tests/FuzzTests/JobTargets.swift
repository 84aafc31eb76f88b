import DeliveryCore
import Foundation
import TencentIM
import TencentIMSimulator
import TestSupport
import Testing

// What the calls of jobs ask the provider, and what comes back.
extension FuzzTests {
    private static let message = makeMessage("hi")
    private static let looked = [
        CallNumbers(sequence: 7, random: 9), .init(sequence: 8, random: 0),
    ]

    private static func makeMessage(_ text: String, from sender: String? = "dave") -> CheckedMessage
    {
        let name = sender.map { #""From_Account":"\#($0)","# } ?? ""
        let body = #""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"\#(text)"}}]"#
        return CheckedMessage(json: Array("{\(name)\(body)}".utf8), packetOverhead: 0)
    }

    private static func makeCall(_ numbers: CallNumbers, at seconds: Double = 0) -> UnknownCall {
        UnknownCall(
            numbers: numbers,
            sender: nil,
            sentAt: at(seconds).timestamp,
            endedAt: at(seconds + 3).timestamp
        )
    }

    private static let pages = Mutator(
        [
            #"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","Complete":1,"MsgCnt":2,"#
                + #""LastMsgTime":1700000000,"LastMsgKey":"5_6_1700000000","MsgList":["#
                + #"{"From_Account":"eve","To_Account":"bonnie","MsgSeq":5,"MsgRandom":6,"#
                + #""MsgTimeStamp":1700000000,"MsgFlagBits":0,"IsPeerRead":0,"#
                + #""MsgKey":"5_6_1700000000","MsgBody":[]},"#
                + #"{"From_Account":"dave","To_Account":"bonnie","MsgSeq":7,"MsgRandom":9,"#
                + #""MsgFlagBits":8,"MsgKey":"7_9_1700000001","CloudCustomData":"\u5929"}]}"#,
            #"{"ActionStatus":"OK","ErrorCode":0,"Complete":0,"MsgCnt":1,"LastMsgTime":1700000002,"#
                + #""LastMsgKey":"1_2_1700000002","MsgList":[{"From_Account":"dave","MsgSeq":1,"#
                + #""MsgRandom":2,"MsgKey":"1_2_1700000002"}]}"#,
            #"{"ActionStatus":"OK","ErrorCode":0,"Complete":1,"MsgCnt":0,"MsgList":[]}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":90008,"ErrorInfo":"no such account"}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":"60007"}"#,
        ],
        tokens: [
            "\"dave\"", "\"OK\"", "\"FAIL\"", "7", "9", "8", "1700000000", "1699999940",
            "90003", "90012", "93000", "91000", "12345", "\"1_2_1700000002\"", "\"Complete\":0,",
        ]
    )

    @Test func `any answer to a look-up has an outcome, and no walk goes on for ever`()
        async throws
    {
        try await fuzz("histories' answers", inputs: 3_000) { trial in
            let input = trial.chance(3) ? Self.pages.input(&trial) : Self.pages.document(&trial)
            trial.input = input
            let position = trial.pick([
                nil, HistoryPosition(time: 1_700_000_002, key: Array("1_2_1700000002".utf8)),
            ])
            let lookUp = LookUp(
                account: Account("bonnie"),
                message: Self.message,
                calls: Self.looked.map { Self.makeCall($0) },
                position: position
            )
            let question = HistoryQuestion(lookUp, administrator: "administrator")
            let clockLead = trial.pick([nil, 0, 60, 61, Int.min])
            let outcome = question.outcome(of: input, clockLead: clockLead)
            Self.check(outcome, &trial)
            if case .answered(let page) = outcome {
                Self.check(page, behind: position, clockLead: clockLead, &trial)
            }
            Self.checkParts(of: input, unless: outcome == .unknown(.unreadable), &trial) {
                question.outcome(of: $0, clockLead: nil) == .unknown(.unreadable)
            }
        }
    }

    private static func check(
        _ page: HistoryPage,
        behind position: HistoryPosition?,
        clockLead: Int?,
        _ trial: inout Trial
    ) {
        if let found = page.found {
            trial.expect(looked.contains(found.numbers), "another's call is found")
            trial.expect(found.messageKey.map { $0.utf8.count <= 100 } ?? true, "the key is long")
            trial.expect(page.next == nil, "the walk goes on behind what was found")
        } else {
            trial.expect((clockLead ?? 0).magnitude <= 60, "not found, by a clock that is off")
        }
        guard let next = page.next else { return }
        trial.expect(next.key != position?.key && !next.key.isEmpty, "the walk stands still")
        trial.expect(next.time <= position?.time ?? 1_700_000_064, "the walk goes forward")
        trial.expect(next.time >= 1_699_999_940, "the walk leaves its times")
        trial.expect(next.pages == (position?.pages ?? 0) + 1, "the pages aren't counted")
    }

    private static let withdrawals = Mutator(
        [
            #"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":20023,"ErrorInfo":"message already recalled"}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":20022,"ErrorInfo":"message not found"}"#,
            #"{"ActionStatus":"FAIL","ErrorCode":90008}"#,
        ],
        tokens: ["\"OK\"", "\"FAIL\"", "20022", "20023", "20016", "90054", "90012", "93000"]
    )

    @Test func `any answer to a recall has an outcome, and only two codes recall`() async throws {
        try await fuzz("recalls' answers", inputs: 3_000) { trial in
            let input =
                trial.chance(3) ? Self.withdrawals.input(&trial) : Self.withdrawals.document(&trial)
            trial.input = input
            let outcome = RecallRequest.outcome(of: input)
            Self.check(outcome, &trial)
            switch outcome {
            case .answered(.recalled(let code)):
                trial.expect([0, 20_023].contains(code), "recalled by \(code)")
            case .answered(.missing(let code)):
                trial.expect(code == 20_022, "missing by \(code)")
            case .refused, .notSent, .unknown: break
            }
            Self.checkParts(of: input, unless: outcome == .unknown(.unreadable), &trial) {
                RecallRequest.outcome(of: $0) == .unknown(.unreadable)
            }
        }
    }

    private static func check<Answer>(_ outcome: JobOutcome<Answer>, _ trial: inout Trial) {
        switch outcome {
        case .refused(let refusal, let code, let text):
            trial.expect(
                refusal != .recipientsUnconfirmed && refusal != .tooLarge,
                "a call about one account is refused with \(refusal)"
            )
            trial.expect(code != 0, "refused with code 0")
            trial.expect(text.utf8.count <= 1_000, "a text of \(text.utf8.count) bytes is kept")
        case .notSent: trial.expect(false, "an answer says that nothing was sent")
        case .answered, .unknown: break
        }
    }

    /// No part of an answer that settles something does so too.
    private static func checkParts(
        of input: [UInt8],
        unless isUnreadable: Bool,
        _ trial: inout Trial,
        _ isNothing: ([UInt8]) -> Bool
    ) {
        guard !isUnreadable, let end = input.lastIndex(where: { $0 > 0x20 }) else { return }
        let part = Array(input[..<trial.number(0...end)])
        trial.expect(isNothing(part), "its first \(part.count) bytes settle something too")
    }

    @Test func `what the provider accepted is found, whatever lies around it, and recalled once`()
        async throws
    {
        try await fuzz("histories", inputs: 300) { trial in
            var provider = SimulatedProvider(rules: .init(quota: nil, limitsCalls: false))
            let account = Account(trial.pick(["bonnie", "天", "a\"b\\c"]))
            let sender = trial.pick([nil, "dave", "eve"])
            let message = Self.makeMessage(
                String(repeating: "x", count: trial.pick([1, 500, 6_000])),
                from: sender
            )
            // Several in each second, some of which never arrive.
            let count = trial.number(1...250)
            let perSecond = trial.pick([1, 3, 40, 300])
            var calls: [(call: UnknownCall, isAccepted: Bool)] = []
            for number in 1...count {
                let numbers = CallNumbers(sequence: UInt32(number), random: trial.pick([0, .max]))
                let seconds = Double(number) / Double(perSecond)
                let isAccepted = !trial.chance(4)
                calls.append((Self.makeCall(numbers, at: seconds), isAccepted))
                guard isAccepted else { continue }
                let batch = Batch(
                    id: Batch.ID(rawValue: 1),
                    campaign: Campaign.ID(high: 1, low: 1),
                    message: message,
                    accounts: AccountRun([account]),
                    numbers: numbers
                )
                let body = RequestBody.encode(batch)
                do throws(CallRefusal) {
                    let call = try BatchSendCall(parsing: body, packetLimit: .max)
                    _ = provider.receive(call, now: at(seconds), using: &trial.random)
                } catch {
                    trial.expect(false, "a batch is refused with \(error.code)")
                }
            }
            let asked = (0..<trial.number(1...3)).map { _ in trial.pick(calls) }
            let found = Self.walk(
                asked.map(\.call),
                of: account,
                message,
                in: &provider,
                &trial
            )
            trial.expect(
                (found != nil) == asked.contains { $0.isAccepted },
                "found: \(found != nil)"
            )
            guard let found else { return }
            let isRight = asked.contains { $0.isAccepted && $0.call.numbers == found.numbers }
            trial.expect(isRight, "a call that never arrived is found")
            guard let messageKey = found.messageKey else {
                return trial.expect(false, "it has no key")
            }
            let recall = Recall(
                account: account,
                message: message,
                sender: nil,
                messageKey: messageKey
            )
            let body = RecallRequest(recall, administrator: "administrator").body
            for code in [0, 20_023] {
                let outcome = RecallRequest.outcome(of: Self.answer(.recall, body, of: &provider))
                trial.expect(outcome == .answered(.recalled(code: code)), "\(outcome)")
            }
        }
    }

    /// Reads page after page until the call is found or the history ends.
    private static func walk(
        _ calls: [UnknownCall],
        of account: Account,
        _ message: CheckedMessage,
        in provider: inout SimulatedProvider,
        _ trial: inout Trial
    ) -> FoundCall? {
        var position: HistoryPosition?
        repeat {
            let lookUp = LookUp(
                account: account,
                message: message,
                calls: calls,
                position: position
            )
            let question = HistoryQuestion(lookUp, administrator: "administrator")
            let outcome = question.outcome(
                of: answer(.history, question.body, of: &provider),
                clockLead: 0
            )
            guard case .answered(let page) = outcome else {
                trial.expect(false, "a page ends as \(outcome)")
                return nil
            }
            if let found = page.found { return found }
            position = page.next
        } while position != nil
        return nil
    }

    private static func answer(
        _ command: SimulatedCommand,
        _ body: [UInt8],
        of provider: inout SimulatedProvider
    ) -> [UInt8] {
        do throws(CallRefusal) {
            return provider.receive(try NeighbourCall(command, parsing: body), now: at(1_000))
        } catch {
            return provider.refuse(error).json
        }
    }
}
