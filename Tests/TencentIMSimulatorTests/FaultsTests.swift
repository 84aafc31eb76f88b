import JSON
import TencentIMSimulator
import Testing

@Suite struct FaultsTests {
    @Test func `faults are read from JSON`() throws {
        let faults = try makeFaults(
            #"{"drop_before":1,"delay_in_ms":[1,2.5],"fail":{"code":60008,"calls":3},"#
                + #""history_delay_s":1.5,"history_wiped":0.25,"clock_off_s":-90,"lost_answers":2}"#
        )
        #expect(faults.historyDelay == .milliseconds(1_500))
        #expect(faults.historyWiped == 0.25)
        #expect(faults.clockOff == .seconds(-90))
        #expect(faults.lostAnswers == 2)
        #expect(faults.dropBefore == 1)
        #expect(faults.delayInMilliseconds == 1...2.5)
        #expect(faults.failure == SimulatedProvider.Failure(code: 60008, calls: 3))
        #expect(faults.hang == 0)
    }

    @Test(arguments: [
        "[]", #"{"drop":1}"#, #"{"hang":1.1}"#, #"{"hang":"1"}"#, #"{"delay_in_ms":[2,1]}"#,
        #"{"delay_in_ms":5}"#, #"{"fail":{"code":0,"calls":1}}"#, #"{"fail":{"code":1}}"#,
        #"{"all_commands":1}"#, #"{"history_delay_s":-1}"#, #"{"history_delay_s":"1"}"#,
        #"{"history_wiped":2}"#, #"{"clock_off_s":0.5}"#, #"{"clock_off_s":"1"}"#,
        #"{"clock_off_s":604801}"#, #"{"clock_off_s":-604801}"#, #"{"lost_answers":-1}"#,
        #"{"lost_answers":0.5}"#, #"{"lost_answers":"1"}"#,
    ])
    func `what can't be a fault is refused`(json: String) {
        #expect(throws: Faults.Fault.self) { try makeFaults(json) }
    }

    @Test(arguments: [
        ("drop_before", Faults.Ending.dropBefore), ("drop_after", .dropAfter), ("hang", .hang),
        ("http_502", .http502), ("garbage", .garbage),
    ])
    func `a sure fault strikes and one without a chance doesn't`(
        name: String,
        ending: Faults.Ending
    ) throws {
        // The largest draw there is strikes only what is sure.
        var largest = Constant(value: .max)
        let sure = try makeFaults("{\"\(name)\":1}")
        #expect(sure.course(using: &largest).ending == ending)
        let never = try makeFaults("{\"\(name)\":0}")
        #expect(never.course(using: &largest).ending == .answer)
    }

    @Test func `delays are drawn from their range`() throws {
        var largest = Constant(value: .max)
        let faults = try makeFaults(#"{"delay_in_ms":[20,250],"delay_out_ms":[7,7]}"#)
        let course = faults.course(using: &largest)
        #expect(course.delayIn == .milliseconds(250))
        #expect(course.delayOut == .milliseconds(7))
    }

    private func makeFaults(_ json: String) throws -> Faults {
        try Faults(JSON(parsing: Array(json.utf8)))
    }
}
