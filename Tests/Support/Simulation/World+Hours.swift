package import DeliveryCore
package import TestSupport

extension World {
    /// A made-up zone whose clock goes forward and back in the first minutes of a life.
    package static let steppedZone = "Made/Up"

    /// When that clock steps, since the beginning, and how far ahead of UTC it is from then on.
    private static let clockSteps: [(after: Int64, offset: Int64)] = [
        (150, 3_600), (330, -1_800), (470, 0), (90_000, 3_600),
    ]

    package static let zones = SteppedZones([
        UniversalTime.name: [(0, 0)],
        steppedZone: [(0, 0)]
            + clockSteps.map { step in
                (at(0).timestamp.milliseconds / 1_000 + step.after, step.offset)
            },
    ])

    private static let staleZones = SteppedZones([
        UniversalTime.name: [(0, 0)], steppedZone: [(0, 0)],
    ])

    /// The zones as the dispatcher knows them.
    var knownZones: SteppedZones {
        sabotage == .zoneOutOfDate ? Self.staleZones : Self.zones
    }

    /// A campaign whose hours may lie in another week is sent at any time in the end.
    mutating func openHours(of campaign: Campaign) {
        guard campaign.settings.sendBetween != nil else { return }
        var patch = CampaignPatch()
        patch.sendBetween = .some(nil)
        ask(.patch(campaign.id, patch))
    }
}

extension Invention {
    /// Hours that open or close within minutes; some don't open today.
    package static func hours(
        _ now: Timestamp,
        using random: inout SplitMix64
    ) -> SendingHours? {
        guard Int.random(in: 0..<4, using: &random) > 0 else { return nil }
        let minute = Int(now.milliseconds / 60_000 % 1_440)
        // The made-up zone's clock may be an hour ahead.
        let shift = [0, 0, 60, -30][Int.random(in: 0..<4, using: &random)]
        let opening = minute + shift + Int.random(in: -6...6, using: &random) + 1_440
        let length =
            Bool.random(using: &random)
            ? Int.random(in: 1...8, using: &random) : Int.random(in: 9...1_400, using: &random)
        let days = Weekday.allCases.filter { _ in Int.random(in: 0..<8, using: &random) > 0 }
        return SendingHours(
            opensAt: opening % 1_440,
            closesAt: (opening + length) % 1_440,
            days: days.isEmpty ? [.monday] : Set(days),
            timeZone: Bool.random(using: &random) ? World.steppedZone : UniversalTime.name
        )
    }
}
