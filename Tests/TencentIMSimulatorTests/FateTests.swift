import TencentIMSimulator
import Testing

@Test(arguments: [
    ("bonnie", Fate.accepted),
    ("missing-1", .missing),
    ("missing-", .missing),
    ("missing", .accepted),
    ("err-70169-x", .refused(code: 70169)),
    ("err-70169", .accepted),
    ("err-0-x", .accepted),
    ("err-x-y", .accepted),
    ("flaky-2-70169-x", .flaky(times: 2, code: 70169)),
    ("flaky-0-70169-", .flaky(times: 0, code: 70169)),
    ("flaky-2-x", .accepted),
    ("Missing-1", .accepted),
    ("poison-1", .poison),
    ("poison", .accepted),
    ("unclear-70500-x", .unclear(code: 70500)),
    ("unclear-x", .accepted),
    ("", .accepted),
])
func `an account's name scripts its fate`(name: String, fate: Fate) {
    #expect(Fate(of: Array(name.utf8)) == fate)
}
