import DeliveryCore
import TestSupport
import Testing

struct AccountTests {
    @Test(arguments: [
        ([], Account.Fault.empty),
        ([0x61, 0x0A], .controlCharacter),
        ([0x7F], .controlCharacter),
        ([0xC2, 0x80], .controlCharacter),
        ([0xC2, 0x9F], .controlCharacter),
        ([0xFF], .invalidUTF8),
        ([0xC0, 0x80], .invalidUTF8),
        ([0xED, 0xA0, 0x80], .invalidUTF8),
        ([0xE4, 0xBD], .invalidUTF8),
    ])
    func `bytes that are no account say why`(bytes: [UInt8], fault: Account.Fault) {
        #expect(Account.fault(in: bytes) == fault)
    }

    @Test(arguments: [[0x61], [0xC2, 0xA0], Array("用户 ".utf8)])
    func `other bytes are an account`(bytes: [UInt8]) {
        #expect(Account.fault(in: bytes) == nil)
    }

    @Test func `two spellings of one letter are two accounts`() {
        let composed = Account("\u{E9}")
        let decomposed = Account("e\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
    }

    @Test func `accounts are ordered by bytes`() {
        #expect(Account("Z") < Account("a"))
        #expect(Account("a") < Account("aa"))
        #expect(Account("z") < Account("ä"))
    }

    @Test func `a run keeps accounts in one piece`() {
        var run = AccountRun([Account("a"), Account("用户")])
        run.append(Account("b").bytes)
        #expect(run.map(\.bytes) == ["a", "用户", "b"].map { Array($0.utf8) })
        #expect(run.footprint == 8 + 3 * 4)
        run.removeAll()
        #expect(run.isEmpty)
    }

    @Test func `runs are joined, and their last accounts taken off`() {
        var run = AccountRun(["a", "用户"].map { Account($0) })
        run.append(AccountRun(["bonnie", "c"].map { Account($0) }))
        #expect(run.map(\.text) == ["a", "用户", "bonnie", "c"])
        run.removeLast()
        run.append(Array("dave".utf8))
        #expect(run.map(\.text) == ["a", "用户", "bonnie", "dave"])
        for _ in run { run.removeLast() }
        #expect(run.isEmpty && run.bytes.isEmpty)
    }
}

struct CampaignIDTests {
    @Test func `an id is a version 7 UUID of its time`() {
        var random = SplitMix64(seed: 1)
        let id = Campaign.ID(at: Timestamp(milliseconds: 0x0123_4567_89AB), using: &random)
        #expect(id.description.hasPrefix("01234567-89ab-7"))
        #expect("89ab".contains(Array(id.description)[19]))
        #expect(id.description.utf8.count == 36)
    }

    @Test func `later ids are greater, as values and as text`() {
        var random = SplitMix64(seed: 2)
        let ids = (0..<100).map {
            Campaign.ID(at: Timestamp(milliseconds: 1_700_000_000_000 + $0), using: &random)
        }
        #expect(ids == ids.sorted())
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
    }

    @Test func `an id reads its own text and nothing else`() {
        var random = SplitMix64(seed: 3)
        let id = Campaign.ID(at: Timestamp(milliseconds: 1_700_000_000_000), using: &random)
        #expect(Campaign.ID(id.description) == id)
        #expect(Campaign.ID(id.description.uppercased()) == nil)
        #expect(Campaign.ID(id.description + "0") == nil)
        #expect(Campaign.ID(String(id.description.dropLast())) == nil)
        #expect(Campaign.ID("0123456789ab-89ab-7000-8000-00000000") == nil)
        #expect(Campaign.ID("01234567-89ab-7000-8000-00000000000g") == nil)
        #expect(Campaign.ID("") == nil)
    }
}

struct CampaignStateTests {
    /// Where each transition leads from each state: `=` stays, `-` is refused.
    static let table: [(Campaign.Transition, [Campaign.State: String])] = [
        (
            .start,
            [
                .draft: "running", .scheduled: "=", .running: "=", .paused: "-", .halted: "-",
                .completed: "-", .canceled: "-", .expired: "-",
            ]
        ),
        (
            .pause,
            [
                .draft: "-", .scheduled: "paused", .running: "paused", .paused: "=", .halted: "-",
                .completed: "-", .canceled: "-", .expired: "-",
            ]
        ),
        (
            .resume,
            [
                .draft: "-", .scheduled: "=", .running: "=", .paused: "running",
                .halted: "running", .completed: "-", .canceled: "-", .expired: "-",
            ]
        ),
        (
            .cancel,
            [
                .draft: "canceled", .scheduled: "canceled", .running: "canceled",
                .paused: "canceled", .halted: "canceled", .completed: "-", .canceled: "=",
                .expired: "-",
            ]
        ),
        (
            .begin,
            [
                .draft: "=", .scheduled: "running", .running: "=", .paused: "=", .halted: "=",
                .completed: "=", .canceled: "=", .expired: "=",
            ]
        ),
        (
            .expire,
            [
                .draft: "-", .scheduled: "expired", .running: "expired", .paused: "expired",
                .halted: "expired", .completed: "=", .canceled: "=", .expired: "=",
            ]
        ),
        (
            .halt(Campaign.Reason(code: 80_001, text: "")),
            [
                .draft: "=", .scheduled: "=", .running: "halted", .paused: "=", .halted: "=",
                .completed: "=", .canceled: "=", .expired: "=",
            ]
        ),
    ]

    @Test(arguments: 0..<table.count, Campaign.State.allCases)
    func `every transition from every state is as the table says`(
        row: Int,
        state: Campaign.State
    ) throws {
        let (transition, steps) = Self.table[row]
        let cell = try #require(steps[state])
        let expected: Campaign.State.Step =
            switch cell {
            case "=": .stays
            case "-": .refused
            default: .to(try #require(Campaign.State(rawValue: cell)))
            }
        #expect(state.step(transition, startsLater: false) == expected)
    }

    @Test func `a start that lies ahead leads to scheduled`() {
        #expect(Campaign.State.draft.step(.start, startsLater: true) == .to(.scheduled))
        #expect(Campaign.State.paused.step(.resume, startsLater: true) == .to(.scheduled))
        #expect(Campaign.State.scheduled.step(.begin, startsLater: true) == .stays)
    }
}
