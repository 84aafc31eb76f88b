import DeliveryCore
import Simulation
import Testing

/// Minutes with more to send than the quota allows.
struct SaturationTests {
    @Test func `no minute exceeds the quota and at least 99 percent of it is used`() async throws {
        var world = try World(seed: 1)
        _ = try await world.add((0..<100_000).map { Account("user-\($0)") })
        try await world.run(for: .seconds(420))
        let used = world.provider.received(
            from: World.start.advanced(by: .seconds(60)),
            to: World.start.advanced(by: .seconds(420))
        )
        #expect(world.provider.busiestMinute <= 12_000)
        #expect(Double(used) / (6 * 12_000) >= 0.99)
        #expect(world.provider.refusals == 0)
        // A wake storm shows as steps without calls.
        #expect(world.steps < 12 * world.calls, "\(world.steps) steps")
    }

    /// The promise is 60/(60 + RTT) of the quota, less half a percent.
    @Test(arguments: [
        (milliseconds: 40, inFlight: 8), (270, 8), (2_000, 16), (5_000, 32),
    ])
    func `what answers take is all that a full window costs`(
        milliseconds: Int,
        inFlight: Int
    ) async throws {
        var limits = Limits()
        limits.inFlightLimit = inFlight
        var provider = ProviderModel()
        // Each way a half, give or take a third of it.
        provider.delayIn = milliseconds / 3...milliseconds * 2 / 3
        provider.delayOut = milliseconds / 3...milliseconds * 2 / 3
        var world = try World(seed: 1, limits: limits, provider: provider)
        _ = try await world.add((0..<70_000).map { Account("user-\($0)") })
        // Whole rounds of the window, so that it doesn't matter where in one the count ends.
        let round = Duration.milliseconds(60_000 + milliseconds)
        let end = World.start.advanced(by: .seconds(60) + round * 4)
        try await world.run(for: World.start.duration(to: end))
        let used = world.provider.received(from: World.start.advanced(by: .seconds(60)), to: end)
        let share = Double(used) / (round.inSeconds * 4 / 60 * 12_000)
        let promised = 60 / round.inSeconds - 0.005
        #expect(share >= promised, "\(share) of \(promised)")
        #expect(world.provider.busiestMinute <= 12_000)
        #expect(world.provider.refusals == 0)
    }
}
