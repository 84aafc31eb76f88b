import DeliveryCore
import QueueTables
import Simulation
import Testing

/// Somebody has been at the file by hand: whatever refuses one campaign's writes, the others go out.
struct DamagedCampaignTests {
    /// The first campaign's.
    private static let isFirst = "NEW.id = (SELECT min(id) FROM campaign)"

    private static func refuse(_ event: String, when condition: String) -> String {
        """
        CREATE TRIGGER refused BEFORE \(event) WHEN \(condition)
        BEGIN SELECT RAISE(ABORT, 'refused by hand'); END
        """
    }

    /// Once it is made.
    private static let everything = refuse(
        "UPDATE ON campaign",
        when: "\(isFirst) AND OLD.queued > 0"
    )

    @Test(arguments: [
        // All of it, its halt too; its records; its counters of who was sent; its end.
        everything,
        refuse("UPDATE ON batch", when: "NEW.campaign = (SELECT min(id) FROM campaign)"),
        refuse("UPDATE OF sent ON campaign", when: "\(isFirst) AND NEW.sent > 20"),
        refuse("UPDATE OF state ON campaign", when: "\(isFirst) AND NEW.state = 'completed'"),
    ])
    func `the other campaign is sent to everybody`(trigger: String) async throws {
        let file = try TriggeredStore(trigger: trigger)
        defer { file.remove() }
        var world = try World(seed: 1, store: file.store)
        let first = try await world.add((0..<1_000).map { Account("first-\($0)") })
        let second = try await world.add((0..<1_000).map { Account("second-\($0)") })
        try await world.run(for: .seconds(3_600))
        let good = try #require(try await world.store.campaign(second))
        #expect(good.state == .completed && good.counts.sent == 1_000)
        let bad = try #require(try await world.store.campaign(first))
        // Where not even that can be written it is halted in memory alone.
        #expect(bad.state == (trigger == Self.everything ? .running : .halted))
        #expect(bad.reason?.text.contains("refused by hand") ?? true)
        // Nothing is tried again and again.
        #expect(world.steps < 200, "\(world.steps) steps")
    }
}
