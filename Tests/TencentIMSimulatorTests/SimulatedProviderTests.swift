import TencentIMSimulator
import TestSupport
import Testing

@Suite struct SimulatedProviderTests {
    @Test func `everybody accepted is OK, with a key of sequence, random and second`() {
        var provider = SimulatedProvider()
        let answer = provider.answer(makeCall(sequence: 7, random: 9), at: 1.9)
        #expect(answer == Envelope(status: .ok, messageKey: "7_9_1700000001"))
    }

    @Test func `some accepted is SomeError with code 0 and the others' codes`() {
        var provider = SimulatedProvider()
        let answer = provider.answer(makeCall(to: ["a", "missing-b", "err-90048-c"]))
        #expect(answer.status == .someError)
        #expect(answer.code == 0)
        #expect(answer.messageKey != nil)
        #expect(answer.listed == ["missing-b 70107", "err-90048-c 90048"])
    }

    @Test(arguments: [
        (["missing-a", "missing-b"], 90012),
        (["err-70169-a", "missing-b"], 70169),
        (["missing-a", "err-70169-b"], 70107),
        (["flaky-1-91000-a"], 91000),
    ])
    func `nobody accepted is FAIL with one code`(accounts: [String], code: Int) {
        var provider = SimulatedProvider()
        #expect(provider.answer(makeCall(to: accounts)) == .fail(code))
    }

    @Test func `a FAIL lists its accounts where that was asked for`() {
        var provider = SimulatedProvider(rules: .init(listsFailures: true))
        let answer = provider.answer(makeCall(to: ["missing-a", "missing-b"]))
        #expect(answer.code == 90012)
        #expect(answer.listed == ["missing-a 70107", "missing-b 70107"])
    }

    @Test func `a flaky account is refused so many times and accepted then`() {
        var provider = SimulatedProvider()
        let call = makeCall(to: ["flaky-2-70169-a", "b"], sequence: nil)
        #expect(provider.answer(call).listed == ["flaky-2-70169-a 70169"])
        #expect(provider.answer(call).listed == ["flaky-2-70169-a 70169"])
        #expect(provider.answer(call).status == .ok)
        #expect(provider.report.refusals == [70169: 2])
    }

    @Test func `who gets a message twice is counted, another message is none of it`() {
        var provider = SimulatedProvider()
        _ = provider.answer(makeCall(to: ["a", "b"]), at: 0)
        _ = provider.answer(makeCall(to: ["b", "c"]), at: 5)
        _ = provider.answer(makeCall(to: ["a"], content: 2), at: 6)
        #expect(provider.report.accepted == 5)
        #expect(provider.report.acceptedTwice == 1)
    }

    @Test func `the very same call is dropped within its second and not in the next`() {
        var provider = SimulatedProvider()
        let first = provider.answer(makeCall(), at: 0.1)
        let second = provider.answer(makeCall(), at: 0.9)
        #expect(first == second)
        #expect(provider.report.accepted == 1)
        _ = provider.answer(makeCall(), at: 1.1)
        #expect(provider.report.acceptedTwice == 1)
    }

    @Test func `a call that was accepted for nobody leaves nothing to drop a repeat for`() {
        var provider = SimulatedProvider()
        #expect(provider.answer(makeCall(to: ["flaky-1-91000-a"]), at: 0.1).status == .fail)
        #expect(provider.answer(makeCall(to: ["flaky-1-91000-a"]), at: 0.9).status == .ok)
        #expect(provider.report.accepted == 1)
    }

    @Test func `a told failure refuses so many calls`() {
        var provider = SimulatedProvider()
        provider.faults.failure = .init(code: 60008, calls: 2)
        #expect(provider.answer(makeCall(to: ["a", "b"])) == .fail(60008))
        #expect(provider.answer().code == 60008)
        #expect(provider.answer().status == .ok)
        #expect(provider.report.refusals == [60008: 3])
    }

    @Test func `the report counts calls, recipients and the largest of both`() {
        var provider = SimulatedProvider()
        _ = provider.answer(makeCall(to: makeAccounts(3), byteCount: 900))
        _ = provider.refuse(CallRefusal(90012, recipients: 5), byteCount: 300, now: at(0))
        _ = provider.refuse(CallRefusal(90001), byteCount: 2, now: at(0))
        let report = provider.report
        #expect(report.calls == 3)
        #expect(report.recipients == 8)
        #expect(report.largestBatch == 5)
        #expect(report.largestPacketBytes == 900)
        #expect(report.refusals == [90012: 5, 90001: 1])
    }
}
