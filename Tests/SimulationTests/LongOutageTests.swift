import DeliveryCore
import Simulation
import TestSupport
import Testing

/// An hour in which no call gets through, in every way that Tencent has to say so.
///
/// One after the other: a hundred lives at once would keep the tests with sockets from their turn.
@Suite(.serialized)
struct LongOutageTests {
    /// What every call of the hour gets.
    enum Trouble: String, CaseIterable {
        case badGateway, code91000, listed91000, listedInSomeError, code60008
        case refusedConnection, lost
        /// One kind of trouble after the other.
        case changing

        func fate(of call: Story.Call) -> Faults.CallFate {
            let batch = call.batch
            return switch self {
            case .badGateway: .badGateway(isAccepted: false)
            case .code91000: TencentAnswers.refusal(91_000, batch)
            case .listed91000: TencentAnswers.everyone(91_000, batch)
            case .listedInSomeError:
                TencentAnswers.everyone(90_992, batch, status: "SomeError")
            case .code60008: TencentAnswers.refusal(60_008, batch)
            case .refusedConnection: .notSent
            case .lost: .lost
            case .changing:
                call.number % 2 == 0
                    ? .badGateway(isAccepted: false) : TencentAnswers.refusal(91_000, batch)
            }
        }

        /// What a question gets meanwhile: batchsendmsg alone is in trouble, or the network is.
        var answer: CheckOutcome? {
            switch self {
            case .refusedConnection: .notSent("refused")
            case .lost: .unknown(.timeout)
            case .badGateway, .code91000, .listed91000, .listedInSomeError, .code60008, .changing:
                nil
            }
        }

        /// Whether calls of it certainly accept nobody.
        var isCertain: Bool {
            switch self {
            case .code91000, .listed91000, .listedInSomeError, .refusedConnection: true
            case .badGateway, .code60008, .lost, .changing: false
            }
        }
    }

    /// Campaigns of these sizes; the outage begins at their start or so long after it.
    struct Load: CustomTestStringConvertible {
        var sizes: [Int]
        var begins: Duration = .zero
        var testDescription: String { "\(sizes) from \(begins)" }
    }

    static let loads = [
        Load(sizes: [1]),
        Load(sizes: [3, 20]),
        Load(sizes: [3, 20, 9, 1]),
        Load(sizes: [500]),
        Load(sizes: [900]),
        Load(sizes: [6_000, 40, 700, 3], begins: .milliseconds(1_400)),
        Load(sizes: [8_000], begins: .seconds(20)),
    ]

    private static func run(
        _ trouble: Trouble,
        _ load: Load,
        onUnknown: UnknownPolicy
    ) async throws -> (ending: Ending, world: World) {
        let end = load.begins + .seconds(3_600)
        var world = try World.scripted { call in
            call.after >= load.begins && call.after < end ? trouble.fate(of: call) : nil
        }
        world.story.checkScript = { check in
            guard check.after >= load.begins, check.after < end else { return nil }
            return trouble.answer
        }
        var ids: [Campaign.ID] = []
        for (index, size) in load.sizes.enumerated() {
            let settings = Campaign.Settings(
                priority: Priority.allCases[index % 3],
                onUnknown: onUnknown
            )
            ids.append(
                try await world.add(makeAccounts(size, prefix: "c\(index)-"), settings: settings)
            )
        }
        try await world.run(for: .seconds(20_000))
        return (try await Ending(&world, of: ids), world)
    }

    /// Three batches never sent before are evidence of an outage; fewer are just refused.
    private static func isEvident(_ load: Load) -> Bool {
        load.sizes.reduce(0) { $0 + ($1 + 499) / 500 } >= 3
    }

    @Test(arguments: Trouble.allCases, loads)
    func `an outage costs a handful of recipients, and everyone else is sent afterwards`(
        trouble: Trouble,
        load: Load
    ) async throws {
        let (ending, world) = try await Self.run(trouble, load, onUnknown: .resend)
        let sum = load.sizes.reduce(0, +)
        let counts = ending.counts
        #expect(ending.violations.isEmpty)
        #expect(counts.sent + counts.failed + counts.unknown == sum)
        #expect(ending.states.allSatisfy { $0 == .completed })
        let calls = world.story.calls(from: load.begins, to: load.begins + .seconds(3_600))
        switch (trouble, Self.isEvident(load)) {
        case (.refusedConnection, _): #expect(counts.sent == sum)
        case (_, true):
            #expect(counts.failed == 0)
            #expect(counts.unknown <= (trouble.isCertain ? 0 : 4))
            let late = ending.lastCall - load.begins - .seconds(3_600)
            #expect(late < .seconds(700), "\(late) after the outage")
            #expect(calls.count < 100)
        case (_, false):
            // Attempts are all that bounds them. Where kinds of trouble alternate an outage may be
            // evident all the same.
            #expect(counts.sent == 0 || trouble == .changing)
            #expect(calls.count <= sum * Limits().retry.attemptLimit)
        }
    }

    @Test(arguments: Trouble.allCases, loads)
    func `nobody fails where unknown outcomes are left, and few are unknown`(
        trouble: Trouble,
        load: Load
    ) async throws {
        let (ending, world) = try await Self.run(trouble, load, onUnknown: .leave)
        let sum = load.sizes.reduce(0, +)
        #expect(ending.violations.isEmpty)
        guard Self.isEvident(load) || !trouble.isCertain else { return }
        #expect(ending.counts.failed == 0)
        #expect(ending.counts.sent + ending.counts.unknown == sum)
        let outage = world.story.calls(from: load.begins, to: load.begins + .seconds(3_600))
        let sizes = outage.map(\.batch.accounts.count)
        // Calls that were out when it began, and one account for each probe.
        let found = sizes.prefix(Limits().inFlightLimit).reduce(0, +)
        #expect(ending.counts.unknown <= (trouble.isCertain ? 0 : found + 20))
        if !trouble.isCertain {
            #expect(sizes.dropFirst(Limits().inFlightLimit).allSatisfy { $0 == 1 })
        }
    }
}
