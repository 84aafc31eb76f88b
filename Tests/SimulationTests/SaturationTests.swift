import DeliveryCore
import Simulation
import Testing

/// Ten minutes with more to send than the quota allows.
struct SaturationTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `no minute exceeds the quota and at least 99 percent of it is used`(
        seed: UInt64
    ) async throws {
        var world = try World(seed: seed)
        _ = try await world.add((0..<140_000).map { Account("user-\($0)") })
        try await world.run(for: .seconds(600))
        let busiest = world.provider.busiestMinute
        let used = world.provider.received(
            from: World.start.advanced(by: .seconds(60)),
            to: World.start.advanced(by: .seconds(600))
        )
        let share = Double(used) / (9 * 12_000)
        #expect(busiest <= 12_000, "seed \(seed)")
        #expect(world.provider.busiest(.aligned(offset: .zero)) <= 12_000, "seed \(seed)")
        #expect(share >= 0.99, "seed \(seed): \(share), busiest minute \(busiest)")
        #expect(world.provider.refusals == 0, "seed \(seed)")
        // A wake storm shows as steps without calls.
        #expect(world.steps < 12 * world.calls, "seed \(seed): \(world.steps) steps")
        print("seed \(seed): \(share) used, busiest 60 s \(busiest), \(world.calls) calls")
    }
}
