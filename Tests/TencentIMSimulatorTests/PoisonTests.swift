import TencentIMSimulator
import Testing

@Test func `a call that holds a poisonous account is refused whole, and nobody is accepted`() {
    var provider = SimulatedProvider()
    let refused = provider.answer(makeCall(to: ["bonnie", "poison-1", "rong"]))
    #expect(refused == .fail(90012))
    #expect(provider.report.refusals == [90012: 3])
    #expect(provider.report.accepted == 0)
    #expect(provider.answer(makeCall(to: ["bonnie", "rong"])).status == .ok)
}
